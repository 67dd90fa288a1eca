package config

import (
	"errors"

	"github.com/knadh/koanf/v2"

	"github.com/spanroute/spanroute/registry/settings"
)

// This is the one file that knows koanf. It is the merge engine: a layer at a time, lowest first, each through
// merge, which remembers for every leaf what it hides. Its Unmarshal is not used because it is weak (true is 1.0,
// 5 is 5 ns, unknown keys pass); its YAML parser, because it has no positions; its file watcher, because it dies
// with a replaced file; its getters, because they copy by reflection.

// merged is the outcome of all layers.
type merged struct {
	section map[string]any      // nested, canonical keys, typed values
	stacks  map[string][]*entry // per leaf who set it, lowest first
	cleared map[string][]*entry // what a more general key took away, by the key that lost
}

// An input is one source as koanf sees it: a Provider, and for files, whose bytes it hands out, a Parser. It is read
// when its turn comes and once, so that a later one may look at those below.
type input struct {
	*loader
	file  file          // of a file
	read  func() *layer // of everything else
	layer *layer        // nil until it is read
}

// ReadBytes returns the bytes of a file.
func (in *input) ReadBytes() ([]byte, error) { return in.file.data, nil }

// Read returns the map of a layer that is no file.
func (in *input) Read() (map[string]any, error) {
	if in.layer == nil {
		in.layer = in.read()
	}
	return in.layer.nested(), nil
}

// Unmarshal parses a file into the section with canonical keys and typed values; positions stay in the layer.
func (in *input) Unmarshal(data []byte) (map[string]any, error) {
	if in.layer == nil {
		in.layer = in.parseFile(in.file.name, in.file.order, data)
	}
	return in.layer.nested(), nil
}

// Marshal is part of koanf.Parser. Configurations are printed by Config.WriteYAML.
func (in *input) Marshal(map[string]any) ([]byte, error) { return nil, errors.ErrUnsupported }

// merge runs the inputs through koanf.
func (l *loader) merge() (*merged, error) {
	m := &merged{section: map[string]any{}, stacks: map[string][]*entry{}, cleared: map[string][]*entry{}}
	k := koanf.New(".")
	for _, in := range l.inputs {
		var parser koanf.Parser
		if in.read == nil {
			parser = in
		}
		into := func(src, dest map[string]any) error {
			m.apply(l.table, in.layer, src, dest)
			m.section = dest
			return nil
		}
		if err := k.Load(in, parser, koanf.WithMergeFunc(into)); err != nil {
			return nil, err
		}
	}
	l.otelSampler(m)
	return m, nil
}

// apply lays src over dest. Lists and maps of headers replace as a whole, resource attributes merge name by name. A
// general key, such as timeout, clears in lower layers the keys that override it, such as those of exporters.
func (m *merged) apply(t *table, from *layer, src, dest map[string]any) {
	for _, k := range t.keys {
		if k.overrides != "" && from.byPath[k.overrides] != nil {
			m.clear(k.path, dest)
		}
	}
	for _, e := range from.entries {
		path := e.key.path
		value, ok := get(src, path)
		if !ok {
			continue
		}
		if path == "resource_attributes" {
			below, _ := get(dest, path)
			value = mergePairs(below, value)
		}
		put(dest, path, value)
		m.stacks[path] = append(m.stacks[path], e)
	}
}

// clear takes out what lower layers set at path, and remembers it for Explain.
func (m *merged) clear(path string, dest map[string]any) {
	m.cleared[path] = append(m.cleared[path], m.stacks[path]...)
	delete(m.stacks, path)
	remove(dest, path)
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
