package otlp

import (
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// slabs hand out the messages of one tree, many from one allocation. The tree lives and dies as
// a whole, so nothing is kept longer than it would be anyway.
type slabs struct {
	expected int
	span     slab[spanMessage]
	kv       slab[pairMessage]
	strings  slab[commonpb.AnyValue_StringValue]
	ints     slab[commonpb.AnyValue_IntValue]
	ptr      slab[*commonpb.KeyValue]
	raw      slab[byte]
}

type spanMessage struct {
	span   tracepb.Span
	status tracepb.Status
}

type pairMessage struct {
	kv    commonpb.KeyValue
	value commonpb.AnyValue
}

type slab[T any] struct {
	free []T
	made int // size of the last one
}

// take returns n fresh elements; slabs double from first up to 256 elements.
func (s *slab[T]) take(n, first int) []T {
	if n > len(s.free) {
		s.made = max(n, min(max(first, 2*s.made), 256))
		s.free = make([]T, s.made)
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}

func (s *slabs) newSpan() *tracepb.Span {
	m := &s.span.take(1, min(s.expected, 64))[0]
	m.span.Status = &m.status
	return &m.span
}

func (s *slabs) pair() *pairMessage { return &s.kv.take(1, 8)[0] }

func (s *slabs) newString() *commonpb.AnyValue_StringValue { return &s.strings.take(1, 8)[0] }

func (s *slabs) newInt() *commonpb.AnyValue_IntValue { return &s.ints.take(1, 4)[0] }

func (s *slabs) pointers(n int) []*commonpb.KeyValue { return s.ptr.take(n, 16) }

func (s *slabs) bytes(b []byte) []byte {
	out := s.raw.take(len(b), 48)
	copy(out, b)
	return out
}
