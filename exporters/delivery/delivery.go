package delivery

import (
	"context"
	"errors"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// ErrShutdown is what an export returns after Shutdown was called. The spans of such an
// export are counted as dropped, reason [DropShutdown].
var ErrShutdown = errors.New("exporter is shut down")

// A Payload is one request: encoded spans, ready to be sent as often as needed.
type Payload interface {
	Spans() int // how many spans it carries
	Size() int  // bytes on the wire, before compression
}

// An Encoder belongs to one format. Senders call it concurrently.
type Encoder[P Payload] interface {
	// Encode packs spans into payloads within the sender's limits, in order. A span it cannot
	// encode goes to r.Drop, one it had to change to r.Repair; it never fails as a whole.
	// It packs within the smaller of its own byte limit and r.Limit. It may keep neither the
	// slice nor r after it returns; payloads may refer to the spans, which never change.
	Encode(spans []sdktrace.ReadOnlySpan, r *Report) []P
	// Split halves a payload by spans, without encoding again; false for a single span.
	Split(p P) (a, b P, ok bool)
}

// A SpanEncoder is an [Encoder] that can encode a span before it is known which spans are sent with it. Its destination
// encodes a span at its end: the queue then holds bytes, which need less memory than a span and contain no pointers, and
// the memory of the span can be used again. Both methods are called concurrently.
type SpanEncoder[P Payload] interface {
	Encoder[P]
	// EncodeSpan appends the encoding of span to buf and returns the result, and the group of the span: what Pack must have
	// in addition, for example the encoding of the resource. A span that cannot be encoded goes to r.Drop, one that was
	// changed to r.Repair. EncodeSpan must keep neither span nor buf nor r.
	EncodeSpan(buf []byte, span sdktrace.ReadOnlySpan, r *Report) (encoded []byte, group any)
	// Pack packs encoded spans into payloads, as Encode packs spans. It may keep the groups, but not the bytes.
	Pack(spans []EncodedSpan, r *Report) []P
}

// An EncodedSpan is the result of EncodeSpan.
type EncodedSpan struct {
	Bytes []byte
	Group any
}

// Limiter is optional on an [Encoder]: the maximum size in bytes of a payload, and the minimum
// below which halving that limit stops. An encoder without it gets a limit the first time a
// receiver finds a payload too large, derived from that payload's size, with a floor of 64 KiB.
// Report.Limit holds the limit at the time of a call of Encode.
type Limiter interface {
	Limits() (maxBytes, minBytes int)
}

// Prober is optional on an [Encoder]: Probe returns a payload without spans, which the receiver accepts at no cost. While the
// receiver does not answer, the destination sends it at intervals, so that the spans follow soon after the end of an outage.
type Prober[P Payload] interface{ Probe() P }

// Describer is optional on an [Encoder]: Describe returns what a log may contain of the only span of p: its ids and the head of
// its name. It is called for a span that is dropped because the receiver always fails on it.
type Describer[P Payload] interface {
	Describe(p P) string
}

// Shrinker is optional on an [Encoder] whose payloads have a hard limit (UDP). Shrink encodes the only span of p again,
// within r.Limit, and reports what it leaves out to r.Repair. It returns false if the span cannot be made smaller; the
// span is then dropped as DropTooLarge.
type Shrinker[P Payload] interface {
	Shrink(p P, r *Report) (smaller P, ok bool)
}

// A Sender makes one attempt. It must return soon after ctx ends and must not keep p.
// Send is called concurrently, by up to Options.Senders goroutines.
type Sender[P Payload] interface {
	Send(ctx context.Context, p P) Outcome
	// Close is called once, after the last Send has returned or has been given up on.
	Close(ctx context.Context) error
}

// Confirmer is optional on a [Sender] that gets no answers (UDP). Confirm returns an error when
// the last payload is known to be lost; it then goes back to the head of the queue. The last
// payload is the last one for which Send answered Delivered. The engine calls Confirm before each Send,
// after a Retry, and 100 ms after the last Send; until then that payload counts as queued.
// Each loss is to be reported once. A destination with a Confirmer has one sender, with any
// Options.Senders, and waits at most 1 s between two attempts. If the error has a method
// Hint() string, its result is the hint of the failed attempt.
type Confirmer interface{ Confirm() error }

// Outcome is the result of one attempt.
type Outcome struct {
	Verdict    Verdict
	RetryAfter time.Duration // Retry: the wait that the receiver requested; 0 without one, negative counts as 0
	Rejected   int           // Delivered: spans the receiver refused (partial success)
	Err        error         // cause, for log and Stats; without span content or secrets. With Delivered: the receiver's warning
	Hint       string        // what to do about it
}

// Verdict is the result of an attempt, which determines how delivery continues.
type Verdict uint8

// The verdicts. Any other value counts as Rejected.
const (
	Delivered     Verdict = iota // the receiver accepted all spans except Outcome.Rejected
	Retry                        // no answer, or "later": tried again after a backoff
	Misconfigured                // needs operator action; retried at the maximum backoff
	Rejected                     // answered no: dropped, DropRejected
	TooLarge                     // split and sent in halves; a single span is dropped, DropTooLarge
)

var verdicts = [...]string{"delivered", "retry", "misconfigured", "rejected", "too large"}

// String is the verdict in lower case, as in log lines.
func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return "unknown"
}

// Destination is what the span processor of the root package needs; [*Exporter] is one.
type Destination interface {
	sdktrace.SpanExporter
	// Enqueue takes a span that has ended. It never blocks, encodes or logs, and may be
	// called from any number of goroutines. A nil span is nothing.
	Enqueue(span sdktrace.ReadOnlySpan)
	// ForceFlush returns nil when every span taken before the call is delivered or dropped.
	ForceFlush(ctx context.Context) error
	// Stats is one consistent snapshot of the accounts.
	Stats() Stats
}

// A Taker is a Destination that can use a span without keeping it. If it is the only destination of a program and encodes
// spans, it gets them by Take instead of Enqueue. A type that embeds an [Exporter] and has an Enqueue of its own therefore
// needs a Take of its own, too.
type Taker interface {
	Destination
	// Take is Enqueue for a span whose memory is used again once Take has returned.
	Take(span sdktrace.ReadOnlySpan)
	// Encodes reports whether Take encodes the span. Otherwise it copies the span, which is more expensive than Enqueue.
	Encodes() bool
}
