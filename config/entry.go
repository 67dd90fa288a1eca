package config

import (
	"slices"

	"github.com/spanroute/spanroute/internal/keytable"
)

// An entry is one key that a layer sets.
type entry struct {
	key     *keytable.Key
	value   any    // of the Go type of key
	written string // the key as written: "api_server.tracing.zipkin.url", or canonical
	origin  Origin // of the value
	at      Origin // of the key; equals origin outside files
	items   []Origin
	names   []map[string]Origin // of the keys of each object of a list
	related []Origin            // aliases on the way to the value
	noLimit bool                // a timeout of 0 in an OTEL_* variable
}

// newEntry returns an entry of a layer whose keys have no place of their own.
func newEntry(k *keytable.Key, at Origin) *entry {
	return &entry{key: k, written: k.Path, origin: at, at: at}
}

// item returns the place of item or pair i, that of the value if the item has none.
func (e *entry) item(i int) Origin {
	if i >= 0 && i < len(e.items) {
		return e.items[i]
	}
	return e.origin
}

// name returns the place of a key of object i, that of the object if the key has none.
func (e *entry) name(i int, key string) Origin {
	if i >= 0 && i < len(e.names) {
		if at, ok := e.names[i][key]; ok {
			return at
		}
	}
	return e.item(i)
}

// ofOTel reports whether e is from an OTEL_* variable.
func (e *entry) ofOTel() bool { return e.origin.Layer == LayerOTel }

// A layer holds the entries of one source: one file, or all variables, all flags, or one map of the program.
type layer struct {
	kind    Layer
	entries []*entry // in the order they were found
	byPath  map[string]*entry
}

func newLayer(kind Layer) *layer { return &layer{kind: kind, byPath: map[string]*entry{}} }

// add enters e. A layer has at most one entry for a key.
func (l *layer) add(e *entry) {
	l.byPath[e.key.Path] = e
	l.entries = append(l.entries, e)
}

// remove takes e out again, so that another variable can set its key.
func (l *layer) remove(e *entry) {
	delete(l.byPath, e.key.Path)
	l.entries = slices.DeleteFunc(l.entries, func(other *entry) bool { return other == e })
}

// values returns the values by path, in a map of its own.
func (l *layer) values() map[string]any {
	values := make(map[string]any, len(l.entries))
	for _, e := range l.entries {
		values[e.key.Path] = e.value
	}
	return values
}
