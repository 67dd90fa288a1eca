package config

import (
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
)

// put sets path in a nested map.
func put(section map[string]any, path string, value any) {
	for {
		name, rest, nested := strings.Cut(path, ".")
		if !nested {
			section[name] = value
			return
		}
		inner, ok := section[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			section[name] = inner
		}
		section, path = inner, rest
	}
}

// get reads path from a nested map.
func get(section map[string]any, path string) (value any, ok bool) {
	for {
		name, rest, nested := strings.Cut(path, ".")
		value, ok = section[name]
		if !ok || !nested {
			return value, ok
		}
		if section, ok = value.(map[string]any); !ok {
			return nil, false
		}
		path = rest
	}
}

// remove deletes path from a nested map.
func remove(section map[string]any, path string) {
	outer, name := keytable.Split(path)
	if outer != "" {
		inner, _ := get(section, outer)
		section, _ = inner.(map[string]any)
	}
	delete(section, name) // of a nil map too
}

// flatten adds the values of a nested map to a flat one, by path.
func flatten(section map[string]any, path string, into map[string]any) {
	for name, value := range section {
		if inner, ok := value.(map[string]any); ok {
			flatten(inner, keytable.Join(path, name), into)
			continue
		}
		into[keytable.Join(path, name)] = value
	}
}
