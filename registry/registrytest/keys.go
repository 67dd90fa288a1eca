package registrytest

import (
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

func documented(s *subject) {
	for _, k := range s.about.Keys {
		if strings.TrimSpace(k.Doc) == "" {
			s.faultf("%s has no doc tag", k.Path)
		}
	}
}

func secretsTagged(s *subject) {
	for _, k := range s.about.Keys {
		if !k.Secret && looksSecret(k) {
			s.faultf("%s is named like a secret and has no secret:\"true\" tag", k.Path)
		}
	}
}

// looksSecret reports whether the name of k is that of a secret. The name of a file is not one.
func looksSecret(k settings.Key) bool {
	name := k.Path[strings.LastIndexByte(k.Path, '.')+1:]
	text := k.Type == "string" || k.Type == "list" || k.Type == "map"
	if !text || k.Format == "pem" || strings.HasSuffix(name, "_file") {
		return false
	}
	return secret.Name(name)
}

func defaultsDecode(s *subject) {
	for _, k := range s.about.Keys {
		s.defaultOf(k)
	}
	section := copied(s.valid)
	for _, k := range s.about.Keys {
		if _, set := find(section, k); !set && k.Default != nil {
			schema.Put(section, k.Path, k.Default)
		}
	}
	if _, err := s.prepare(section); err != nil && len(s.faults) == 0 {
		s.faultf("the defaults, given as a section, are refused: %v", err)
	}
}

// defaultOf checks the default of k against the tags of k. It also checks the defaults of keys that the valid section
// sets.
func (s *subject) defaultOf(k settings.Key) {
	if k.Default == nil {
		return
	}
	section := copied(s.valid)
	for _, path := range append([]string{k.Path}, k.Aliases...) {
		schema.Remove(section, path)
	}
	schema.Put(section, k.Path, k.Default)
	_, err := s.prepare(section)
	for _, fault := range settings.KeyErrors(err) {
		if fault.Key == k.Path && settings.KindOf(fault.Err) != settings.ErrMissing { // the valid section may set only the other key of a pair
			s.faultf("the default of %s is refused: %v", k.Path, fault.Err)
			return
		}
	}
	for _, value := range texts(k.Default) {
		if k.Enum != nil && value != "" && !slices.Contains(k.Enum, value) {
			s.faultf("the default of %s is %q, want %s in the letter case of the enum tag", k.Path, value, phrase.Words(k.Enum, "or"))
		}
	}
}

// texts returns v as a list if it is a string or a list of strings.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}

// find returns the value of k in section, under its path or an alias.
func find(section map[string]any, k settings.Key) (any, bool) {
	for _, path := range append([]string{k.Path}, k.Aliases...) {
		if v, _ := schema.Get(section, path); v != nil {
			return v, true
		}
	}
	return nil, false
}

func unknownKeys(s *subject) {
	const stray = "registrytest_no_such_key"
	section := copied(s.valid)
	section[stray] = "x"
	s.refused(section, stray)
}

func wrongTypes(s *subject) {
	for _, k := range s.about.Keys {
		section := copied(s.valid)
		for _, alias := range k.Aliases {
			schema.Remove(section, alias)
		}
		schema.Put(section, k.Path, wrong(k))
		s.refused(section, k.Path)
	}
}

// wrong returns a value that keys of the type of k refuse.
func wrong(k settings.Key) any {
	switch k.Type {
	case "string":
		return []any{"a list"}
	case "list", "map":
		return 5
	}
	return "neither number nor bool"
}

// refused checks that preparing section fails with an error about key.
func (s *subject) refused(section map[string]any, key string) {
	_, err := s.prepare(section)
	if err == nil {
		s.faultf("%s: a wrong value or name is accepted", key)
		return
	}
	if !slices.ContainsFunc(settings.KeyErrors(err), func(e *settings.KeyError) bool { return e.Key == key }) {
		s.faultf("%s: the error does not name the key in a settings.KeyError: %v", key, err)
	}
}
