package recording

import (
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// setAttributes sets attributes within the limits.
func (b *Body) setAttributes(list []attribute.KeyValue, l *limits) {
	if len(list) == 0 {
		return
	}
	dropped := b.attributes.dropped
	b.attributes.reserve(len(list), l.AttributeCountLimit)
	for i := range list {
		b.attributes.set(&list[i], l)
	}
	if dropped == 0 && b.attributes.dropped > 0 {
		warn(lostAttributes)
	}
}

// addEvent adds an event. c has a list of attributes of its own.
func (b *Body) addEvent(name string, c trace.EventConfig, l *limits) {
	e := sdktrace.Event{Name: name, Time: c.Timestamp()}
	e.Attributes, e.DroppedAttributeCount = atMost(l.values(c.Attributes()), l.AttributePerEventCountLimit)
	if b.events.push(e, l.EventCountLimit) {
		warn(lostEvent)
	}
}

// addLink adds a link, unless it is empty. It keeps nothing of the link's list.
func (b *Body) addLink(link trace.Link, l *limits) {
	if !link.SpanContext.IsValid() && len(link.Attributes) == 0 && link.SpanContext.TraceState().Len() == 0 {
		return
	}
	kept := sdktrace.Link{SpanContext: link.SpanContext}
	list, dropped := atMost(l.values(link.Attributes), l.AttributePerLinkCountLimit)
	kept.DroppedAttributeCount = dropped
	if len(list) > 0 {
		kept.Attributes = append(make([]attribute.KeyValue, 0, len(list)), list...)
	}
	if b.links.push(kept, l.LinkCountLimit) {
		warn(lostLink)
	}
}
