package recording

import (
	"context"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// A Tracer starts the spans of one instrumentation scope. It is safe for concurrent use.
type Tracer struct {
	embedded.Tracer
	source
	starters sync.Map // starterKey to *starter
}

// Start starts a span that is a child of the span in ctx, and returns it together with a context that holds it. A nil
// ctx is context.Background().
func (t *Tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	if ctx == nil {
		ctx = context.Background()
	}
	enclosing := trace.SpanFromContext(ctx)
	if local, ok := enclosing.(*Span); ok {
		local.addChild()
	}
	parent, samplingContext := enclosing.SpanContext(), ctx
	if config.NewRoot() {
		parent, samplingContext = trace.SpanContext{}, trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	}
	id, spanID := t.newIDs(samplingContext, parent)
	result := t.sampler.ShouldSample(sdktrace.SamplingParameters{
		ParentContext: samplingContext,
		TraceID:       id,
		Name:          name,
		Kind:          config.SpanKind(),
		Attributes:    config.Attributes(),
		Links:         config.Links(),
	})
	sc := spanContext(parent, id, spanID, &result)
	if result.Decision == sdktrace.Drop {
		return t.drop(ctx, sc)
	}
	return t.record(ctx, parent, sc, name, &result, &config)
}

// newIDs returns the ids of a span: the trace id of its parent, or a new one for a root.
func (t *Tracer) newIDs(ctx context.Context, parent trace.SpanContext) (trace.TraceID, trace.SpanID) {
	if id := parent.TraceID(); id.IsValid() {
		return id, t.ids.NewSpanID(ctx, id)
	}
	return t.ids.NewIDs(ctx)
}

// spanContext returns the span context that follows from the result of a sampler. An unknown decision becomes Drop.
func spanContext(
	parent trace.SpanContext, id trace.TraceID, spanID trace.SpanID, result *sdktrace.SamplingResult,
) trace.SpanContext {
	if result.Decision != sdktrace.RecordAndSample && result.Decision != sdktrace.RecordOnly {
		result.Decision = sdktrace.Drop
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    id,
		SpanID:     spanID,
		TraceFlags: parent.TraceFlags().WithSampled(result.Decision == sdktrace.RecordAndSample),
		TraceState: result.Tracestate,
	})
}

// drop returns a span that is not recorded. It has an id of its own, so that callees can refer to it.
func (t *Tracer) drop(ctx context.Context, sc trace.SpanContext) (context.Context, trace.Span) {
	in, span := newDropped(ctx)
	span.source, span.context = &t.source, sc
	if t.metrics != nil {
		t.metrics.started(in, trace.SpanContextFromContext(ctx), span)
	}
	return in, span
}

// record returns a recorded span, after it has called OnStart of the processors.
func (t *Tracer) record(
	ctx context.Context, parent, sc trace.SpanContext, name string, result *sdktrace.SamplingResult, config *trace.SpanConfig,
) (context.Context, trace.Span) {
	processors := *t.processors.Load()
	b := newBody(t.pools(processors))
	b.ReadOnlySpan, b.source, b.name, b.context, b.parent = blank, &t.source, name, sc, parent
	b.kind, b.start = trace.ValidateSpanKind(config.SpanKind()), config.Timestamp()
	if b.start.IsZero() {
		b.start = time.Now()
	}
	for _, link := range config.Links() {
		b.addLink(link, &t.limits)
	}
	b.setAttributes(result.Attributes, &t.limits)
	b.setAttributes(config.Attributes(), &t.limits)

	in, span := newSpan(ctx)
	span.ReadWriteSpan, span.source, span.context, span.body = blank, &t.source, sc, b
	if t.metrics != nil {
		span.in = in
		t.metrics.live(in, 1, span)
		t.metrics.started(in, trace.SpanContextFromContext(ctx), span)
	}
	for _, sp := range processors {
		sp.OnStart(ctx, span)
	}
	return span.startTask(in, name), span
}
