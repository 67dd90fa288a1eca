package config

import (
	"maps"
	"reflect"
	"slices"

	"github.com/spanroute/spanroute/internal/keytable"
)

// Changed returns the keys in which next differs from c: hot keys, which a reload applies, and those that are read at start. Both are canonical and in the order of the documentation, exporters by name. Where a value came from makes
// no difference.
//
// It compares decoded values: a file that is formatted differently, or a value that moves from one layer to another,
// changes nothing.
func (c *Config) Changed(next *Config) (hot, restart []string) {
	before, after := commonSchema.Values(c), commonSchema.Values(next)
	for _, k := range commonSchema.Keys() {
		switch {
		case same(before[k.Path], after[k.Path]):
		case k.Hot:
			hot = append(hot, k.Path)
		default:
			restart = append(restart, k.Path)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Exporters)) {
		if x, ok := next.Exporters[name]; ok { // else exporter_type has changed
			restart = append(restart, c.Exporters[name].changed(name, x)...)
		}
	}
	return hot, restart
}

// same compares values of settings types; empty and nil are the same list.
func same(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	return va.Kind() == reflect.Slice && vb.Kind() == reflect.Slice && va.Len()+vb.Len() == 0
}

// changed returns the keys in which next differs. The timeout of an exporter is not among its settings, so it is
// compared apart.
func (x Exporter) changed(name string, next Exporter) []string {
	before, after := flatten(x.Settings), flatten(next.Settings)
	before["timeout"], after["timeout"] = x.Timeout, next.Timeout
	paths := maps.Clone(before)
	maps.Copy(paths, after)
	var changed []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if !same(before[path], after[path]) {
			changed = append(changed, keytable.Join(name, path))
		}
	}
	return changed
}
