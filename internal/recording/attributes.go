package recording

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
)

// attributes is a list of attributes with distinct keys, in the order in which the keys came first.
//
// Each key sets one bit of mask, which its hash selects. If the bit of a key is not set, the key is new. Otherwise the
// list is searched, or the index if the list is long.
type attributes struct {
	list    []attribute.KeyValue
	dropped int
	mask    uint64
	index   map[attribute.Key]int // nil while the list is short
}

// indexed is the minimum length of a list with an index.
const indexed = 64

// reserve makes room for n more attributes, but not for more than limit.
func (a *attributes) reserve(n, limit int) {
	if limit >= 0 {
		n = min(n, limit-len(a.list))
	}
	if n > 0 {
		a.list = slices.Grow(a.list, n)
	}
}

// set sets one attribute, or counts it as dropped.
func (a *attributes) set(kv *attribute.KeyValue, l *limits) {
	if !kv.Valid() {
		a.dropped++
		return
	}
	bit := bitOf(kv.Key)
	i := a.find(kv.Key, bit)
	if i < 0 {
		if i = len(a.list); l.AttributeCountLimit >= 0 && i >= l.AttributeCountLimit {
			a.dropped++
			return
		}
		a.list = append(a.list, *kv)
		a.mask |= bit
		if len(a.list) >= indexed {
			a.indexLast()
		}
	} else {
		a.list[i].Value = kv.Value
	}
	if !l.fits(&kv.Value) {
		a.list[i].Value = l.value(kv.Value)
	}
}

// find returns the position of a key, or -1.
func (a *attributes) find(key attribute.Key, bit uint64) int {
	if a.mask&bit == 0 {
		return -1
	}
	if a.index != nil {
		if i, ok := a.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range a.list {
		if a.list[i].Key == key {
			return i
		}
	}
	return -1
}

// indexLast adds the last attribute to the index, or makes the index.
func (a *attributes) indexLast() {
	if a.index != nil {
		a.index[a.list[len(a.list)-1].Key] = len(a.list) - 1
		return
	}
	a.index = make(map[attribute.Key]int, 2*indexed)
	for i := range a.list {
		a.index[a.list[i].Key] = i
	}
}

// bitOf returns the bit of a key, which must not be empty. It hashes the length, the middle and the end of the key,
// where the keys of one span differ most.
func bitOf(key attribute.Key) uint64 {
	n := len(key)
	h := uint32(n)*31 + uint32(key[n-1])
	h = h*31 + uint32(key[n/2])
	h *= 0x9e3779b1
	return 1 << (h >> 26)
}
