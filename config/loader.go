package config

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// A loader turns sources into one Config. It lives for one Load.
type loader struct {
	sources  *Sources
	env      map[string]string
	registry *registry.Registry
	table    *table
	report   report
	inputs   []*input // lowest first
	otel     *otelLayer
	selected []string // a guess at exporter_type, for hints
	secrets  []string // what variables with the name of a secret gave to values of files
}

// A layer is what one source sets: one file, or all variables, flags or code of a kind.
type layer struct {
	kind    Layer
	entries []*entry // in the order they were found
	byPath  map[string]*entry
}

// An entry is one key that a layer sets.
type entry struct {
	key     *key
	value   any    // of the Go type of key
	written string // the key as written: "api_server.tracing.zipkin.url", or canonical
	source  Source // of the value
	at      Source // of the key; equals source outside files
	items   []Source
	related []Source // aliases on the way to the value
	noLimit bool     // a timeout of 0 from OpenTelemetry's variables
}

// item is the place of item or pair i, that of the value where there is none.
func (e *entry) item(i int) Source {
	if i >= 0 && i < len(e.items) {
		return e.items[i]
	}
	return e.source
}

func newLayer(kind Layer) *layer { return &layer{kind: kind, byPath: map[string]*entry{}} }

// nested returns the values as a nested map of fresh maps.
func (l *layer) nested() map[string]any {
	section := map[string]any{}
	for _, e := range l.entries {
		put(section, e.key.path, e.value)
	}
	return section
}

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
	outer, name := splitPath(path)
	if outer != "" {
		inner, _ := get(section, outer)
		section, _ = inner.(map[string]any)
	}
	delete(section, name) // of a nil map too
}

// enter adds e to its layer: rule R1, an alias beside its key, and the key in two roots of a file.
func (l *loader) enter(to *layer, e *entry, alias bool) {
	if alias {
		l.warn(WarnAlias, e, e.at, "legacy name", "write "+e.key.path)
	}
	if !l.refine(e) {
		return
	}
	before := to.byPath[e.key.path]
	switch {
	case before == nil:
		to.byPath[e.key.path] = e
		to.entries = append(to.entries, e)
	case !reflect.DeepEqual(before.value, e.value):
		l.conflict(before, e)
	}
}

// conflict reports two entries of one layer that disagree, at the later one.
func (l *loader) conflict(a, b *entry) {
	if a.at.before(b.at) > 0 {
		a, b = b, a
	}
	other := a.written + " at " + a.at.place()
	switch a.at.Layer {
	case LayerFile:
	case LayerDefaults, LayerOverrides:
		other = a.written
	default:
		other = a.at.place()
	}
	found := maskedValue(b.key, b.value, "")
	if b.at.Layer == LayerFile && a.written == b.written {
		found = "this"
	}
	l.report.add(Diagnostic{
		Kind: ErrConflict, Key: b.written, Source: b.at, Related: []Source{a.at},
		Message: found + " conflicts with " + other, Hint: "keep one",
	})
}

// redact takes secrets out of a diagnostic about e: the values of variables with the name of a secret, the value of a
// secret key, and of the names of a secret map what cannot be a name.
func (l *loader) redact(e *entry, d Diagnostic) Diagnostic {
	values := slices.Clone(l.secrets)
	if e.key.Secret {
		d.Message = cutQuoted(d.Message)
		if value, _ := e.value.(string); len(value) > 3 {
			values = append(values, value)
		}
	}
	d.Message, d.Hint = secret.Redact(d.Message, values...), secret.Redact(d.Hint, values...)
	return d
}

// cutQuoted cuts each quoted text of a message after the part that can be a name.
func cutQuoted(message string) string {
	parts := strings.Split(message, `"`)
	for i := 1; i < len(parts)-1; i += 2 {
		parts[i] = phrase.Name(parts[i])
	}
	return strings.Join(parts, `"`)
}

// warn adds a warning about e, at a place of its own.
func (l *loader) warn(kind Kind, e *entry, at Source, message, hint string) {
	l.report.add(l.redact(e, Diagnostic{
		Kind: kind, Severity: Warning, Key: e.written, Source: at, Message: message, Hint: hint, Related: e.related,
	}))
}

// refuse adds what is wrong with e. In OpenTelemetry's variables it is a warning and the variable is ignored.
func (l *loader) refuse(e *entry, at Source, err error) {
	for _, fault := range faultsOf(err) {
		d := Diagnostic{
			Kind: settings.KindOf(fault), Key: e.written, Source: at, Message: fault.Error(), Related: e.related,
		}
		if f, ok := fault.(*settings.Fault); ok {
			d.Message, d.Hint = f.Message, f.Hint
		}
		if at.Layer == LayerOTel {
			d.Severity, d.Hint = Warning, strings.TrimPrefix(d.Hint+", ignored", ", ")
		}
		l.report.add(l.redact(e, d))
	}
}

// faultsOf takes joined errors apart, down to faults.
func faultsOf(err error) []error {
	var all []error
	for _, e := range settings.KeyErrors(err) {
		var f *settings.Fault
		if errors.As(e.Err, &f) {
			all = append(all, f)
			continue
		}
		all = append(all, e.Err)
	}
	return all
}

// unknown reports a name that is no key.
func (l *loader) unknown(at Source, written, section, name string) {
	l.report.add(Diagnostic{
		Kind: ErrUnknownKey, Key: written, Source: at, Message: "unknown key",
		Hint: l.table.suggest(section, name, l.selected),
	})
}

// set reports whether the winner of path is from any layer at all.
func (m *merged) set(path string) bool { return len(m.stacks[path]) > 0 }

// winner is the entry that decides path; nil for the built-in default.
func (m *merged) winner(path string) *entry {
	if stack := m.stacks[path]; len(stack) > 0 {
		return stack[len(stack)-1]
	}
	return nil
}

// decider is the entry that the value of k comes from: the winner, else that of the more general key; nil for neither.
func (m *merged) decider(k *key) *entry {
	if e := m.winner(k.path); e != nil {
		return e
	}
	return m.winner(k.overrides)
}

// paths lists the keys that some layer sets, in the order of the table.
func (m *merged) paths(t *table) []string {
	var paths []string
	for _, k := range t.keys {
		if m.set(k.path) {
			paths = append(paths, k.path)
		}
	}
	return slices.Clip(paths)
}
