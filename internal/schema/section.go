package schema

import (
	"reflect"
	"strings"

	"github.com/spanroute/spanroute/registry/settings"
)

// Section returns the values of v, a struct of the schema's type, as a nested map by canonical key, which Decode
// accepts. It includes secrets. Keys that are not set are missing: nil pointers, and zeros outside the range of the
// key. Section and Decode are inverse: decoding the section of v into a zero struct yields v.
func (s *Schema) Section(v any) map[string]any { return Nest(s.Values(v)) }

// Values returns the values of v, as Section does, in a flat map by path.
func (s *Schema) Values(v any) map[string]any {
	values := make(map[string]any, len(s.fields))
	rv := reflect.Indirect(reflect.ValueOf(v))
	for _, f := range s.fields {
		if value := f.value(rv); value != nil {
			values[f.key.Path] = value
		}
	}
	return values
}

// Given returns the values in section by canonical path, unconverted. It is for the caller that wants to know which
// keys were set, under whatever spelling, before Decode rejects some of them.
func (s *Schema) Given(section map[string]any) map[string]any {
	given := map[string]any{}
	s.given(section, "", given)
	return given
}

// given collects values under their canonical paths. It ignores unknown keys, which Decode reports.
func (s *Schema) given(section map[string]any, prefix string, into map[string]any) {
	for name, v := range section {
		i, known := s.byPath[prefix+name]
		inner, nested := v.(map[string]any)
		switch {
		case known && v != nil:
			into[s.fields[i].key.Path] = v
		case nested:
			s.given(inner, prefix+name+".", into)
		}
	}
}

// Unpaired returns a fault for each key of v that is not set although its counterpart in the tag with is set. The fault
// is about the missing key. It is a method of the schema and not of an exporter's Validate, so that the rule is written
// once, in a tag.
func (s *Schema) Unpaired(v any) (faults []error) {
	values := s.Values(v)
	for _, f := range s.fields {
		if other := f.key.With; other != "" && IsSet(values[f.key.Path]) && !IsSet(values[other]) {
			name := f.key.Path[strings.LastIndexByte(f.key.Path, '.')+1:]
			faults = append(faults, &settings.KeyError{Key: other, Err: settings.Errorf(settings.ErrMissing, "%s is set without it", name).WithHint("set both or neither")})
		}
	}
	return faults
}

// IsSet reports whether a value sets a key: nil, empty text, and a nil list or map do not.
func IsSet(value any) bool {
	rv := reflect.ValueOf(value)
	switch rv.Kind() {
	case reflect.Invalid:
		return false
	case reflect.String:
		return rv.Len() > 0
	case reflect.Slice, reflect.Map:
		return !rv.IsNil()
	}
	return true
}

// Copy returns a copy of v, a struct of the schema's type. The values of its keys share no memory with v. Fields that
// are not keys are copied as an assignment copies them.
func (s *Schema) Copy(v any) any {
	c := reflect.New(s.of).Elem()
	c.Set(reflect.ValueOf(v))
	for _, f := range s.fields {
		field := c.FieldByIndex(f.index)
		if field.CanSet() {
			field.Set(copied(field))
		}
	}
	return c.Interface()
}

// copied returns a deep copy of the value of a key: a scalar, or a pointer, slice or map of scalars. The lists and maps of
// the objects of a list are not copied.
func copied(v reflect.Value) reflect.Value {
	switch {
	case (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil():
	case v.Kind() == reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(v.Elem())
		return p
	case v.Kind() == reflect.Slice:
		return reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v)
	case v.Kind() == reflect.Map:
		m := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			m.SetMapIndex(it.Key(), it.Value())
		}
		return m
	}
	return v
}
