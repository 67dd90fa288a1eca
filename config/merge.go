package config

import (
	"github.com/knadh/koanf/v2"

	"github.com/spanroute/spanroute/internal/settings"
)

// This is the one file that knows koanf. It is the merge engine: a layer at a time, lowest first, each through
// merge, which remembers for every leaf what it hides. Its Unmarshal is not used because it is weak (true is 1.0,
// 5 is 5 ns, unknown keys pass); its YAML parser, because it has no positions; its file watcher, because it dies
// with a replaced file; its getters, because they copy by reflection.

// merged is the outcome of all layers.
type merged struct {
	section map[string]any      // nested, canonical keys, typed values
	stacks  map[string][]*entry // per leaf who set it, lowest first
	cleared map[string][]*entry // what R4 took away, by the key that lost
}

// source is a koanf.Provider for one layer.
type source struct {
	layer *layer
	bytes []byte
}

func (s source) ReadBytes() ([]byte, error)    { return s.bytes, nil }
func (s source) Read() (map[string]any, error) { return s.layer.nested(), nil }

// merge runs the layers through koanf.
func (l *loader) merge() (*merged, error) {
	m := &merged{stacks: map[string][]*entry{}, cleared: map[string][]*entry{}}
	k := koanf.New(".")
	for _, layer := range l.layers {
		into := func(src, dest map[string]any) error {
			m.apply(l.table, layer, src, dest)
			m.section = dest
			return nil
		}
		if err := k.Load(source{layer: layer}, nil, koanf.WithMergeFunc(into)); err != nil {
			return nil, err
		}
	}
	if m.section == nil {
		m.section = map[string]any{}
	}
	return m, nil
}

// apply lays src over dest. Lists and maps of headers replace as a whole (R2), resource attributes merge name by
// name, and the common timeout clears those of exporters below it (R4).
func (m *merged) apply(t *table, from *layer, src, dest map[string]any) {
	if from.byPath["timeout"] != nil {
		for _, name := range t.names {
			path := name + ".timeout"
			m.cleared[path] = append(m.cleared[path], m.stacks[path]...)
			delete(m.stacks, path)
			remove(dest, path)
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
