package schema

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/spanroute/spanroute/registry/settings"
)

// ErrInvalid is the error of a struct that cannot be a settings type.
var ErrInvalid = errors.New("invalid settings")

// Schema is the key table of one settings struct. It is immutable, and its methods are safe for concurrent use. A
// schema is made once for each settings type, at the registration of an exporter.
//
// How it works. fields has one entry for each key, in the order of the struct. byPath leads from every path and alias
// to that entry, so that Decode, Lookup and the suggestions treat both alike. sections holds the paths at which a
// mapping may occur: those of nested structs, and those that only an alias leads through. A value is never stored in
// the schema: every method reads it from, or writes it to, a struct of the caller through the index path of the field.
// Defaults come from a new struct each time, because a caller may change a list or map in the one it got.
type Schema struct {
	of       reflect.Type
	defaults func() any // never nil; returns a new struct of type of
	fields   []field
	byPath   map[string]int  // path or alias -> fields
	sections map[string]bool // paths of sections, including those of aliases
}

// Keys returns all keys in the order of the struct's fields, with the defaults of a new struct. The caller owns the
// result. A secret key has no default, because it would be printed.
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
		if f.item != nil {
			keys[i].Objects = f.item.Keys()
		}
	}
	return keys
}

// Lookup returns the key with a path or alias, without its Default. Default is left out, because computing it means a
// new struct of the defaults for each call.
func (s *Schema) Lookup(path string) (key settings.Key, viaAlias bool, ok bool) {
	i, ok := s.byPath[path]
	if !ok {
		return settings.Key{}, false, false
	}
	key = s.fields[i].key
	return key, key.Path != path, true
}
