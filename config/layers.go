package config

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// finish applies what holds within one layer: service.name among the resource attributes is its service_name,
// unless it sets that itself.
func (l *loader) finish(to *layer) {
	attributes := to.byPath["resource_attributes"]
	if attributes == nil {
		return
	}
	var rest settings.Pairs
	for i, pair := range attributes.value.(settings.Pairs) {
		if pair.Name != "service.name" {
			rest = append(rest, pair)
			continue
		}
		if to.byPath["service_name"] == nil && pair.Value != "" {
			e := *attributes
			e.key, e.value, e.source, e.items = l.table.byPath["service_name"], pair.Value, attributes.item(i), nil
			to.byPath["service_name"] = &e
			to.entries = append(to.entries, &e)
		}
	}
	if rest == nil {
		rest = settings.Pairs{}
	}
	attributes.value = rest
}

// envLayer reads the kit's variables. The mapping goes forward only: a name that no key has is unknown.
func (l *loader) envLayer() *layer {
	to := newLayer(LayerEnv)
	prefix := l.sources.prefix()
	if prefix == "" {
		return to
	}
	for _, name := range slices.Sorted(maps.Keys(l.env)) {
		short, ok := strings.CutPrefix(name, prefix)
		if !ok || short == "CONFIG" {
			continue
		}
		at := Source{Layer: LayerEnv, Name: name}
		k := l.table.byEnv[short]
		if first, _, _ := strings.Cut(short, "_"); k == nil && l.unlinkedName(strings.ToLower(first)) != "" {
			l.warnUnlinked(at, "", l.unlinkedName(strings.ToLower(first)))
			continue
		}
		if k == nil {
			l.unknownName(at, short, slices.Collect(maps.Keys(l.table.byEnv)), prefix)
			continue
		}
		l.text(to, &entry{key: k, written: k.path, source: at, at: at}, l.env[name], schema.EnvName("", k.path) != short)
	}
	l.finish(to)
	return to
}

// warnAlias tells that a section has a legacy name.
func (l *loader) warnAlias(at Source, written, canonical string) {
	l.report.add(Diagnostic{
		Kind: WarnAlias, Severity: Warning, Key: written, Source: at, Message: "legacy name", Hint: "write " + canonical,
	})
}

// unlinkedName is the name of an exporter of spanroute that is not in the program, "" for anything else.
func (l *loader) unlinkedName(name string) string {
	if l.table.exporters[name] != "" || registry.ImportPath(name) == "" {
		return ""
	}
	return path.Base(registry.ImportPath(name))
}

// warnUnlinked tells that what is set for an exporter has no effect. Selecting it is another matter.
func (l *loader) warnUnlinked(at Source, written, name string) {
	l.report.add(Diagnostic{
		Kind: WarnIgnored, Severity: Warning, Key: written, Source: at,
		Message: "exporter " + phrase.Quote(name) + " is not in this program", Hint: "import " + registry.ImportPath(name),
	})
}

// unknownName reports a variable or flag that names no key, with the nearest.
func (l *loader) unknownName(at Source, name string, candidates []string, prefix string) {
	d := Diagnostic{Kind: ErrUnknownKey, Source: at, Message: "unknown key"}
	if strings.EqualFold(strings.ReplaceAll(name, "-", "_"), "sampling_rules") || name == "sampling.rules" {
		d.Kind, d.Message, d.Hint = ErrUnsupported, "sampling.rules is for files and code", ""
	}
	slices.Sort(candidates)
	section := strings.ToUpper(roots[0]) + "_" // which is not a part of the names of variables
	near, ok := phrase.Nearest(name, candidates)
	if inner, found := strings.CutPrefix(name, section); found && !ok {
		near, ok = phrase.Nearest(inner, candidates)
	}
	if ok && d.Kind == ErrUnknownKey {
		d.Hint = didYouMean(prefix + near)
	}
	l.report.add(d)
}

// flagLayer reads the flags that were set. Those of the program itself are not ours.
func (l *loader) flagLayer() *layer {
	to := newLayer(LayerFlags)
	if l.sources.Flags == nil {
		return to
	}
	values := map[string]string{}
	for name, value := range l.sources.Flags {
		values[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !strings.HasPrefix(name, flagPrefix) {
			continue
		}
		at := Source{Layer: LayerFlags, Name: "--" + name}
		k, alias := l.table.lookupFlag(name)
		if k == nil {
			l.unknownName(at, strings.TrimPrefix(name, flagPrefix), l.flagNames(), "--"+flagPrefix)
			continue
		}
		l.text(to, &entry{key: k, written: k.path, source: at, at: at}, values[name], alias)
	}
	l.finish(to)
	return to
}

func (l *loader) flagNames() []string {
	names := make([]string, 0, len(l.table.keys))
	for _, k := range l.table.keys {
		names = append(names, strings.TrimPrefix(schema.FlagName(k.path), flagPrefix))
	}
	return names
}

// text converts the text of a variable or flag. Empty is unset.
func (l *loader) text(to *layer, e *entry, text string, alias bool) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return
	}
	var err error
	switch {
	case !utf8.ValidString(text):
		err = settings.Errorf(ErrEncoding, "bytes that are no UTF-8")
	case e.key.path == "excluded_urls" && trimmed[0] != '[':
		e.value, err = l.splitPatterns(e, trimmed)
	case e.key.Type == settings.TypeList:
		if _, empty, bad := schema.ParseList(trimmed); bad == nil {
			l.dropped(e, e.source, empty)
		}
		fallthrough
	default:
		e.value, err = schema.FromText(e.key.Key, text)
	}
	if err != nil {
		l.refuse(e, e.source, footnote(e, text, err))
		return
	}
	if e.value != nil {
		l.enter(to, e, alias)
	}
}

// codeLayer reads a nested map that the program gives. Nothing of it is kept.
func (l *loader) codeLayer(kind Layer, section map[string]any) *layer {
	to := newLayer(kind)
	l.codeSection(to, section, "", "")
	l.finish(to)
	return to
}

func (l *loader) codeSection(to *layer, section map[string]any, path, written string) {
	for _, name := range slices.Sorted(maps.Keys(section)) {
		l.codeMember(to, section[name], path, name, joinPath(written, phrase.Name(name)))
	}
}

func (l *loader) codeMember(to *layer, value any, section, name, written string) {
	at := Source{Layer: to.kind}
	path := joinPath(section, name)
	k, alias := l.table.lookup(path)
	if canonical := l.table.exporters[name]; section == "" && k == nil && canonical != "" && canonical != name {
		path = canonical
		l.warnAlias(at, written, canonical)
	}
	inner, nested := asSection(value)
	switch {
	case section == "" && l.unlinkedName(name) != "":
		l.warnUnlinked(at, written, l.unlinkedName(name))
	case strings.Contains(name, "."), k == nil && !l.table.sections[path]:
		l.unknown(at, written, section, name)
	case k != nil:
		l.codeValue(to, &entry{key: k, written: written, source: at, at: at}, value, alias)
	case value == nil:
	case !nested:
		l.report.add(Diagnostic{Kind: ErrWrongType, Key: written, Source: at, Message: "not a section, want a map of keys"})
	default:
		l.codeSection(to, inner, path, written)
	}
}

// asSection takes what decoders of YAML and JSON return for a mapping.
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

func (l *loader) codeValue(to *layer, e *entry, value any, alias bool) {
	var err error
	coerced := ""
	if text, ok := value.(string); ok && e.key.path == "excluded_urls" {
		e.value, err = l.splitPatterns(e, text)
	} else {
		e.value, coerced, err = schema.FromValue(e.key.Key, value)
	}
	if err != nil {
		l.refuse(e, e.source, err)
		return
	}
	if e.value == nil {
		return
	}
	if _, text := value.(string); coerced != "" && text {
		l.warn(WarnCoerced, e, e.source, coerced, "")
	}
	l.enter(to, e, alias)
}
