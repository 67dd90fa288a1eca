package delivery

import (
	"context"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// An owned span refers to nothing of the span that it was made from. It defines every method of the interface but
// the unexported one. The embedded span is empty: it provides that one, and those that a later SDK adds.
type owned struct {
	sdktrace.ReadOnlySpan

	name                       string
	context, parent            trace.SpanContext
	kind                       trace.SpanKind
	start, end                 time.Time
	attributes                 []attribute.KeyValue
	events                     []sdktrace.Event
	links                      []sdktrace.Link
	status                     sdktrace.Status
	lostAttributes, lostEvents int
	lostLinks, children        int
	resource                   *resource.Resource
	scope                      instrumentation.Scope
	copied                     bool // no text is shared with another span
}

func newOwned(s sdktrace.ReadOnlySpan) *owned {
	return &owned{
		ReadOnlySpan: empty(),
		name:         s.Name(), context: s.SpanContext(), parent: s.Parent(), kind: s.SpanKind(),
		start: s.StartTime(), end: s.EndTime(), status: s.Status(),
		attributes: s.Attributes(), events: s.Events(), links: s.Links(),
		lostAttributes: s.DroppedAttributes(), lostEvents: s.DroppedEvents(), lostLinks: s.DroppedLinks(),
		children: s.ChildSpanCount(), resource: s.Resource(), scope: s.InstrumentationScope(),
	}
}

// empty returns a span without content. Only the SDK can make one.
var empty = sync.OnceValue(func() sdktrace.ReadOnlySpan {
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithResource(resource.Empty()))
	_, span := provider.Tracer("").Start(context.Background(), "")
	span.End()
	recorded, _ := span.(sdktrace.ReadOnlySpan)
	return recorded
})

func (o *owned) OwnsMemory()                                 {}
func (o *owned) Name() string                                { return o.name }
func (o *owned) SpanContext() trace.SpanContext              { return o.context }
func (o *owned) Parent() trace.SpanContext                   { return o.parent }
func (o *owned) SpanKind() trace.SpanKind                    { return o.kind }
func (o *owned) StartTime() time.Time                        { return o.start }
func (o *owned) EndTime() time.Time                          { return o.end }
func (o *owned) Attributes() []attribute.KeyValue            { return o.attributes }
func (o *owned) Events() []sdktrace.Event                    { return o.events }
func (o *owned) Links() []sdktrace.Link                      { return o.links }
func (o *owned) Status() sdktrace.Status                     { return o.status }
func (o *owned) DroppedAttributes() int                      { return o.lostAttributes }
func (o *owned) DroppedEvents() int                          { return o.lostEvents }
func (o *owned) DroppedLinks() int                           { return o.lostLinks }
func (o *owned) ChildSpanCount() int                         { return o.children }
func (o *owned) Resource() *resource.Resource                { return o.resource }
func (o *owned) InstrumentationScope() instrumentation.Scope { return o.scope }

// InstrumentationLibrary returns the scope under its old name.
func (o *owned) InstrumentationLibrary() instrumentation.Library { //nolint:staticcheck // a method of the interface
	return o.scope
}
