package nn

import (
	"fmt"
	"slices"
	"strings"
)

// Values are the numbers of a model's variables on the host, between two steps.
type Values struct {
	vars    *Variables
	flat    [2][]float64
	changed bool
}

// Values returns the variables with numbers for them, which it keeps and changes: both flat
// vectors, as [Variables.Initial] returns them. It returns an error if a vector has
// another length than the variables add up to.
func (v *Variables) Values(paramValues, bufferValues []float64) (*Values, error) {
	values := &Values{vars: v, flat: [2][]float64{paramValues, bufferValues}}
	for k, flat := range values.flat {
		if want := v.size(kind(k)); len(flat) != want {
			return nil, fmt.Errorf("nn: Values: vector %d has %d numbers, want %d", k, len(flat), want)
		}
	}
	return values, nil
}

// Changed says whether some variable was set.
func (v *Values) Changed() bool { return v.changed }

// Get returns the dimensions of a variable and a copy of its numbers, row after row. It
// returns an error if there is no such variable.
func (v *Values) Get(path string) (values []float64, dims []int, err error) {
	d, flat, err := v.find(path)
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(flat), slices.Clone(d.Dims), nil
}

// Set gives a variable other numbers. It returns an error if there is no such variable, or
// if it has another number of them.
func (v *Values) Set(path string, values []float64) error {
	_, flat, err := v.find(path)
	if err != nil {
		return err
	}
	if len(values) != len(flat) {
		return fmt.Errorf("nn: %q has %d numbers, not %d", path, len(flat), len(values))
	}
	copy(flat, values)
	v.changed = true
	return nil
}

// ResetTarget makes the target network a copy of the online one as it is now, with its
// buffers, such as running statistics, too. See [Scope.Target]. It returns an error if
// the target has a variable that the online network lacks.
func (v *Values) ResetTarget() error {
	for _, d := range v.vars.Buffers() {
		name, ok := strings.CutPrefix(d.Path, "target/")
		if !ok {
			continue
		}
		online, _, err := v.Get("online/" + name)
		if err == nil {
			err = v.Set(d.Path, online)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// find returns a variable and its part of the flat vectors.
func (v *Values) find(path string) (Variable, []float64, error) {
	if i, ok := v.vars.index[path]; ok {
		for k, list := range v.vars.lists {
			if i < len(list) && list[i].Path == path {
				return list[i], v.flat[k][list[i].Offset : list[i].Offset+list[i].Size()], nil
			}
		}
	}
	return Variable{}, nil, fmt.Errorf("nn: there is no variable %q", path)
}
