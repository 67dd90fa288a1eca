package otlp

import (
	"slices"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// A batch is the state of one call of Pack. Later calls use it again, one at a time.
//
// How it works. add notes the bytes of a span and the index of its scope. order then brings the spans of each scope
// together, with a counting sort, because a request lists them by resource and scope. Nothing is copied until the layout
// writes the payloads.
type batch struct {
	layout
	groups    map[*group]int // indexes in layout.scopes
	known     map[*head]int  // indexes in layout.resources
	last      *group
	lastIndex int
	ordered   []piece
	next      []int // by scope: where its next span goes in ordered
	counts    []int // by resource, see place
}

func newBatch() *batch {
	return &batch{groups: map[*group]int{}, known: map[*head]int{}}
}

// reset prepares the batch for another call. It keeps the memory, but no span.
func (b *batch) reset() {
	b.last = nil
	clear(b.spans)
	clear(b.ordered)
	clear(b.scopes)
	clear(b.resources)
	b.spans, b.ordered, b.scopes, b.resources = b.spans[:0], b.ordered[:0], b.scopes[:0], b.resources[:0]
	clear(b.groups)
	clear(b.known)
}

// add adds one span.
func (b *batch) add(span delivery.EncodedSpan) {
	of, _ := span.Group.(*group)
	if of != b.last {
		b.last, b.lastIndex = of, b.index(of)
	}
	b.spans = append(b.spans, piece{span.Bytes, b.lastIndex})
}

// index returns the index of a scope, and adds the scope and its resource if they are new.
func (b *batch) index(of *group) int {
	if index, ok := b.groups[of]; ok {
		return index
	}
	in, ok := b.known[of.resource]
	if !ok {
		in = len(b.resources)
		b.known[of.resource] = in
		b.resources = append(b.resources, section{head: of.resource.bytes})
	}
	b.scopes = append(b.scopes, section{head: of.scope.bytes, in: in})
	b.groups[of] = len(b.scopes) - 1
	return len(b.scopes) - 1
}

// order sorts the spans by resource and scope, both in the order first seen. Spans of one scope keep their order.
func (b *batch) order() {
	if len(b.scopes) < 2 {
		return
	}
	b.next = zeros(b.next, len(b.scopes))
	for _, span := range b.spans {
		b.next[span.scope]++
	}
	b.place()
	b.ordered = append(b.ordered[:0], b.spans...)
	for _, span := range b.spans {
		b.ordered[b.next[span.scope]] = span
		b.next[span.scope]++
	}
	b.spans, b.ordered = b.ordered, b.spans
}

// place replaces the count of spans in each scope by the index of its first one.
func (b *batch) place() {
	b.counts = zeros(b.counts, len(b.resources))
	for scope, n := range b.next {
		b.counts[b.scopes[scope].in] += n
	}
	next := 0
	for resource, n := range b.counts {
		b.counts[resource] = next
		next += n
	}
	for scope, n := range b.next {
		in := b.scopes[scope].in
		b.next[scope] = b.counts[in]
		b.counts[in] += n
	}
}

// zeros returns n zeros in the memory of list, if that is large enough.
func zeros(list []int, n int) []int {
	list = slices.Grow(list[:0], n)[:n]
	clear(list)
	return list
}
