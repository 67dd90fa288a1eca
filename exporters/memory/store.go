package memory

import (
	"container/list"
	"context"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// Limits bound a store. Zero means the default, a negative number none.
type Limits struct {
	Spans  int   // kept at most; 10 000
	Bytes  int64 // that they and the store's index keep alive, by the estimate of delivery.Cost; 64 MiB. One span is kept whatever its size
	Traces int   // that they belong to; as many as spans
	// TraceSpans are kept at most of one trace, so that a huge one does not push out all others; as many as spans.
	TraceSpans int
}

// Defaults of Limits.
const (
	DefaultSpans = 10_000
	DefaultBytes = 64 << 20
)

// costTrace is what the index of a store keeps for a trace, in bytes: an entry, its places in the list and in the
// map, and its list of spans. A span's own place is as large as one in a queue, which delivery.Cost includes.
const costTrace = 128

// A Store keeps the last finished spans. All its methods may be called from any number of
// goroutines. The spans it hands out never change.
type Store struct {
	mu      sync.Mutex
	limits  Limits
	spans   list.List // of kept, in order of arrival
	traces  list.List // of *entry, in order of their first span's arrival
	byID    map[trace.TraceID]*list.Element
	bytes   int64         // of spans and traces
	number  uint64        // of changes
	changed chan struct{} // closed at the next change; nil without a waiting caller
}

type kept struct {
	span  sdktrace.ReadOnlySpan
	cost  int64
	trace *list.Element
}

type entry struct {
	id      trace.TraceID
	spans   []*list.Element // of Store.spans, in order of arrival
	evicted int
}

// A Trace is what a store holds of one trace.
type Trace struct {
	ID      trace.TraceID
	Spans   []sdktrace.ReadOnlySpan // in order of arrival, that is of their end
	Evicted int                     // spans that had to make room; those of a trace that is gone as a whole are not known
}

// NewStore makes an empty store.
func NewStore(l Limits) *Store {
	s := &Store{byID: map[trace.TraceID]*list.Element{}}
	s.SetLimits(l)
	return s
}

var process = NewStore(Limits{})

// Default is the process's store, which the exporters opened by the configuration fill.
func Default() *Store { return process }

// SetLimits changes the bounds and drops what is above them.
func (s *Store) SetLimits(l Limits) {
	if l.Spans == 0 {
		l.Spans = DefaultSpans
	}
	if l.Bytes == 0 {
		l.Bytes = DefaultBytes
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l
	before := s.spans.Len()
	for at := s.traces.Front(); at != nil; at = at.Next() {
		s.shorten(at.Value.(*entry))
	}
	s.evict()
	if s.spans.Len() != before {
		s.change()
	}
}

// Limits are the bounds in force.
func (s *Store) Limits() Limits {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limits
}

// Add keeps a copy of a span whose texts are its own, see delivery.Copy; nil is nothing.
func (s *Store) Add(span sdktrace.ReadOnlySpan) {
	if span != nil {
		s.keep(delivery.Copy(span))
	}
}

// keep keeps a span that keeps alive what delivery.Cost counts.
func (s *Store) keep(span sdktrace.ReadOnlySpan) {
	cost := delivery.Cost(span)
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.entry(span.SpanContext().TraceID())
	e := at.Value.(*entry)
	e.spans = append(e.spans, s.spans.PushBack(kept{span, cost, at}))
	s.bytes += cost
	s.shorten(e)
	s.evict()
	s.change()
}

// entry is the place of a trace, made if it is new.
func (s *Store) entry(id trace.TraceID) *list.Element {
	at, ok := s.byID[id]
	if !ok {
		at = s.traces.PushBack(&entry{id: id})
		s.byID[id] = at
		s.bytes += costTrace
	}
	return at
}

// evict drops the oldest traces and spans above the limits, but never the newest span.
func (s *Store) evict() {
	for over(s.traces.Len(), s.limits.Traces) {
		for e := s.traces.Front().Value.(*entry); len(e.spans) > 0; {
			s.drop(e.spans[0])
		}
	}
	for over(s.spans.Len(), s.limits.Spans) || (s.limits.Bytes > 0 && s.bytes > s.limits.Bytes && s.spans.Len() > 1) {
		s.drop(s.spans.Front())
	}
}

// shorten drops the oldest spans of a trace that holds too many.
func (s *Store) shorten(e *entry) {
	for over(len(e.spans), s.limits.TraceSpans) {
		s.drop(e.spans[0])
	}
}

func over(n, limit int) bool { return limit > 0 && n > limit }

// drop takes out a span, which is the oldest of its trace.
func (s *Store) drop(at *list.Element) {
	k := s.spans.Remove(at).(kept)
	s.bytes -= k.cost
	e := k.trace.Value.(*entry)
	e.spans[0] = nil
	e.spans = e.spans[1:]
	e.evicted++
	if len(e.spans) == 0 {
		delete(s.byID, e.id)
		s.traces.Remove(k.trace)
		s.bytes -= costTrace
	}
}

// Spans are the spans kept, in order of their end. The slice is the caller's.
func (s *Store) Spans() []sdktrace.ReadOnlySpan {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]sdktrace.ReadOnlySpan, 0, s.spans.Len())
	for at := s.spans.Front(); at != nil; at = at.Next() {
		all = append(all, at.Value.(kept).span)
	}
	return all
}

// Traces are at most n traces, those first whose first span arrived last; n < 0 means all.
// The slices are the caller's.
func (s *Store) Traces(n int) []Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 0 || n > s.traces.Len() {
		n = s.traces.Len()
	}
	all := make([]Trace, 0, n)
	for at := s.traces.Back(); at != nil && len(all) < n; at = at.Prev() {
		all = append(all, at.Value.(*entry).copy())
	}
	return all
}

// Trace is the trace of an id; false if no span of it is kept.
func (s *Store) Trace(id trace.TraceID) (Trace, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.byID[id]
	if !ok {
		return Trace{}, false
	}
	return at.Value.(*entry).copy(), true
}

func (e *entry) copy() Trace {
	t := Trace{ID: e.id, Evicted: e.evicted, Spans: make([]sdktrace.ReadOnlySpan, 0, len(e.spans))}
	for _, at := range e.spans {
		t.Spans = append(t.Spans, at.Value.(kept).span)
	}
	return t
}

// Reset empties the store.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans.Init()
	s.traces.Init()
	clear(s.byID)
	s.bytes = 0
	s.change()
}

// Generation counts the changes: it is another number whenever Spans may be another list.
func (s *Store) Generation() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number
}

// Wait returns the generation as soon as it differs from seen, or when ctx ends. A page that
// shows the store reads Generation, then the spans, then waits:
//
//	for seen := store.Generation(); ctx.Err() == nil; seen = store.Wait(ctx, seen) {
//		show(store.Traces(50))
//	}
func (s *Store) Wait(ctx context.Context, seen uint64) uint64 {
	for ctx.Err() == nil {
		now, changed := s.watch(seen)
		if changed == nil {
			return now
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return s.Generation()
}

// watch is the generation, and what to wait for if it is still the one seen.
func (s *Store) watch(seen uint64) (uint64, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number != seen {
		return s.number, nil
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.number, s.changed
}

func (s *Store) change() {
	s.number++
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}
