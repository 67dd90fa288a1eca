package delivery

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Wrap puts an exporter that is not a Destination behind a queue, which always has a bound of Options.MaxQueueSize spans.
// One goroutine calls ExportSpans, with Options.ExportTimeout. A batch for which ExportSpans returns nil is delivered. After
// an error it is dropped as DropRejected, after a panic as DropPanic. Batches are not retried. A call that ignores its
// context blocks only this destination, and Shutdown abandons it. Shutdown shuts the exporter down. Wrap returns a
// Destination unchanged.
func Wrap(exporter sdktrace.SpanExporter, o Options) Destination {
	if d, ok := exporter.(Destination); ok {
		return d
	}
	fillCount(&o.MaxQueueSize, DefaultMaxQueueSize)
	o = o.orDefault()
	o.Senders, o.Timeout = 1, o.ExportTimeout
	return New(plain{}, wrapped{exporter}, o)
}

// spans is a payload that is not encoded.
type spans []sdktrace.ReadOnlySpan

// Spans returns their number.
func (s spans) Spans() int { return len(s) }

// Size returns 0. The size is unknown and not needed, because a wrapped exporter never returns TooLarge.
func (s spans) Size() int { return 0 }

// plain makes one payload of a whole batch.
type plain struct{}

// Encode returns the spans unchanged.
func (plain) Encode(list []sdktrace.ReadOnlySpan, _ *Report) []spans { return []spans{list} }

// Split is never called.
func (plain) Split(s spans) (a, b spans, ok bool) { return s, nil, false }

// wrapped sends through an exporter.
type wrapped struct{ exporter sdktrace.SpanExporter }

// Send calls ExportSpans.
func (w wrapped) Send(ctx context.Context, s spans) Outcome {
	if err := w.exporter.ExportSpans(ctx, s); err != nil {
		return Outcome{Verdict: Rejected, Err: err}
	}
	return Outcome{}
}

// Close shuts the exporter down.
func (w wrapped) Close(ctx context.Context) error { return w.exporter.Shutdown(ctx) }
