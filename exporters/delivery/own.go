package delivery

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Cut returns a span whose texts of attributes are at most limit code points long, and whose bytes are at most
// limit bytes, by the rules of the SDK. What it cuts are copies, also inside lists and maps: the SDK's own limit
// takes a substring, so that 256 code points keep 200 KB alive, which a snapshot does not show. span does not
// change; it is returned itself, without an allocation, if there is nothing to cut. A negative limit cuts nothing.
func Cut(span sdktrace.ReadOnlySpan, limit int) sdktrace.ReadOnlySpan {
	if limit < 0 {
		return span
	}
	attributes, cut := cutAttributes(span.Attributes(), limit)
	if !cut {
		return span
	}
	o := own(span)
	o.attributes = attributes
	return o
}

// Own returns a span that keeps alive what it shows and nothing else, so that [Cost] holds for it. span does not
// change: Own copies it when a tracestate refers to the header it was read from, and when the attributes of an
// event or a link are a part of a larger array. Any other span, and an [Owner], is returned itself, without an
// allocation.
//
// A text that the program, or the provider, took from a larger one keeps the larger one alive; [Cut] and [Copy]
// end that.
func Own(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	span, _ = owning(span)
	return span
}

// An Owner is a span that refers to no memory other than what its methods return. It must not change after its end.
type Owner interface {
	sdktrace.ReadOnlySpan
	// OwnsMemory does nothing.
	OwnsMemory()
}

func own(span sdktrace.ReadOnlySpan) *owned {
	o := newOwned(span)
	o.events, o.links = clippedEvents(o.events), slices.Clone(o.links)
	for i := range o.links {
		o.links[i].Attributes = slices.Clone(o.links[i].Attributes)
	}
	o.ownStates()
	return o
}

// Copy returns a copy of span that shares no text with it, whatever its provider did to them. [Exporter.ExportSpans]
// uses it for the spans of other span processors.
func Copy(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	if o, ok := span.(*owned); ok && o.copied {
		return o
	}
	o := newOwned(span)
	var a arena
	a.grow(o.textBytes())
	o.name, o.status.Description = a.text(o.name), a.text(o.status.Description)
	o.attributes = a.attributes(o.attributes)
	o.events, o.links = slices.Clone(o.events), slices.Clone(o.links)
	for i := range o.events {
		e := &o.events[i]
		e.Name, e.Attributes = a.text(e.Name), a.attributes(e.Attributes)
	}
	for i := range o.links {
		o.links[i].Attributes = a.attributes(o.links[i].Attributes)
	}
	o.ownStates()
	o.copied = true
	return o
}

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

// trimmed reports whether attributes above the SDK's limit are still behind those that e shows.
func trimmed(e *sdktrace.Event) bool {
	return e.DroppedAttributeCount > 0 && len(e.Attributes) < cap(e.Attributes)
}

// clipped reports whether the attributes of l are a part of a list of the program, which the SDK does not copy.
func clipped(l *sdktrace.Link) bool { return len(l.Attributes) < cap(l.Attributes) }

// clippedEvents returns events without what is behind their attributes: list itself if there is nothing.
func clippedEvents(list []sdktrace.Event) []sdktrace.Event {
	if !slices.ContainsFunc(list, func(e sdktrace.Event) bool { return trimmed(&e) }) {
		return list
	}
	list = slices.Clone(list)
	for i := range list {
		list[i].Attributes = slices.Clone(list[i].Attributes)
	}
	return list
}
