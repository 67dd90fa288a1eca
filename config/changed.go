package config

import (
	"fmt"
	"slices"
)

// Changed lists the keys whose effective values differ between c and next, sorted: those that a running tracing
// takes over, and those that are read at start only. Values, which may be secrets, are not told.
func (c *Config) Changed(next *Config) (hot, start []string) {
	before, after := c.byKey(), next.byKey()
	for path := range union(before, after) {
		if before[path] == after[path] {
			continue
		}
		if k, _, ok := commonSchema.Lookup(path); ok && k.Hot {
			hot = append(hot, path)
		} else {
			start = append(start, path)
		}
	}
	slices.Sort(hot)
	slices.Sort(start)
	return hot, start
}

// byKey is the configuration as one text per key, with secrets.
func (c *Config) byKey() map[string]string {
	values := make(map[string]string)
	for _, r := range c.rows(true) {
		values[r.path] = fmt.Sprintf("%v %s", r.value, r.remark)
	}
	return values
}

func union(a, b map[string]string) map[string]struct{} {
	keys := make(map[string]struct{}, len(a))
	for k := range a {
		keys[k] = struct{}{}
	}
	for k := range b {
		keys[k] = struct{}{}
	}
	return keys
}
