package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
)

// codeLayer reads a nested map that the program gives. It keeps no part of the map. The map may come from a decoder of
// YAML or JSON, from another configuration library, or from a literal, so its values have any of the types that those
// produce.
func (in *intake) codeLayer(kind Layer, section map[string]any) *layer {
	to := newLayer(kind)
	in.codeSection(to, section, "", "")
	in.applyLayerRules(to)
	return to
}

// codeSection reads the members of one map, in the order of their names, so that diagnostics have a stable order.
// written is the path as the program spelt it, for messages; path has canonical names.
func (in *intake) codeSection(to *layer, section map[string]any, path, written string) {
	for _, name := range slices.Sorted(maps.Keys(section)) {
		in.codeMember(to, section[name], path, name, keytable.Join(written, phrase.Name(name)))
	}
}

// codeMember reads one member: a key, a section, or a name that is reported.
func (in *intake) codeMember(to *layer, value any, section, name, written string) {
	at := Origin{Layer: to.kind}
	path := keytable.Join(section, name)
	k, alias := in.table.Lookup(path)
	if canonical := in.table.Exporter(name); section == "" && k == nil && canonical != "" && canonical != name {
		path = canonical
		in.report.add(Diagnostic{
			Kind: WarnAlias, Severity: Warning, Key: written, Origin: at, Message: "deprecated name", Hint: "use " + canonical,
		})
	}
	inner, nested := asSection(value)
	exporter, importPath := in.table.Unlinked(name)
	switch {
	case section == "" && exporter != "":
		in.unlinked(at, written, exporter, importPath)
	case strings.Contains(name, "."), k == nil && !in.table.HasSection(path):
		in.report.add(Diagnostic{
			Kind: ErrUnknownKey, Key: written, Origin: at, Message: "unknown key", Hint: in.table.Suggest(section, name, in.selected),
		})
	case k != nil:
		in.codeValue(to, &entry{key: k, written: written, origin: at, at: at}, value, alias)
	case value == nil:
	case !nested:
		in.report.add(Diagnostic{Kind: ErrWrongType, Key: written, Origin: at, Message: "not a section, want a map of keys"})
	default:
		in.codeSection(to, inner, path, written)
	}
}

// asSection returns a mapping in one of the forms that decoders of YAML and JSON use.
func asSection(value any) (map[string]any, bool) {
	switch m := value.(type) {
	case map[string]any:
		return m, true
	case map[any]any:
		out := make(map[string]any, len(m))
		for k, v := range m {
			name, ok := k.(string)
			if !ok {
				return nil, false
			}
			out[name] = v
		}
		return out, true
	}
	return nil, false
}

// codeValue converts a value. Go types that fit the key are not coerced: 1 for a rate is fine, "1" gets a warning. A
// text for a number gets the same warning as a quoted number in a file.
func (in *intake) codeValue(to *layer, e *entry, value any, alias bool) {
	var err error
	coerced := ""
	text, isText := value.(string)
	if isText && e.key.Patterns() {
		err = in.patterns(e, text)
	} else {
		e.value, coerced, err = schema.FromValue(e.key.Key, value)
	}
	if err != nil {
		in.report.refuse(e, e.origin, err)
		return
	}
	if e.value == nil {
		return
	}
	if coerced != "" && isText {
		in.report.warn(WarnCoerced, e, e.origin, coerced, "")
	}
	in.enter(to, e, alias)
}
