package recording

import (
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/internal/undecided"
)

// pass passes an ended span to the processors and the sinks.
func (b *Body) pass(processors []*processor) {
	sinks := b.source.sinks
	b.refs.Store(int32(len(sinks)))
	for _, sp := range processors {
		sp.OnEnd(b)
	}
	for _, sink := range sinks {
		sink.Take(b)
	}
}

// held passes a span whose local trace is not decided to the processors.
func (b *Body) held() {
	for _, sp := range *b.source.processors.Load() {
		if sp.waiting != nil {
			sp.waiting.OnHeld(b)
		} else {
			sp.OnEnd(b)
		}
	}
}

// keep passes a span on whose local trace is kept. A local root gets the reason.
func (b *Body) keep(reason undecided.Reason) {
	p := b.source.pipeline
	if !b.pooled {
		b = b.clone() // processors and the handle have b, with the flag of the start
	}
	b.context = b.context.WithTraceFlags(b.context.TraceFlags().WithSampled(true))
	if reason.Valid() {
		b.attributes.set(&reason, &unlimited)
	}
	b.refs.Store(int32(len(p.sinks)))
	for _, sp := range *p.processors.Load() {
		if sp.waiting != nil {
			sp.waiting.OnKept(b)
		}
	}
	for _, sink := range p.sinks {
		sink.Take(b)
	}
}

// unlimited is for the attributes of the recorder, which do not count.
var unlimited = newLimits(sdktrace.SpanLimits{AttributeValueLengthLimit: -1, AttributeCountLimit: -1})

// clone returns a copy that is not pooled.
func (b *Body) clone() *Body {
	c := &Body{
		ReadOnlySpan: b.ReadOnlySpan, source: b.source, name: b.name, context: b.context, parent: b.parent, kind: b.kind,
		start: b.start, end: b.end, status: b.status, children: b.children, attributes: b.attributes, events: b.events, links: b.links,
	}
	c.attributes.list, c.attributes.index = slices.Clone(b.attributes.list), nil
	return c
}
