package config

import (
	"errors"
	"slices"

	"github.com/knadh/koanf/v2"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// merged is the outcome of all layers.
//
// How it works: koanf loads one layer at a time, the lowest first, and calls apply with the layer's values by path and
// those of the layers below. apply writes each value over the one below and pushes the entry on the stack of its key, so that
// the top of a stack is the effective entry, which overrides the rest: Explain, and the place of every diagnostic,
// come from the stacks. Lists and maps of headers replace as a whole; resource attributes merge name by name. A general
// key, such as timeout, clears in lower layers the keys that override it, such as those of exporters: a flag --tracing.timeout
// takes precedence over jaeger.timeout in a file. The cleared entries stay for Explain.
//
// This is the only file that imports koanf. Its other parts do not fit: Unmarshal converts types silently (true becomes
// 1.0, 5 becomes 5 ns, unknown keys pass), its YAML parser has no positions, its file watcher stops at a replaced file, and
// its getters copy by reflection.
type merged struct {
	values  map[string]any      // by canonical path, typed
	stacks  map[string][]*entry // per key the entries that set it, lowest first
	cleared map[string][]*entry // entries that a more general key removed, by their keys
}

// origins holds where the values of a Config come from, for Explain and Source.
//
// A Config keeps it after Load, so that Explain answers for the running process too.
type origins struct {
	table   *keytable.Table
	merged  *merged
	ignored Diagnostics // OTEL_* variables that were not used
	secrets []string    // texts that are masked wherever they occur
}

// A provider is a layer as koanf reads it.
type provider struct{ *layer }

// Read returns the values of the layer.
func (p provider) Read() (map[string]any, error) { return p.values(), nil }

// ReadBytes is part of koanf.Provider. A layer has no bytes.
func (p provider) ReadBytes() ([]byte, error) { return nil, errors.ErrUnsupported }

// merge merges layers, the lowest first.
func merge(t *keytable.Table, layers []*layer) (*merged, error) {
	m := &merged{values: map[string]any{}, stacks: map[string][]*entry{}, cleared: map[string][]*entry{}}
	k := koanf.New(".")
	for _, from := range layers {
		into := func(src, dest map[string]any) error {
			m.apply(t, from, src, dest)
			m.values = dest
			return nil
		}
		if err := k.Load(provider{from}, nil, koanf.WithMergeFunc(into)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// apply lays src over dest.
func (m *merged) apply(t *keytable.Table, from *layer, src, dest map[string]any) {
	for _, k := range t.Keys {
		if k.Overrides != "" && from.byPath[k.Overrides] != nil {
			m.clear(k.Path, dest)
		}
	}
	for _, e := range from.entries {
		value := src[e.key.Path]
		if e.key.Format == "attributes" {
			value = mergePairs(dest[e.key.Path], value)
		}
		dest[e.key.Path] = value
		m.stacks[e.key.Path] = append(m.stacks[e.key.Path], e)
	}
}

// clear removes the value of path in lower layers, and keeps its entries for Explain.
func (m *merged) clear(path string, dest map[string]any) {
	m.cleared[path] = append(m.cleared[path], m.stacks[path]...)
	delete(m.stacks, path)
	delete(dest, path)
}

// mergePairs lays above over below, name by name; the order of below comes first.
func mergePairs(below, above any) settings.Pairs {
	var out settings.Pairs
	index := map[string]int{}
	for _, value := range []any{below, above} {
		pairs, _ := value.(settings.Pairs)
		for _, p := range pairs {
			if i, ok := index[p.Name]; ok {
				out[i].Value = p.Value
				continue
			}
			index[p.Name] = len(out)
			out = append(out, p)
		}
	}
	return out
}

// set reports whether a layer sets path.
func (m *merged) set(path string) bool { return len(m.stacks[path]) > 0 }

// effective returns the entry that decides path, nil for the built-in default.
func (m *merged) effective(path string) *entry {
	if stack := m.stacks[path]; len(stack) > 0 {
		return stack[len(stack)-1]
	}
	return nil
}

// selectedBy returns the entry that the value of k comes from: its own, else that of the more general key. It is nil for
// the built-in default.
func (m *merged) selectedBy(k *keytable.Key) *entry {
	if e := m.effective(k.Path); e != nil {
		return e
	}
	return m.effective(k.Overrides)
}

// first returns the effective entry of the first path that a layer sets, nil if no layer sets any.
func (m *merged) first(paths ...string) *entry {
	for _, path := range paths {
		if e := m.effective(path); e != nil {
			return e
		}
	}
	return nil
}

// paths lists the keys that some layer sets, in the order of the table.
func (m *merged) paths(t *keytable.Table) []string {
	var paths []string
	for _, k := range t.Keys {
		if m.set(k.Path) {
			paths = append(paths, k.Path)
		}
	}
	return slices.Clip(paths)
}

// setOTelSampler sets OpenTelemetry's default sampler, parentbased_always_on, where OTEL_* variables alone configure
// tracing: they choose the exporter, and no layer sets a rate or a sampler. A program that is deployed by these variables
// is expected to be traced. As soon as a file, a flag, a SPANROUTE_* variable or code chooses the exporter, the default of
// BentoML holds, which is to sample nothing.
func (m *merged) setOTelSampler(t *keytable.Table) {
	if m.set("sampling.sampler") || m.set("sample_rate") {
		return
	}
	for _, e := range m.stacks["exporter_type"] {
		if names, _ := e.value.([]string); !e.ofOTel() || len(names) == 0 {
			return
		}
	}
	chosen := m.effective("exporter_type")
	if chosen == nil {
		return
	}
	at := chosen.origin
	at.reason = "OpenTelemetry's default, because " + at.Name + " sets the exporter"
	e := newEntry(t.Key("sampling.sampler"), at)
	e.value = sampling.ParentBasedAlwaysOn
	m.stacks[e.key.Path] = []*entry{e}
	m.values[e.key.Path] = e.value
}
