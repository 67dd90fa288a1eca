package recording

import (
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Dropped is the handle of a span that is not recorded. It has a span context, and its other methods do nothing.
type Dropped struct {
	noop.Span

	source  *source
	context trace.SpanContext
}

// SpanContext returns the ids that callees and logs refer to.
func (d *Dropped) SpanContext() trace.SpanContext { return d.context }

// TracerProvider returns the provider of the span.
func (d *Dropped) TracerProvider() trace.TracerProvider { return d.source.provider }
