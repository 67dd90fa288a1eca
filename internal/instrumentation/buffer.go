package instrumentation

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
)

// A Buffer holds the attributes of one span until SetAttributes copies them. Only attributes of deferred spans are
// put into it: a sampler, a handler or another provider might keep the slice.
type Buffer struct{ attrs []attribute.KeyValue }

// Attributes returns the attributes in b. A nil Buffer has none.
func (b *Buffer) Attributes() []attribute.KeyValue {
	if b == nil {
		return nil
	}
	return b.attrs
}

// Keep makes b hold attrs, which were appended to those of b and may have outgrown it, and returns them.
func (b *Buffer) Keep(attrs []attribute.KeyValue) []attribute.KeyValue {
	b.attrs = attrs
	return attrs
}

// Buffers is a pool of buffers. It is safe for concurrent use.
type Buffers struct{ pool sync.Pool }

// NewBuffers returns a pool of buffers with room for size attributes.
func NewBuffers(size int) *Buffers {
	return &Buffers{sync.Pool{New: func() any { return &Buffer{make([]attribute.KeyValue, 0, size)} }}}
}

// Get returns an empty buffer.
func (p *Buffers) Get() *Buffer {
	b := p.pool.Get().(*Buffer)
	b.attrs = b.attrs[:0]
	return b
}

// Put returns b, which may be nil, to the pool. What it refers to stays alive until its next use or the second garbage
// collection from now; clearing it would take a tenth of the time that instrumentation takes for a request.
func (p *Buffers) Put(b *Buffer) {
	if b != nil {
		p.pool.Put(b)
	}
}
