package jsonschema

import (
	"fmt"
	"reflect"

	"github.com/spanroute/spanroute/registry/settings"
)

// defaultOf returns the default of a key as JSON has it, nil if the key has none.
func defaultOf(k settings.Key) any {
	switch d := k.Default.(type) {
	case settings.Pairs:
		if len(d) > 0 {
			return d.Map()
		}
		return nil
	case fmt.Stringer:
		return d.String()
	}
	if v := reflect.ValueOf(k.Default); !v.IsValid() || v.Kind() == reflect.String && v.Len() == 0 || v.Kind() == reflect.Slice && v.Len() == 0 {
		return nil
	}
	return k.Default
}
