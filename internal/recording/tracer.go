package recording

import (
	"context"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"

	"github.com/spanroute/spanroute/internal/undecided"
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
	parent, local := enclosing(ctx)
	samplingContext := ctx
	if config.NewRoot() {
		parent, local = trace.SpanContext{}, nil
		samplingContext = trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	}
	id, spanID := t.newIDs(samplingContext, parent)
	d := t.decide(parent, local, sdktrace.SamplingParameters{
		ParentContext: samplingContext,
		TraceID:       id,
		Name:          name,
		Kind:          config.SpanKind(),
		Attributes:    config.Attributes(),
		Links:         config.Links(),
	})
	sc := spanContext(parent, id, spanID, &d)
	if d.Decision == sdktrace.Drop {
		return t.drop(ctx, sc)
	}
	return t.record(ctx, parent, sc, name, &d, &config)
}

// enclosing returns the span context of the span in ctx, to which it adds a child, and the undecided local trace of that
// span.
func enclosing(ctx context.Context) (trace.SpanContext, *localTrace) {
	span := trace.SpanFromContext(ctx)
	if recorded, ok := span.(*Span); ok {
		return recorded.context, recorded.addChild()
	}
	return span.SpanContext(), nil
}

// A decision is what is known about the sampling of a span at its start.
type decision struct {
	sdktrace.SamplingResult
	decider undecided.Trace // decides when the span, a local root, ends; nil: decided
	local   *localTrace     // whose decision the span awaits; nil: none, or the span's own
}

// decide calls the sampler. The parent is in the context of p, and belongs to local if that is not nil.
func (t *Tracer) decide(parent trace.SpanContext, local *localTrace, p sdktrace.SamplingParameters) (d decision) {
	if t.decider != nil {
		d.SamplingResult, d.decider = t.decider.Decide(parent, p)
	} else {
		d.SamplingResult = t.sampler.ShouldSample(p)
	}
	d.join(local)
	return d
}

// join makes the span wait for the decision about local, and records it, unless the sampler decided about the span alone:
// then its sampled flag differs. A sampled span of a local trace that is dropped already is dropped as well. An unknown
// decision becomes Drop.
func (d *decision) join(local *localTrace) {
	if d.Decision != sdktrace.RecordAndSample && d.Decision != sdktrace.RecordOnly {
		d.Decision = sdktrace.Drop
	}
	switch {
	case local == nil, local.sampled != (d.Decision == sdktrace.RecordAndSample):
	case local.isDropped():
		if local.sampled {
			d.Decision = sdktrace.Drop
		}
	default:
		d.local = local
		if d.Decision == sdktrace.Drop {
			d.Decision = sdktrace.RecordOnly
		}
	}
}

// newIDs returns the ids of a span: the trace id of its parent, or a new one for a root.
func (t *Tracer) newIDs(ctx context.Context, parent trace.SpanContext) (trace.TraceID, trace.SpanID) {
	if id := parent.TraceID(); id.IsValid() {
		return id, t.ids.NewSpanID(ctx, id)
	}
	return t.ids.NewIDs(ctx)
}

// spanContext returns the span context that follows from a decision.
func spanContext(parent trace.SpanContext, id trace.TraceID, spanID trace.SpanID, d *decision) trace.SpanContext {
	flags := parent.TraceFlags()
	if !parent.IsValid() && d.Tracestate.Get("ot") != "" { // a threshold, which is true for random ids only
		flags = flags.WithRandom(true)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    id,
		SpanID:     spanID,
		TraceFlags: flags.WithSampled(d.Decision == sdktrace.RecordAndSample),
		TraceState: d.Tracestate,
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
	ctx context.Context, parent, sc trace.SpanContext, name string, d *decision, config *trace.SpanConfig,
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
	b.setAttributes(d.Attributes, &t.limits)
	b.setAttributes(config.Attributes(), &t.limits)

	in, span := newSpan(ctx)
	span.ReadWriteSpan, span.source, span.context, span.body = blank, &t.source, sc, b
	span.decider, span.local = d.decider, d.local
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
