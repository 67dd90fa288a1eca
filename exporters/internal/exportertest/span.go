package exportertest

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// Span returns a snapshot of an internal span of the service MySvc that took 1500 ns, after the changes. The first bits
// of its ids are set, which shows signed numbers and lost digits.
func Span(change ...func(*tracetest.SpanStub)) sdktrace.ReadOnlySpan {
	start := time.Unix(1700000000, 123456789)
	traceID := trace.TraceID{0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf}
	s := tracetest.SpanStub{
		Name:        "Op",
		SpanKind:    trace.SpanKindInternal,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{0xfe, 1, 2, 3, 4, 5, 6, 7}, TraceFlags: 1}),
		Parent:      trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{0xaa, 0, 0, 0, 0, 0, 0, 1}, TraceFlags: 1}),
		StartTime:   start,
		EndTime:     start.Add(1500),
		Resource:    resource.NewSchemaless(attribute.String("service.name", "MySvc")),
	}
	for _, f := range change {
		f(&s)
	}
	return s.Snapshot()
}

// Spans returns n such spans, each with another id.
func Spans(n int) []sdktrace.ReadOnlySpan {
	out := make([]sdktrace.ReadOnlySpan, n)
	for i := range out {
		out[i] = Span(func(s *tracetest.SpanStub) {
			s.SpanContext = s.SpanContext.WithSpanID(trace.SpanID{1, 2, 3, 4, 5, byte(i >> 16), byte(i >> 8), byte(i)})
		})
	}
	return out
}
