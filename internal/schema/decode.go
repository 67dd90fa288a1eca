package schema

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// Decode writes the values of section, a nested map by key, to into, a pointer to a struct of the schema's type. Other
// fields keep their values. Decode is strict: an unknown key, a value of another type, outside its range or enumeration,
// and an alias that disagrees with its key are faults. It does not convert text to a number or bool; package config does
// where it can warn. A nil value means not set. All faults are returned joined, each a *KeyError. Decode does not call
// Validate.
func (s *Schema) Decode(section map[string]any, into any) error {
	rv := reflect.ValueOf(into)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Type() != s.of {
		return fmt.Errorf("%w: cannot decode into %T, want *%s", ErrInvalid, into, s.of)
	}
	d := decoder{Schema: s, into: rv.Elem(), from: map[int]found{}}
	d.section(section, "")
	return errors.Join(d.faults...)
}

// A decoder is the state of one call of Decode. It collects faults instead of returning the first, so that an operator
// corrects a section in one round.
type decoder struct {
	*Schema
	into   reflect.Value
	from   map[int]found // field -> what was assigned to it
	faults []error
}

// found is the value that a field got, and the spelling of the key that it came from: two spellings of one key may
// occur together only with the same value.
type found struct {
	path  string
	value any
}

// refuse records the faults in err, which may be several joined ones, under one path.
func (d *decoder) refuse(path string, err error) {
	for _, e := range settings.KeyErrors(err) {
		d.faults = append(d.faults, &settings.KeyError{Key: path, Err: e.Err})
	}
}

// section decodes the keys of m in sorted order, so that the same input always has the same faults in the same order. A
// name with a dot is not a path: files nest, and accepting both would let one key occur twice unnoticed.
func (d *decoder) section(m map[string]any, prefix string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v, path := m[name], prefix+name
		i, known := d.byPath[path]
		switch {
		case strings.Contains(name, "."), !known && !d.sections[path]:
			d.refuse(path, d.unknown(prefix, name))
		case v == nil:
		case known:
			d.assign(i, path, v)
		default:
			d.nested(path, v)
		}
	}
}

// nested decodes a section within a section. prefix and path are relative to the root of the struct.
func (d *decoder) nested(path string, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		d.refuse(path, settings.Errorf(settings.ErrWrongType, "%s is not a section, want a mapping with %s", kindOf(v), phrase.Words(d.names(path+"."), "or")))
		return
	}
	d.section(m, path+".")
}

// kindOf describes v without its content, which may be a secret in the wrong place. An operator who writes "headers"
// one level too high would otherwise see a token in the log.
func kindOf(v any) string {
	switch rv := reflect.ValueOf(v); {
	case rv.Kind() == reflect.String:
		return "text"
	case rv.Kind() == reflect.Slice:
		return "a list"
	case rv.CanInt(), rv.CanUint(), rv.CanFloat():
		return "a number"
	}
	return fmt.Sprintf("a %T", v)
}

// assign converts v and writes it to field i. A value that would only be accepted with a warning is a fault here,
// because Decode has no warnings.
func (d *decoder) assign(i int, path string, v any) {
	f := d.fields[i]
	value, coerced, err := FromValue(f.key, v)
	if err == nil && coerced != "" {
		err = settings.Errorf(settings.ErrWrongType, "%s", coerced)
		if f.key.Secret {
			err = explain(f.key, err)
		}
	}
	if err != nil {
		d.refuse(path, err)
		return
	}
	if value == nil {
		return
	}
	if before, twice := d.from[i]; twice {
		if !reflect.DeepEqual(before.value, value) {
			d.refuse(path, settings.Errorf(settings.ErrConflict, "conflicts with %s", before.path).WithHint("keep one"))
		}
		return
	}
	d.from[i] = found{path, value}
	if f.item != nil {
		d.objects(f, path, value.([]string))
		return
	}
	if !write(d.into.FieldByIndex(f.index), value) {
		d.refuse(path, settings.Errorf(settings.ErrOutOfRange, "%v is out of range", value))
	}
}

// UnknownKey returns the fault of a path that is neither a key nor a section. Its hint is the nearest spelling, or the
// section that has a key of this name.
func (s *Schema) UnknownKey(path string) *settings.Fault {
	at := strings.LastIndexByte(path, '.') + 1
	return s.unknown(path[:at], path[at:])
}

// unknown is [Schema.UnknownKey] for a path in two parts; prefix ends with a dot unless it is empty. The suggestions
// are the names of that section alone: the nearest name of another section would be a wrong place.
func (s *Schema) unknown(prefix, name string) *settings.Fault {
	f := settings.Errorf(settings.ErrUnknownKey, "unknown key")
	if strings.Contains(name, ".") {
		return f.WithHint("nest it")
	}
	if hint := phrase.DidYouMean(name, s.names(prefix)); hint != "" {
		return f.WithHint(hint)
	}
	for _, k := range s.fields {
		if strings.HasSuffix(k.key.Path, "."+name) {
			return f.WithHint("it belongs in " + k.key.Path)
		}
	}
	return f
}

// names returns the names that may occur directly in a section: keys, aliases and sections, in the order of the struct.
func (s *Schema) names(prefix string) []string {
	var names []string
	add := func(path string) {
		rest, ok := strings.CutPrefix(path, prefix)
		name, _, _ := strings.Cut(rest, ".")
		if ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, f := range s.fields {
		add(f.key.Path)
	}
	for _, f := range s.fields {
		for _, alias := range f.key.Aliases {
			add(alias)
		}
	}
	return names
}
