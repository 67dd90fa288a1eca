package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
)

// envLayer reads SPANROUTE_* variables. Keys give names of variables, never the other way round: a name that belongs to
// no key is unknown. A variable with the prefix that is unknown is an error and not ignored: a misspelt name in a
// deployment would otherwise be a setting that silently has no effect.
func (in *intake) envLayer(prefix string) *layer {
	to := newLayer(LayerEnv)
	if prefix == "" {
		return to
	}
	for _, name := range slices.Sorted(maps.Keys(in.env)) {
		short, ok := strings.CutPrefix(name, prefix)
		if !ok || short == "CONFIG" {
			continue
		}
		at := Origin{Layer: LayerEnv, Name: name}
		k, alias := in.table.LookupEnv(short)
		first, _, _ := strings.Cut(short, "_")
		exporter, importPath := in.table.Unlinked(strings.ToLower(first))
		switch {
		case k != nil:
			in.text(to, newEntry(k, at), in.env[name], alias)
		case exporter != "":
			in.unlinked(at, "", exporter, importPath)
		default:
			near, ok := in.table.SuggestEnv(short)
			in.unknownName(at, prefix+near, ok)
		}
	}
	in.applyLayerRules(to)
	return to
}

// flagLayer reads the flags that were set. Flags without the prefix belong to the program.
//
// Of a repeated flag the last value counts, as in package flag.
func (in *intake) flagLayer(flags FlagSource) *layer {
	to := newLayer(LayerFlags)
	if flags == nil {
		return to
	}
	values := map[string]string{}
	for name, value := range flags {
		values[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		short, ok := strings.CutPrefix(name, keytable.FlagPrefix)
		if !ok {
			continue
		}
		at := Origin{Layer: LayerFlags, Name: "--" + name}
		k, alias := in.table.LookupFlag(name)
		if k == nil {
			near, ok := in.table.SuggestFlag(short)
			in.unknownName(at, "--"+keytable.FlagPrefix+near, ok)
			continue
		}
		in.text(to, newEntry(k, at), values[name], alias)
	}
	in.applyLayerRules(to)
	return to
}

// unknownName reports a variable or flag that names no key, with the nearest if one is near.
func (in *intake) unknownName(at Origin, nearest string, near bool) {
	d := Diagnostic{Kind: ErrUnknownKey, Origin: at, Message: "unknown key"}
	if near {
		d.Hint = keytable.DidYouMean(nearest)
	}
	in.report.add(d)
}
