package semattr

import (
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
)

// lists are reused for the values of a list, which attributes copy.
var lists = sync.Pool{New: func() any { return new([MaxList]string) }}

// List returns the attribute key=values with at most [MaxList] values, each cleaned by [Text]. The texts are copies in
// one allocation. The slice is not kept.
func List(key attribute.Key, values []string) attribute.KeyValue {
	list := lists.Get().(*[MaxList]string)
	defer func() {
		clear(list[:])
		lists.Put(list)
	}()
	clean := list[:copy(list[:], values)]
	size := 0
	for i := range clean {
		clean[i] = Text(clean[i])
		size += len(clean[i])
	}
	own(clean, size)
	return key.StringSlice(clean)
}

// own replaces values, which have size bytes together, by parts of one copy.
func own(values []string, size int) {
	var block strings.Builder
	block.Grow(size)
	for _, value := range values {
		block.WriteString(value)
	}
	rest := block.String()
	for i, value := range values {
		values[i], rest = rest[:len(value)], rest[len(value):]
	}
}
