package recording

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Only the SDK can implement the unexported methods of its interfaces, and only modules of OpenTelemetry can write to the
// logger of otel.SetLogger.

// blank is a span without content.
var blank sdktrace.ReadWriteSpan = blankSpan{readable: tracetest.SpanStub{}.Snapshot()}

// A blankSpan has the methods of the API, which do nothing, and those of the SDK, which return nothing.
type blankSpan struct {
	noop.Span
	readable
}

type readable = sdktrace.ReadOnlySpan

// SpanContext returns the zero value.
func (blankSpan) SpanContext() trace.SpanContext { return trace.SpanContext{} }

// full is a tracer of the SDK with all limits set to 0.
var full = sync.OnceValue(func() trace.Tracer {
	return sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{}),
		sdktrace.WithResource(resource.Empty()),
	).Tracer("")
})

// warn makes the SDK log that a limit was reached: lost exceeds a limit of a span of the SDK.
func warn(lost func(trace.Span)) {
	_, span := full().Start(context.Background(), "")
	lost(span)
	span.End()
}

func lostAttributes(span trace.Span) { span.SetAttributes(attribute.Bool("lost", true)) }
func lostEvent(span trace.Span)      { span.AddEvent("lost") }
func lostLink(span trace.Span) {
	span.AddLink(trace.Link{Attributes: []attribute.KeyValue{attribute.Bool("lost", true)}})
}
