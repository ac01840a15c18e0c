package eval

import (
	"slices"
	"strconv"

	"github.com/gossl/gossl/sslkit/embedding"
)

// Classes lists the names of the classes that the answers of [KNN.Classify] and
// [Linear.Classify] are indices of. First come the classes of test, in its order, so
// that answers can be compared with its labels; then those that only train has.
// Where one of the two sets has no names of classes, the list is that of train.
func Classes(train, test *embedding.Set) []string {
	known, wanted := names(train.Classes), names(test.Classes)
	if known == nil || wanted == nil {
		return slices.Clone(train.Classes)
	}
	for _, name := range known {
		if !slices.Contains(wanted, name) {
			wanted = append(wanted, name)
		}
	}
	return wanted
}

// names returns the names of classes, numbers for those without; nil if none has one.
func names(classes []string) []string {
	if !slices.ContainsFunc(classes, func(name string) bool { return name != "" }) {
		return nil
	}
	names := slices.Clone(classes)
	for class, name := range names {
		if name == "" {
			names[class] = strconv.Itoa(class)
		}
	}
	return names
}

// answersFor returns for each class of train its index in Classes; nil says that
// all indices are the same. It is an error if an image of test has a class that train
// does not have.
func answersFor(train, test *embedding.Set) ([]int32, error) {
	if _, err := embedding.MatchLabels(test.Labels, test.Classes, train.Classes); err != nil {
		return nil, err
	}
	// Where two classes of train have one name, an answer would be ambiguous.
	if _, err := embedding.MatchLabels(nil, train.Classes, test.Classes); err != nil {
		return nil, err
	}
	known, classes := names(train.Classes), Classes(train, test)
	if known == nil || slices.Equal(train.Classes, test.Classes) || slices.Equal(train.Classes, classes) {
		return nil, nil
	}
	answers := make([]int32, len(known))
	for class, name := range known {
		answers[class] = int32(slices.Index(classes, name))
	}
	return answers, nil
}
