package otlp

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// A batch is the state of one call of Encode. Later calls use it again, one at a time.
//
// How it works. add appends a span to the buffer and notes where it ends and which scope it has. A scope is found by
// comparing it with that of the last span, else in the map of groups; a new one takes its head from the cache. order
// then brings the spans of each scope together, with a counting sort, because a request lists them by resource and
// scope. Nothing is copied until the layout writes the payloads.
type batch struct {
	report *delivery.Report
	writer // its buffer holds the spans
	layout
	heads heads

	groups  map[groupKey]int    // indexes in layout.scopes
	known   map[resourceKey]int // indexes in layout.resources
	last    group
	ordered []piece
	next    []int // by scope: where its next span goes in ordered
	counts  []int // by resource, see place
}

// A resourceKey identifies a resource by its attributes, as upstream does.
type resourceKey = attribute.Distinct

// A groupKey identifies a scope of a resource. Two scopes with equal attributes are equal, because an attribute set is
// comparable.
type groupKey struct {
	resource resourceKey
	scope    instrumentation.Scope
}

// A group is the scope of the last span: consecutive spans usually have the same.
type group struct {
	of    *resource.Resource
	scope instrumentation.Scope
	index int
	set   bool
}

// newBatch returns a batch that writes with the settings of w.
func newBatch(w writer) *batch {
	return &batch{writer: w, heads: newHeads(w), groups: map[groupKey]int{}, known: map[resourceKey]int{}}
}

// reset prepares the batch for another call. It keeps the memory and the cached heads, but no span and no report.
func (b *batch) reset() {
	b.report, b.source, b.last = nil, nil, group{}
	b.writer.buf, b.writer.fixed, b.writer.depth = b.writer.buf[:0], 0, 0
	b.layout.spans = b.layout.spans[:0]
	clear(b.layout.scopes)
	clear(b.layout.resources)
	b.layout.scopes, b.layout.resources = b.layout.scopes[:0], b.layout.resources[:0]
	clear(b.groups)
	clear(b.known)
}

// add appends one span and reports its repairs.
func (b *batch) add(span sdktrace.ReadOnlySpan) {
	scope := b.group(span)
	b.fixed = b.scopes[scope].fixed
	start, end := b.times(span)
	from := len(b.buf)
	content := b.begin(contentField)
	b.writer.span(span, start, end)
	b.end(content)
	b.spans = append(b.spans, piece{from, len(b.buf), scope})
	if b.fixed&spantext.UTF8 != 0 {
		b.report.Repair(span, delivery.RepairUTF8)
	}
	if b.fixed&spantext.Value != 0 {
		b.report.Repair(span, delivery.RepairValue)
	}
}

// times returns start and end. OTLP counts from 1970 on, and receivers read an end before the start as an overflow, so
// both are repaired.
func (b *batch) times(span sdktrace.ReadOnlySpan) (uint64, uint64) {
	start, end := span.StartTime(), span.EndTime()
	if start.Before(epoch) {
		b.report.Repair(span, delivery.RepairStart)
	}
	if end.Before(start) {
		b.report.Repair(span, delivery.RepairDuration)
		end = start
	}
	return nanos(start), nanos(end)
}

// group returns the index of the span's scope.
func (b *batch) group(span sdktrace.ReadOnlySpan) int {
	res, scope := span.Resource(), span.InstrumentationScope()
	if b.last.set && b.last.of == res && b.last.scope == scope {
		return b.last.index
	}
	key := groupKey{res.Equivalent(), scope}
	index, ok := b.groups[key]
	if !ok {
		index = b.open(key, res)
		b.groups[key] = index
	}
	b.last = group{res, scope, index, true}
	return index
}

// open adds a scope, and its resource if that is new.
func (b *batch) open(key groupKey, res *resource.Resource) int {
	in, ok := b.known[key.resource]
	if !ok {
		in = len(b.resources)
		b.known[key.resource] = in
		h := b.heads.resource(res)
		b.resources = append(b.resources, section{head: h.bytes, fixed: h.fixed})
	}
	scope := b.heads.scope(key.scope)
	b.scopes = append(b.scopes, section{head: scope.bytes, in: in, fixed: b.resources[in].fixed | scope.fixed})
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
