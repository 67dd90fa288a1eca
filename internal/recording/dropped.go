package recording

import (
	"go.opentelemetry.io/otel/trace"
)

// Dropped is the handle of a span that is not recorded. It has a span context, and its other methods do nothing.
//
// The embedded span does nothing. It is an interface, because noop.Span has room for a span context of its own.
type Dropped struct {
	trace.Span

	source  *source
	context trace.SpanContext
}

// SpanContext returns the ids that callees and logs refer to.
func (d *Dropped) SpanContext() trace.SpanContext { return d.context }

// IsRecording returns false.
func (*Dropped) IsRecording() bool { return false }

// TracerProvider returns the provider of the span.
func (d *Dropped) TracerProvider() trace.TracerProvider { return d.source.provider }
