package embedding

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MatchLabels translates labels from indices of the classes from to indices of the
// classes to. Classes with the same name are the same class, whatever their order. A
// class without a name, among others that have one, is called by its number, as
// [Set.Class] does. Where from or to has no names at all, or both are equal, labels stay
// as they are.
//
// A label whose class is not in to is an error, which lists the classes that only from
// has and those that only to has. Classes that no label uses may be missing on either
// side. A label that is no index of from is an error.
func MatchLabels(labels []int32, from, to []string) ([]int32, error) {
	byName := named(from) && named(to) && !slices.Equal(from, to)
	limit := MostClasses // if nothing is known of the classes
	switch {
	case byName || to == nil && from != nil:
		limit = len(from)
	case to != nil:
		limit = len(to)
	}
	for i, label := range labels {
		if label < 0 || int(label) >= limit {
			return nil, fmt.Errorf("image %d: label %d, want 0 to %d", i, label, limit-1)
		}
	}
	if !byName {
		return slices.Clone(labels), nil
	}
	partners, err := partners(from, to)
	if err != nil {
		return nil, err
	}
	matched := make([]int32, len(labels))
	for i, label := range labels {
		if matched[i] = partners[label]; matched[i] < 0 {
			return nil, unmatched(labels, from, to, partners)
		}
	}
	return matched, nil
}

// partners returns for each class of from the one of to with its name, or -1.
func partners(from, to []string) ([]int32, error) {
	places := map[string]int32{}
	for class := range to {
		name := className(to, class)
		if _, twice := places[name]; twice {
			return nil, fmt.Errorf("classes are matched by name, and two of them are called %q", name)
		}
		places[name] = int32(class)
	}
	partners := make([]int32, len(from))
	for class := range from {
		place, known := places[className(from, class)]
		if !known {
			place = -1
		}
		partners[class] = place
	}
	return partners, nil
}

// unmatched is the error about labels of classes without a partner.
func unmatched(labels []int32, from, to []string, partners []int32) error {
	var lost, free []string
	for class, partner := range partners {
		if partner < 0 && slices.Contains(labels, int32(class)) {
			lost = append(lost, className(from, class))
		}
	}
	for class := range to {
		if !slices.Contains(partners, int32(class)) {
			free = append(free, className(to, class))
		}
	}
	if free == nil {
		return fmt.Errorf("classes are matched by name: only the first have %s; the second have %s", quoted(lost), quoted(to))
	}
	return fmt.Errorf("classes are matched by name: only the first have %s, only the second %s", quoted(lost), quoted(free))
}

// named says whether some class has a name.
func named(classes []string) bool {
	return slices.ContainsFunc(classes, func(name string) bool { return name != "" })
}

// className is the name of a class, its number if it has none.
func className(classes []string, class int) string {
	if class < len(classes) && classes[class] != "" {
		return classes[class]
	}
	return strconv.Itoa(class)
}

// quoted lists the first ten names.
func quoted(names []string) string {
	const most = 10
	var list []string
	for _, name := range names[:min(most, len(names))] {
		list = append(list, strconv.Quote(name))
	}
	if more := len(names) - most; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}
