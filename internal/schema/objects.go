package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/spanroute/spanroute/registry/settings"
)

// A list of objects is a slice of structs. In a layer, each object is its JSON text, so that layers compare, print and
// mask it as they do texts.

// parseObjects reads a JSON array of objects.
func parseObjects(text string) (any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, settings.Errorf(settings.ErrWrongType, "the text is not a JSON array of objects")
	}
	texts := make([]string, len(raw))
	for i, item := range raw {
		texts[i] = string(item)
	}
	return checkedObjects(texts)
}

// objects converts a list of code or of a decoded file: maps, structs, or JSON texts.
func objects(rv reflect.Value) (any, error) {
	texts := make([]string, 0, rv.Len())
	var faults []error
	for i := range rv.Len() {
		item := element(rv.Index(i))
		if item.Kind() == reflect.String {
			texts = append(texts, item.String())
			continue
		}
		text, err := json.Marshal(item.Interface())
		if err != nil || item.Kind() != reflect.Map {
			faults = append(faults, settings.Errorf(settings.ErrWrongType, "item %d is not a map", i+1))
			continue
		}
		texts = append(texts, string(text))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return checkedObjects(texts)
}

// checkedObjects returns the texts if all are JSON objects.
func checkedObjects(texts []string) (any, error) {
	var faults []error
	for i, text := range texts {
		if _, err := parseObjectText(text); err != nil {
			faults = append(faults, settings.Errorf(settings.ErrWrongType, "item %d is not a JSON object", i+1))
		}
	}
	return texts, errors.Join(faults...)
}

// parseObjectText returns the keys of a JSON object. Numbers keep their spelling.
func parseObjectText(text string) (section map[string]any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&section)
	if err == nil && section == nil {
		err = errors.New("null")
	}
	return section, err
}

// objects returns the JSON texts of a slice of structs of the schema's type, without the keys that are not set.
func (s *Schema) objects(list reflect.Value) any {
	if list.IsNil() {
		return []string(nil)
	}
	texts := make([]string, list.Len())
	for i := range texts {
		text, err := json.Marshal(s.object(list.Index(i)))
		if err != nil {
			panic(err) // the values of keys are texts, numbers, lists and maps
		}
		texts[i] = string(text)
	}
	return texts
}

func (s *Schema) object(item reflect.Value) map[string]any {
	section := map[string]any{}
	for _, f := range s.fields {
		field := item.FieldByIndex(f.index)
		if field.IsZero() {
			continue
		}
		switch value := f.value(item).(type) {
		case settings.Pairs:
			Put(section, f.key.Path, value.Map())
		case fmt.Stringer:
			Put(section, f.key.Path, value.String())
		default:
			Put(section, f.key.Path, value)
		}
	}
	return section
}

// objects decodes the texts of a list of objects into the slice of field f.
func (d *decoder) objects(f field, path string, texts []string) {
	list := reflect.MakeSlice(d.into.FieldByIndex(f.index).Type(), 0, len(texts))
	for i, text := range texts {
		item := reflect.New(f.item.of)
		if err := f.item.DecodeObject(text, item.Interface()); err != nil {
			for _, fault := range settings.KeyErrors(err) {
				d.refuse(fmt.Sprintf("%s[%d].%s", path, i, fault.Key), fault.Err)
			}
			continue
		}
		list = reflect.Append(list, item.Elem())
	}
	d.into.FieldByIndex(f.index).Set(list)
}

// DecodeObject decodes the JSON text of an object into a pointer to a struct of the schema's type, and calls its Validate,
// if it has one. The error is that of [Schema.Decode].
func (s *Schema) DecodeObject(text string, into any) error {
	section, err := parseObjectText(text)
	if err != nil {
		return settings.Errorf(settings.ErrWrongType, "the text is not a JSON object")
	}
	if err := s.Decode(section, into); err != nil {
		return err
	}
	if v, ok := into.(settings.Validator); ok {
		return v.Validate()
	}
	return nil
}

// Object returns the schema of the objects of the key with the given path, and nil if it is not a list of objects.
func (s *Schema) Object(path string) *Schema {
	i, ok := s.byPath[path]
	if !ok {
		return nil
	}
	return s.fields[i].item
}

// New returns a pointer to a new struct of the schema's type with the defaults.
func (s *Schema) New() any {
	v := reflect.New(s.of)
	v.Elem().Set(reflect.ValueOf(s.defaults()))
	return v.Interface()
}
