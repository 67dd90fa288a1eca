package recording

import (
	"sync"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// HoldLimits bound the spans that wait for the decision about their local trace. A limit of 0 means its default.
type HoldLimits struct {
	MaxTraces int           // local traces that hold spans; 10,000 by default
	MaxBytes  int           // estimated memory of all held spans; 64 MiB by default
	MaxTime   time.Duration // time that a span is held; one minute by default
}

func (l HoldLimits) withDefaults() HoldLimits {
	if l.MaxTraces <= 0 {
		l.MaxTraces = 10_000
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = 64 << 20
	}
	if l.MaxTime <= 0 {
		l.MaxTime = time.Minute
	}
	return l
}

// HoldStats counts undecided local traces and their spans.
type HoldStats struct {
	Traces, Spans, Bytes int // held now; Bytes is an estimate

	Kept, Dropped uint64 // local traces with a verdict at their end
	// Evicted and Expired count local traces that lost their spans: to MaxTraces or MaxBytes, and to MaxTime. Shutdown
	// counts those that were undecided at the end of the program.
	Evicted, Expired, Shutdown uint64
	LateKept, LateDropped      uint64 // spans that ended after their local root
}

// A hold has the undecided local traces of a provider that hold spans, in the order in which they began to.
//
// How it works. A local root without held descendants is not in the list: it is decided by its End alone, without the lock.
// The first descendant that ends enters the local trace in the list, and the end of the root removes it. If a limit is
// exceeded, the oldest local trace of the list loses its spans. One timer, which is set while the list is not empty, does
// the same for the oldest one when its time is over.
type hold struct {
	cost func(sdktrace.ReadOnlySpan) int64 // of a span, in bytes

	kept, dropped, lateKept, lateDropped atomic.Uint64

	mu                         sync.Mutex // guards what follows, and the state of all local traces
	limits                     HoldLimits
	oldest, newest             *localTrace
	traces, spans, bytes       int
	evicted, expired, shutdown uint64
	timer                      *time.Timer
	closed                     bool
}

func newHold(limits HoldLimits, cost func(sdktrace.ReadOnlySpan) int64) *hold {
	if cost == nil {
		cost = func(sdktrace.ReadOnlySpan) int64 { return 0 }
	}
	return &hold{limits: limits.withDefaults(), cost: cost}
}

// setLimits replaces the limits. Local traces above them lose their spans.
func (h *hold) setLimits(limits HoldLimits) {
	h.mu.Lock()
	h.limits = limits.withDefaults()
	evicted := h.evict()
	h.arm()
	h.mu.Unlock()
	discardAll(evicted)
}

func (h *hold) stats() HoldStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return HoldStats{
		Traces: h.traces, Spans: h.spans, Bytes: h.bytes,
		Kept: h.kept.Load(), Dropped: h.dropped.Load(), LateKept: h.lateKept.Load(), LateDropped: h.lateDropped.Load(),
		Evicted: h.evicted, Expired: h.expired, Shutdown: h.shutdown,
	}
}

// add holds a span of t, and returns the spans that this displaces. The caller holds mu.
func (h *hold) add(t *localTrace, b *Body) (displaced []*Body) {
	if h.closed {
		t.state = dropped
		h.shutdown++
		return []*Body{b}
	}
	size := int(h.cost(b))
	t.spans, t.bytes = append(t.spans, b), t.bytes+size
	h.spans, h.bytes = h.spans+1, h.bytes+size
	if len(t.spans) == 1 {
		h.enter(t)
	}
	return h.evict()
}

// enter adds t at the end of the list. The caller holds mu.
func (h *hold) enter(t *localTrace) {
	t.since = time.Now()
	t.previous = h.newest
	if h.newest == nil {
		h.oldest = t
	} else {
		h.newest.next = t
	}
	h.newest = t
	h.traces++
	if h.oldest == t {
		h.arm()
	}
}

// leave removes t from the list, if it is there, and returns the spans that it held. The caller holds mu.
func (h *hold) leave(t *localTrace) []*Body {
	if len(t.spans) == 0 {
		return nil
	}
	if t.previous == nil {
		h.oldest = t.next
	} else {
		t.previous.next = t.next
	}
	if t.next == nil {
		h.newest = t.previous
	} else {
		t.next.previous = t.previous
	}
	h.traces, h.spans, h.bytes = h.traces-1, h.spans-len(t.spans), h.bytes-t.bytes
	spans := t.spans
	t.spans, t.bytes, t.previous, t.next = nil, 0, nil, nil
	return spans
}

// evict drops the oldest local traces above the limits and returns their spans. The caller holds mu.
func (h *hold) evict() (displaced []*Body) {
	for h.oldest != nil && (h.traces > h.limits.MaxTraces || h.bytes > h.limits.MaxBytes) {
		h.oldest.state = dropped
		displaced = append(displaced, h.leave(h.oldest)...)
		h.evicted++
	}
	return displaced
}

// arm sets the timer for the oldest local trace. The caller holds mu.
func (h *hold) arm() {
	if h.oldest == nil || h.closed {
		return
	}
	wait := max(0, time.Until(h.oldest.since.Add(h.limits.MaxTime)))
	if h.timer == nil {
		h.timer = time.AfterFunc(wait, h.expire)
		return
	}
	h.timer.Reset(wait)
}

// expire decides the local traces whose time is over.
func (h *hold) expire() {
	for {
		t, spans := h.expireOldest()
		if t == nil {
			return
		}
		t.settle(spans)
	}
}

// expireOldest decides the oldest local trace if its time is over, and returns it with the spans that it held. Otherwise it
// sets the timer.
func (h *hold) expireOldest() (*localTrace, []*Body) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.oldest
	if t == nil || h.closed || time.Since(t.since) < h.limits.MaxTime {
		h.arm()
		return nil, nil
	}
	t.expire()
	if t.state == dropped {
		h.expired++
	}
	return t, h.leave(t)
}

// close drops all undecided spans and stops the timer. Local traces that hold spans later are dropped.
func (h *hold) close() {
	h.mu.Lock()
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
	}
	var spans []*Body
	for h.oldest != nil {
		h.oldest.state = dropped
		spans = append(spans, h.leave(h.oldest)...)
		h.shutdown++
	}
	h.mu.Unlock()
	discardAll(spans)
}

func discardAll(spans []*Body) {
	for _, b := range spans {
		b.discard()
	}
}
