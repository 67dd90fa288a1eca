package recording

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The SDK does two things that no other package can do: it implements the unexported methods of its interfaces, and it
// writes to the logger of otel.SetLogger.

// full is a tracer of the SDK whose spans have room for nothing.
var full = sync.OnceValue(func() trace.Tracer {
	return sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{}),
		sdktrace.WithResource(resource.Empty()),
	).Tracer("")
})

// blank returns a span of the SDK that has ended and has no content.
var blank = sync.OnceValue(func() sdktrace.ReadWriteSpan {
	_, span := full().Start(context.Background(), "")
	span.End()
	recorded, _ := span.(sdktrace.ReadWriteSpan)
	return recorded
})

// warn logs, as the SDK does, that a span lost something to its limits: the first time for each kind.
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
