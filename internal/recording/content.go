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

// atMost returns the first attributes of a list, and the number of those above the limit. It returns the list itself
// if it is short enough, and else a copy of its beginning.
func atMost(list []attribute.KeyValue, limit int) ([]attribute.KeyValue, int) {
	switch {
	case limit < 0 || len(list) <= limit:
		return list, 0
	case limit == 0:
		return nil, len(list)
	}
	return append(make([]attribute.KeyValue, 0, limit), list[:limit]...), len(list) - limit
}

// A queue holds the last values that were pushed.
type queue[T any] struct {
	list    []T
	dropped int
}

// push adds v, and drops the first value if there are limit of them already. It reports whether this is the first that
// was dropped. A negative limit means no limit.
func (q *queue[T]) push(v T, limit int) (first bool) {
	full := limit >= 0 && len(q.list) >= limit
	if full {
		q.dropped++
	}
	switch {
	case !full:
		q.list = append(q.list, v)
	case limit > 0:
		copy(q.list, q.list[1:])
		q.list[len(q.list)-1] = v
	}
	return full && q.dropped == 1
}
