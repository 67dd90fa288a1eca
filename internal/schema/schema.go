package schema

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/spanroute/spanroute/registry/settings"
)

// ErrInvalid reports that a struct cannot be a settings type.
var ErrInvalid = errors.New("invalid settings")

// Schema is the key table of one settings struct. It is made once and never changes; all methods may
// be called at the same time.
type Schema struct {
	of       reflect.Type
	defaults func() any // never nil; returns a fresh struct of type of
	fields   []field
	byPath   map[string]int  // path or alias -> fields
	sections map[string]bool // paths that hold keys, those on the way to an alias included
}

// field is a key and where its value lives in the struct.
type field struct {
	key   settings.Key // without Default
	index []int
}

// value is what the field holds in v, nil if that means "not set".
func (f field) value(v reflect.Value) any {
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

func unless(unset bool, value any) any {
	if unset {
		return nil
	}
	return value
}

// Of reads the tags of S, which must be a struct. defaults may be nil for the zero value; it runs anew
// for each use and not here. A struct that cannot be settings, because a field has no koanf tag, two
// fields have one key, or a type cannot be decoded, is ErrInvalid, with all reasons joined.
func Of[S any](defaults func() S) (*Schema, error) {
	s := &Schema{
		of:       reflect.TypeFor[S](),
		defaults: func() any { var zero S; return zero },
		byPath:   map[string]int{},
		sections: map[string]bool{},
	}
	if defaults != nil {
		s.defaults = func() any { return defaults() }
	}
	if s.of.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: %s is no struct", ErrInvalid, s.of)
	}
	b := builder{Schema: s}
	b.walk(s.of, "", nil)
	b.index()
	if len(b.faults) > 0 {
		return nil, errors.Join(b.faults...)
	}
	return s, nil
}

// Keys returns all keys in the order of the struct's fields, with the defaults of a fresh struct.
func (s *Schema) Keys() []settings.Key {
	v := reflect.ValueOf(s.defaults())
	keys := make([]settings.Key, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
		keys[i].Aliases, keys[i].OTel, keys[i].Enum = slices.Clone(f.key.Aliases), slices.Clone(f.key.OTel), slices.Clone(f.key.Enum)
		keys[i].Spellings = maps.Clone(f.key.Spellings)
		if !f.key.Secret {
			keys[i].Default = f.value(v)
		}
	}
	return keys
}

// Lookup finds a key by its path or one of its aliases. The key has no Default.
func (s *Schema) Lookup(path string) (key settings.Key, viaAlias bool, ok bool) {
	i, ok := s.byPath[path]
	if !ok {
		return settings.Key{}, false, false
	}
	key = s.fields[i].key
	return key, key.Path != path, true
}
