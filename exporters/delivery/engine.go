package delivery

import (
	"context"
	"maps"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// An engine is the part of a destination that does not depend on the payload's type: the
// queue, the accounts, the backoff and the log. It is a monitor: every field below mu is
// guarded by it, and every change that a goroutine may wait for is broadcast on changed.
// One lock makes Stats a snapshot; it is never held while an encoder, a sender or a log handler runs.
type engine struct {
	after  afterwards // read for every span, so not beside mu, which every span writes
	o      Options
	run    context.Context // of all attempts; cancelled when Shutdown's context ends
	cancel context.CancelFunc
	done   chan struct{} // closed when Shutdown is through

	mu      sync.Mutex
	changed sync.Cond

	queue    fifo
	held     int64               // cost of the spans waiting and in flight
	added    uint64              // spans ever queued: the sequence number of the next one
	inFlight map[*batch]struct{} // batches with spans not settled yet
	flushTo  uint64              // spans below this number wait for no full batch
	closing  bool                // Shutdown was called
	aborted  bool                // and its context has ended
	leftover uint64              // spans dropped because of that

	ended, delivered, retries uint64
	dropped, repaired         map[string]uint64

	gate  gate
	limit limit
	log   journal
}

// A batch is what one sender took from the queue at once: numbers from until to.
type batch struct {
	from, to uint64
	spans    []sdktrace.ReadOnlySpan
	left     int   // spans neither delivered nor dropped
	cost     int64 // of those
}

func newEngine(o Options) *engine {
	e := &engine{
		o: o, done: make(chan struct{}),
		inFlight: map[*batch]struct{}{}, dropped: map[string]uint64{}, repaired: map[string]uint64{},
	}
	e.run, e.cancel = context.WithCancel(context.Background())
	e.changed.L = &e.mu
	e.log.start(e)
	return e
}

// enqueue takes one span, or counts it as dropped and returns the reason.
func (e *engine) enqueue(span sdktrace.ReadOnlySpan) (reason string) {
	var it item
	it.span, it.cost = owning(span)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		e.countLate()
		return DropShutdown
	}
	e.ended++
	if reason := e.refuses(it.cost); reason != "" {
		e.count(reason, 1)
		return reason
	}
	e.queue.push(it)
	e.added++
	e.held += it.cost
	if n := e.queue.length; n == 1 || n%e.o.BatchSize == 0 {
		e.changed.Broadcast()
	}
	return ""
}

// refuses is the reason for which a span of this cost is not queued, or "".
func (e *engine) refuses(cost int64) string {
	switch {
	case cost > e.o.QueueBytes:
		return DropTooLarge
	case e.held+cost > e.o.QueueBytes:
		return DropQueueFull
	case e.o.MaxQueueSize > 0 && e.waitingAndInFlight() >= e.o.MaxQueueSize:
		return DropQueueFull
	}
	return ""
}

func (e *engine) waitingAndInFlight() int {
	n := e.queue.length
	for b := range e.inFlight {
		n += b.left
	}
	return n
}

// take waits for a batch and moves it from the queue into flight. It returns nil at until,
// if that is not zero, or when nothing will come any more: over.
func (e *engine) take(until time.Time) (b *batch, over bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		now := time.Now()
		switch n := e.ready(now); {
		case e.aborted:
			return nil, true
		case n > 0:
			return e.move(n), false
		case !until.IsZero() && !now.Before(until):
			return nil, false
		case e.closing && e.queue.length == 0 && until.IsZero():
			return nil, true
		}
		e.wait(earliest(until, e.oldestDue()))
	}
}

// ready is the number of spans a sender may take now.
func (e *engine) ready(now time.Time) int {
	n := min(e.queue.length, e.o.BatchSize)
	switch first := e.added - uint64(e.queue.length); {
	case n == 0:
		return 0
	case e.closing:
		return n
	case first < e.flushTo: // a flush must not wait for spans that came after it
		return min(n, int(e.flushTo-first))
	case n == e.o.BatchSize:
		return n
	case !now.Before(e.oldestDue()) && e.o.BatchDelay >= 0:
		return n
	}
	return 0
}

// oldestDue is when the oldest waiting span has waited long enough; zero means never.
func (e *engine) oldestDue() time.Time {
	if e.queue.length == 0 || e.o.BatchDelay < 0 {
		return time.Time{}
	}
	return e.queue.first().at.Add(e.o.BatchDelay)
}

// move takes up to n spans, and not more than the byte limit of a few payloads: what is
// encoded at once is not covered by the queue's bound.
func (e *engine) move(n int) *batch {
	b := &batch{from: e.added - uint64(e.queue.length), spans: make([]sdktrace.ReadOnlySpan, 0, n)}
	budget := e.limit.batch()
	for len(b.spans) < n && (len(b.spans) == 0 || b.cost+e.queue.first().cost <= budget) {
		it := e.queue.pop()
		b.spans = append(b.spans, it.span)
		b.cost += it.cost
	}
	b.left, b.to = len(b.spans), b.from+uint64(len(b.spans))
	e.inFlight[b] = struct{}{}
	if e.queue.length > 0 {
		e.changed.Broadcast() // the next sender has to look at the new oldest span
	}
	return b
}

// settle ends n spans of b: delivered if reason is empty, else dropped.
func (e *engine) settle(b *batch, n int, reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settleLocked(b, n, reason)
}

func (e *engine) settleLocked(b *batch, n int, reason string) {
	n = min(n, b.left) // 0 when the batch was given up on in Shutdown
	if n <= 0 {
		return
	}
	part := b.cost * int64(n) / int64(b.left)
	b.left, b.cost, e.held = b.left-n, b.cost-part, e.held-part
	if b.left == 0 {
		delete(e.inFlight, b)
	}
	switch reason {
	case "":
		e.delivered += uint64(n)
	case DropShutdown:
		e.leftover += uint64(n)
		fallthrough
	default:
		e.count(reason, n)
	}
	e.changed.Broadcast()
}

// count adds drops to the accounts and to the log's.
func (e *engine) count(reason string, n int) {
	e.dropped[reason] += uint64(n)
	e.log.drop(reason, n)
}

// before is the number of spans below a sequence number that are not settled.
func (e *engine) before(number uint64) int {
	first := e.added - uint64(e.queue.length)
	n := 0
	if first < number {
		n = int(number - first)
	}
	for b := range e.inFlight {
		if b.from < number {
			n += b.left
		}
	}
	return n
}

func (e *engine) stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := Stats{
		Ended: e.ended, Delivered: e.delivered, Retries: e.retries, Queued: uint64(e.waitingAndInFlight()),
		Dropped: maps.Clone(e.dropped), Repaired: maps.Clone(e.repaired),
		Since: e.log.since, LastError: e.log.lastError, Hint: e.log.hint,
	}
	if late := e.after.spans.Load(); late > 0 {
		s.Ended += late
		s.Dropped[DropShutdown] += late
	}
	return s
}

// wait returns at the next broadcast, or at due if that is not zero. Called with mu held.
func (e *engine) wait(due time.Time) {
	if !due.IsZero() {
		defer time.AfterFunc(time.Until(due), e.broadcast).Stop()
	}
	e.changed.Wait()
}

// broadcast takes the lock, so that it cannot come between a look and the wait after it.
func (e *engine) broadcast() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.changed.Broadcast()
}

// earliest of two instants, either of which may be zero for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
