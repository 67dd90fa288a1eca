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

// Schema is the key table of one settings struct. It is immutable, and its methods are safe for concurrent use.
type Schema struct {
	of       reflect.Type
	defaults func() any // never nil; returns a new struct of type of
	fields   []field
	byPath   map[string]int  // path or alias -> fields
	sections map[string]bool // paths of sections, including those of aliases
}

// Keys returns all keys in the order of the struct's fields, with the defaults of a new struct.
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

// Lookup returns the key with a path or alias, without its Default.
func (s *Schema) Lookup(path string) (key settings.Key, viaAlias bool, ok bool) {
	i, ok := s.byPath[path]
	if !ok {
		return settings.Key{}, false, false
	}
	key = s.fields[i].key
	return key, key.Path != path, true
}
