package schema

import (
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/spanroute/spanroute/registry/settings"
)

// FromValue converts a value from code, or from a decoded file, to the Go type of k. It accepts a whole float for an
// int, a number of seconds for a duration, and for a list or map the text that a file can have. It returns nil, which
// means not set, for nil and empty text. coerced is as for [FromYAML]. A program that calls Decode directly, without
// package config, passes values of any of the types that YAML and JSON decoders produce, so it accepts all of them.
func FromValue(k settings.Key, v any) (value any, coerced string, err error) {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	switch rv.Kind() {
	case reflect.Invalid, reflect.Pointer:
		return nil, "", nil
	case reflect.String:
		if _, number := v.(json.Number); number {
			return FromYAML(k, rv.String(), false)
		}
		return FromYAML(k, rv.String(), true)
	case reflect.Slice, reflect.Array:
		return fromSlice(k, rv)
	case reflect.Map:
		return fromMap(k, rv)
	}
	if d, ok := rv.Interface().(time.Duration); ok && k.Type == settings.TypeDuration {
		value, err = checked(k, d, d.String())
		return value, "", err
	}
	text, ok := numberText(rv)
	if !ok {
		return nil, "", settings.Errorf(settings.ErrWrongType, "a %s is not %s", rv.Type(), article(k))
	}
	value, _, err = FromYAML(k, text, false)
	return value, "", err // no warning about a whole float for an int from code
}

// fromSlice converts a list of code or of a decoded file.
func fromSlice(k settings.Key, rv reflect.Value) (any, string, error) {
	switch k.Type {
	case settings.TypeList:
		items, err := items(k, rv)
		if err != nil {
			return nil, "", err
		}
		value, err := checked(k, items, "")
		return value, "", err
	case settings.TypeObjects:
		objects, err := objects(rv)
		return objects, "", err
	case settings.TypeMap:
		pairs, err := pairs(k, rv)
		return pairs, "", err
	}
	return nil, "", settings.Errorf(settings.ErrWrongType, "a list is not %s", article(k))
}

// items returns the texts of a list. A number in a list is a fault and not converted, because YAML has already changed
// its spelling: the version 1.10 is the number 1.1.
func items(k settings.Key, rv reflect.Value) ([]string, error) {
	items := make([]string, 0, rv.Len())
	var faults []error
	for i := range rv.Len() {
		item := element(rv.Index(i))
		if item.Kind() != reflect.String {
			faults = append(faults, settings.Errorf(settings.ErrWrongType, "item %d is not text", i+1).WithHint("quote it"))
			continue
		}
		items = append(items, item.String())
	}
	items, _ = trimItems(items)
	return items, errors.Join(faults...)
}
