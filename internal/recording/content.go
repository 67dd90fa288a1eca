package recording

import (
	"slices"

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

// addEvent adds an event and takes over the list of attributes of c.
func (b *Body) addEvent(name string, c trace.EventConfig, l *limits) {
	list, dropped := atMost(l.values(c.Attributes()), l.AttributePerEventCountLimit)
	if dropped > 0 {
		list = slices.Clone(list)
	}
	e := sdktrace.Event{Name: name, Time: c.Timestamp(), Attributes: list, DroppedAttributeCount: dropped}
	if b.events.push(e, l.EventCountLimit) {
		warn(lostEvent)
	}
}

// addLink adds a link, unless it is empty. It copies the list of attributes.
func (b *Body) addLink(link trace.Link, l *limits) {
	if !link.SpanContext.IsValid() && len(link.Attributes) == 0 && link.SpanContext.TraceState().Len() == 0 {
		return
	}
	list, dropped := atMost(l.values(link.Attributes), l.AttributePerLinkCountLimit)
	kept := sdktrace.Link{SpanContext: link.SpanContext, Attributes: slices.Clone(list), DroppedAttributeCount: dropped}
	if b.links.push(kept, l.LinkCountLimit) {
		warn(lostLink)
	}
}

// atMost returns the first attributes of a list, and the number of those above the limit. A negative limit means no
// limit.
func atMost(list []attribute.KeyValue, limit int) ([]attribute.KeyValue, int) {
	switch {
	case limit < 0 || len(list) <= limit:
		return list, 0
	case limit == 0:
		return nil, len(list)
	}
	return list[:limit], len(list) - limit
}
