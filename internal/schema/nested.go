package schema

import "strings"

// Nest turns a flat map by path into a nested one. Paths must not lead through one another: "a" and "a.b" cannot both
// be set.
func Nest(values map[string]any) map[string]any {
	section := map[string]any{}
	for path, value := range values {
		Put(section, path, value)
	}
	return section
}

// Put sets the value at path in a nested map, and makes the sections on the way. It replaces a value on the way that is
// not a section.
func Put(section map[string]any, path string, value any) {
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

// Get returns the value at path in a nested map, and whether there is one. A section on the way, or at the path itself,
// is a value too.
func Get(section map[string]any, path string) (value any, ok bool) {
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

// Remove deletes path from a nested map and returns the value that it had, if any. Sections that are empty afterwards
// stay.
func Remove(section map[string]any, path string) (value any, ok bool) {
	if at := strings.LastIndexByte(path, '.'); at >= 0 {
		inner, _ := Get(section, path[:at])
		section, _ = inner.(map[string]any)
		path = path[at+1:]
	}
	value, ok = section[path]
	delete(section, path)
	return value, ok
}
