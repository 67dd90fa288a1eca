package delivery

import (
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Own returns a span that keeps alive what it shows and nothing else, so that [Cost] holds for it. span does not
// change: Own copies it when a tracestate refers to the header it was read from, and when the attributes of an
// event or a link are a part of a larger array. Any other span, and an [Owner], is returned itself, without an
// allocation.
//
// A text that the program, or the provider, took from a larger one keeps the larger one alive; [Copy] ends that.
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

// owning returns what the queue keeps of a span, and its cost.
func owning(span sdktrace.ReadOnlySpan) (sdktrace.ReadOnlySpan, int64) {
	cost, hides := examine(span)
	if _, ok := span.(Owner); ok || !hides {
		return span, cost
	}
	span = own(span)
	return span, Cost(span)
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
