package registrytest

import (
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
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

func looksSecret(k settings.Key) bool {
	name := k.Path[strings.LastIndexByte(k.Path, '.')+1:]
	text := k.Type == "string" || k.Type == "list" || k.Type == "map"
	if !text || k.Format == "pem" || strings.HasSuffix(name, "_file") { // the name of a file is no secret
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
			put(section, k.Path, k.Default)
		}
	}
	if _, err := s.prepare(section); err != nil && len(s.faults) == 0 {
		s.faultf("the defaults, given as a section, are refused: %v", err)
	}
}

// defaultOf checks the default of one key against its own tags, also where the valid section sets the key.
func (s *subject) defaultOf(k settings.Key) {
	if k.Default == nil {
		return
	}
	section := copied(s.valid)
	for _, path := range append([]string{k.Path}, k.Aliases...) {
		take(section, path)
	}
	put(section, k.Path, k.Default)
	_, err := s.prepare(section)
	for _, fault := range settings.KeyErrors(err) {
		if fault.Key == k.Path && settings.KindOf(fault.Err) != settings.ErrMissing { // a key that the valid section pairs with k
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

// texts returns the texts of a string or list.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}

// find returns what a section holds for a key, by its path or an alias.
func find(section map[string]any, k settings.Key) (any, bool) {
	for _, path := range append([]string{k.Path}, k.Aliases...) {
		if v := take(copied(section), path); v != nil {
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
			take(section, alias)
		}
		put(section, k.Path, wrong(k))
		s.refused(section, k.Path)
	}
}

// wrong is a value that no key of k's type takes.
func wrong(k settings.Key) any {
	switch k.Type {
	case "string":
		return []any{"a list"}
	case "list", "map":
		return 5
	}
	return "neither number nor bool"
}

// refused expects an error of Prepare that names the key.
func (s *subject) refused(section map[string]any, key string) {
	_, err := s.prepare(section)
	if err == nil {
		s.faultf("%s: a wrong value or name is accepted", key)
		return
	}
	if !slices.Contains(keysOf(err), key) {
		s.faultf("%s: the error does not name the key in a settings.KeyError: %v", key, err)
	}
}

// keysOf lists the keys of all KeyErrors joined in err.
func keysOf(err error) []string {
	var keys []string
	for _, e := range settings.KeyErrors(err) {
		keys = append(keys, e.Key)
	}
	return keys
}
