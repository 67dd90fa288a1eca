package schema

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spanroute/spanroute/registry/settings"
)

// field is a key with the place of its value in the struct: index is a path, because the field may be in a nested or an
// embedded struct.
type field struct {
	key   settings.Key // without Default
	index []int
	item  *Schema // of an object of a list of objects, else nil
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	pairsType    = reflect.TypeFor[settings.Pairs]()
)

// typeOf returns the type of the key for a field of type t, false if values cannot be decoded into it. A pointer to a
// scalar is a key that distinguishes unset from zero. Lists and maps are nil when they are not set, so they need no
// pointer.
func typeOf(t reflect.Type) (settings.Type, bool) {
	if t.Kind() == reflect.Pointer {
		inner, ok := typeOf(t.Elem())
		return inner, ok && t.Elem().Kind() != reflect.Pointer && inner != settings.TypeList && inner != settings.TypeMap && inner != settings.TypeObjects
	}
	switch {
	case t == durationType:
		return settings.TypeDuration, true
	case t == pairsType, t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String:
		return settings.TypeMap, true
	case t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[string]():
		return settings.TypeList, true
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return settings.TypeObjects, true
	}
	switch t.Kind() {
	case reflect.String:
		return settings.TypeString, true
	case reflect.Bool:
		return settings.TypeBool, true
	case reflect.Int, reflect.Int32, reflect.Int64:
		return settings.TypeInt, true
	case reflect.Float64:
		return settings.TypeFloat, true
	}
	return "", false
}

// value returns the value of the field in v, nil if it is not set. A zero that is outside the range of the key can only
// mean that the field was never set. A zero inside the range is a value, even in a struct that was never filled in: a
// field that must distinguish the two is a pointer.
func (f field) value(v reflect.Value) any {
	if f.item != nil {
		return f.item.objects(v.FieldByIndex(f.index))
	}
	value := read(v.FieldByIndex(f.index))
	b, _ := boundsOf(f.key)
	switch zero := value.(type) {
	case int:
		return unless(zero == 0 && !b.holds(0), value)
	case float64:
		return unless(zero == 0 && !b.holds(0), value)
	case time.Duration:
		return unless(zero == 0 && !b.holds(0), value)
	}
	return value
}

// unless returns nil in place of a value that is not set.
func unless(unset bool, value any) any {
	if unset {
		return nil
	}
	return value
}

// read returns the value of a field in the Go type for its key, nil for a nil pointer.
func read(field reflect.Value) any {
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return nil
		}
		field = field.Elem()
	}
	t, _ := typeOf(field.Type())
	switch t {
	case settings.TypeInt:
		return int(field.Int())
	case settings.TypeList:
		return slices.Clone(field.Convert(reflect.TypeFor[[]string]()).Interface().([]string))
	case settings.TypeMap:
		return readPairs(field)
	case settings.TypeBool:
		return field.Bool()
	case settings.TypeFloat:
		return field.Float()
	case settings.TypeDuration:
		return field.Interface()
	}
	return field.String()
}

// readPairs returns a copy of the pairs. A map has no order, so its pairs are sorted by name.
func readPairs(field reflect.Value) settings.Pairs {
	if field.Type() == pairsType {
		return slices.Clone(field.Interface().(settings.Pairs))
	}
	pairs := make(settings.Pairs, 0, field.Len())
	for it := field.MapRange(); it.Next(); {
		pairs = append(pairs, settings.Pair{Name: it.Key().String(), Value: it.Value().String()})
	}
	slices.SortFunc(pairs, func(a, b settings.Pair) int { return strings.Compare(a.Name, b.Name) })
	return pairs
}

// write assigns a converted value to a field and reports whether it fits. The type of value is that for the key, see
// [FromText]. The field gets a copy of pairs and its own pointer, so that it shares no memory with the section. Only an
// int can fail: on a 32-bit platform, or in a field of type int32.
func write(field reflect.Value, value any) bool {
	if field.Kind() == reflect.Pointer {
		p := reflect.New(field.Type().Elem())
		field.Set(p)
		field = p.Elem()
	}
	switch v := value.(type) {
	case int:
		if field.OverflowInt(int64(v)) {
			return false
		}
		field.SetInt(int64(v))
	case settings.Pairs:
		field.Set(pairsValue(field.Type(), v))
	default:
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
	return true
}

// pairsValue converts pairs to the type of a field, Pairs or a map. In a map, the last pair of a name remains.
func pairsValue(t reflect.Type, pairs settings.Pairs) reflect.Value {
	if t == pairsType {
		return reflect.ValueOf(slices.Clone(pairs))
	}
	m := reflect.MakeMap(t)
	for _, p := range pairs {
		m.SetMapIndex(reflect.ValueOf(p.Name).Convert(t.Key()), reflect.ValueOf(p.Value).Convert(t.Elem()))
	}
	return m
}
