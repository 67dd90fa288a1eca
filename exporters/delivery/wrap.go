package delivery

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Wrap gives an exporter that is not a Destination a destination of its own: the same queue, bounded
// by Options.MaxQueueSize spans in any case, and one worker that calls ExportSpans with
// Options.ExportTimeout. A nil is delivered, an error is rejected, a panic is panic; nothing is
// retried. A call that ignores its context holds up this destination only, and Shutdown
// abandons it. x is shut down with the destination. A Destination is returned unchanged.
func Wrap(x sdktrace.SpanExporter, o Options) Destination {
	if q, ok := x.(Destination); ok {
		return q
	}
	fillCount(&o.MaxQueueSize, DefaultMaxQueueSize)
	o = o.orDefault()
	o.Senders, o.Timeout = 1, o.ExportTimeout
	return start(plain{}, wrapped{x}, o)
}

// spans are a payload that is not encoded.
type spans []sdktrace.ReadOnlySpan

// Spans is their number.
func (s spans) Spans() int { return len(s) }

// Size is not known and not needed: a wrapped exporter never returns TooLarge.
func (s spans) Size() int { return 0 }

// plain packs a whole batch into one payload.
type plain struct{}

// Encode returns the spans unchanged.
func (plain) Encode(list []sdktrace.ReadOnlySpan, _ *Report) []spans { return []spans{list} }

// Split is never called.
func (plain) Split(s spans) (a, b spans, ok bool) { return s, nil, false }

// wrapped sends through an exporter.
type wrapped struct{ exporter sdktrace.SpanExporter }

// Send is one call of ExportSpans.
func (w wrapped) Send(ctx context.Context, s spans) Outcome {
	if err := w.exporter.ExportSpans(ctx, s); err != nil {
		return Outcome{Verdict: Rejected, Err: err}
	}
	return Outcome{}
}

// Close shuts the exporter down.
func (w wrapped) Close(ctx context.Context) error { return w.exporter.Shutdown(ctx) }
