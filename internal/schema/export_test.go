package schema

import (
	"errors"
	"reflect"
)

// FaultsOf returns what [Of] would refuse of the struct t. Tags that go vet refuses are made with [reflect.StructOf].
func FaultsOf(t reflect.Type) error {
	b := builder{Schema: &Schema{of: t, byPath: map[string]int{}, sections: map[string]bool{}}}
	b.walk(t, "", nil)
	return errors.Join(b.faults...)
}
