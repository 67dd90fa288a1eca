package delivery

import (
	"context"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// An Exporter is one destination: a queue, the goroutines that send from it, and its account. [New] and [Wrap] start one.
// Any number of goroutines may call its methods.
//
// How it works. The exporter is a monitor. One lock guards the queue, the batches in flight, the account, the breaker and
// the state of the log, so that Stats is a snapshot that adds up. The lock is never held while an encoder, a sender or a
// log handler runs. Every change that a goroutine may wait for is broadcast. Each sender goroutine takes a batch from the
// queue, encodes it, and keeps its payloads until each is settled: delivered or dropped. See sendLoop for senders that get
// answers and confirmLoop for those that do not.
type Exporter struct {
	late    lateSpans // read for every span; apart from mu, which every span writes
	options Options
	close   func(context.Context) error // of the sender
	encode  encodeSpan                  // nil if the encoder is not a SpanEncoder
	run     context.Context             // of all attempts; cancelled when Shutdown's context ends
	cancel  context.CancelFunc
	senders chan struct{} // closed when all sender goroutines have returned
	done    chan struct{} // closed when Shutdown has returned
	spool   *Spool        // Options.Spool if it is used, or nil

	mu      sync.Mutex
	changed sync.Cond

	queue       fifo
	blocks      blocks              // with the encoded spans of the queue
	queuedBytes int64               // cost of the spans that are queued or in flight
	added       uint64              // spans ever queued: the sequence number of the next one
	inFlight    map[*batch]struct{} // batches with spans that are not settled
	flushSeq    uint64              // spans below this number do not wait for a full batch
	closing     bool                // Shutdown was called
	aborted     bool                // Shutdown's context has ended
	account     account
	breaker     breaker
	blamed      time.Time // when a failure was last blamed on a payload
	appended    uint64    // changes of the spool that a replay loop waits for
	spillEnded  bool      // the spill loop has written all that it will write
	spoolFailed time.Time // when a failure to spool was last logged
	limit       payloadLimit
	log         *logThrottle
}

func newExporter(encoder any, o Options, closeSender func(context.Context) error) *Exporter {
	x := &Exporter{
		options: o, close: closeSender, senders: make(chan struct{}), done: make(chan struct{}),
		inFlight: map[*batch]struct{}{}, account: newAccount(), limit: newPayloadLimit(encoder),
	}
	x.run, x.cancel = context.WithCancel(context.Background())
	x.changed.L = &x.mu
	x.log = newLogThrottle(o, &x.mu, x.queued)
	return x
}

// Enqueue takes a span that has ended. It never blocks, encodes or logs. A span for which the queue has no room is counted
// in Stats.Dropped. The span must not change any more, as those of the SDK do not, and goes through [Own]. A provider that
// cuts values of attributes itself keeps more in memory than Own can see: use [Exporter.Take]. Enqueue ignores nil.
func (x *Exporter) Enqueue(span sdktrace.ReadOnlySpan) {
	if span == nil || x.shutDown() {
		return
	}
	var it item
	it.span, it.cost = owning(span)
	x.enqueue(it)
}

// Take is Enqueue for a span that may change, or whose memory may be used again, once Take has returned. If the encoder is
// a [SpanEncoder], Take encodes the span. Otherwise it enqueues a [Copy].
func (x *Exporter) Take(span sdktrace.ReadOnlySpan) {
	if span != nil {
		x.take(span)
	}
}

// Encodes reports whether the encoder is a [SpanEncoder], so that Take encodes the span.
func (x *Exporter) Encodes() bool { return x.encode != nil }

// ExportSpans calls [Exporter.Take] for each span. It returns nil at once, or ErrShutdown. Stats and the log show what
// becomes of the spans. By ExportSpans, any other span processor can feed the destination.
func (x *Exporter) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	var err error
	for _, span := range spans {
		if span != nil && x.take(span) == DropShutdown {
			err = ErrShutdown
		}
	}
	return err
}

func (x *Exporter) take(span sdktrace.ReadOnlySpan) (dropped Reason) {
	switch {
	case x.shutDown():
		return DropShutdown
	case x.encode != nil:
		return x.takeEncoded(span)
	}
	span = Copy(span)
	return x.enqueue(item{span: span, cost: Cost(span)})
}

// Spools reports whether Options.Spool is used. Otherwise it belongs to the caller.
func (x *Exporter) Spools() bool { return x.spool != nil }

// spoolsAll reports whether every payload is written to the spool before it is sent.
func (x *Exporter) spoolsAll() bool { return x.spool != nil && x.spool.options.Mode == SpoolAlways }

// Stats returns a snapshot of the account. The maps belong to the caller.
func (x *Exporter) Stats() Stats {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.account.stats()
	queued := int64(x.queued()) + min(0, x.account.spooled) // delivered from the spool, and not yet taken out of the queue
	s.Queued, s.Since, s.LastError, s.Hint = uint64(queued), x.log.since, x.log.lastError, x.log.hint
	s.Oldest = x.oldest()
	s.Breaker, s.Next = x.breaker.state()
	late := x.late.spans.Load()
	s.Ended += late
	if late > 0 {
		s.Dropped[DropShutdown] += late
	}
	return s
}

// shutDown reports whether Shutdown was called, and counts a span if it was.
func (x *Exporter) shutDown() bool {
	if !x.late.begun.Load() {
		return false
	}
	x.late.count(x.log)
	return true
}

// enqueue queues one span, or counts it as dropped and returns the reason.
func (x *Exporter) enqueue(it item) (dropped Reason) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closing {
		x.late.count(x.log)
		return DropShutdown
	}
	x.account.ended++
	return x.push(it)
}

// push queues one span, or drops it and returns the reason. Called with mu held.
func (x *Exporter) push(it item) (dropped Reason) {
	if reason := x.refuses(it.cost); reason != "" {
		x.drop(reason, 1)
		return reason
	}
	x.queue.push(it)
	x.added++
	x.queuedBytes += it.cost
	if n := x.queue.length; n == 1 || n%x.options.BatchSize == 0 {
		x.changed.Broadcast()
	}
	return ""
}

// refuses returns the reason why a span of this cost is not queued, or "".
func (x *Exporter) refuses(cost int64) Reason {
	switch {
	case cost > x.options.QueueBytes:
		return DropTooLarge
	case x.queuedBytes+cost > x.options.QueueBytes:
		return DropQueueFull
	case x.options.MaxQueueSize > 0 && x.queued() >= x.options.MaxQueueSize:
		return DropQueueFull
	}
	return ""
}

// queued returns the number of spans that are queued or in flight. Called with mu held.
func (x *Exporter) queued() int {
	n := x.queue.length
	for b := range x.inFlight {
		n += b.left
	}
	return n
}

// drop adds drops to the account and to the log. Called with mu held.
func (x *Exporter) drop(reason Reason, n int) {
	x.account.dropped[reason] += uint64(n)
	x.log.drop(reason, n)
}

// wait returns at the next broadcast, or at due if that is not zero. Called with mu held.
func (x *Exporter) wait(due time.Time) {
	if !due.IsZero() {
		defer time.AfterFunc(time.Until(due), x.broadcast).Stop()
	}
	x.changed.Wait()
}

// broadcast wakes all waiting goroutines. It takes the lock, so that it cannot come between a check and the wait after it.
func (x *Exporter) broadcast() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.changed.Broadcast()
}
