package jaeger

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// logs writes the events, and after them, with link_logs, one log for each link that has attributes.
func (w *writer) logs(b []byte, events []sdktrace.Event, links []sdktrace.Link, start time.Time) []byte {
	if len(events) == 0 && !w.linkLogs {
		return b
	}
	begin := len(b)
	b, at := w.wire.open(b, logs)
	n := 0
	for i := range events {
		if id := (partID{in: logs, i: i}); !w.cut.drops(id) {
			from := len(b)
			b = w.event(b, i, &events[i])
			n++
			w.cut.wrote(id, rankOf(&events[i]), len(b)-from)
		}
	}
	for j := range links {
		id := partID{in: logs, i: len(events) + j}
		if !w.linkLogs || len(links[j].Attributes) == 0 || w.cut.drops(id) {
			continue
		}
		from := len(b)
		b = w.link(b, id.i, &links[j], start)
		n++
		w.cut.wrote(id, rankLog, len(b)-from)
	}
	if n == 0 {
		return b[:begin]
	}
	return w.wire.close(b, logs, at, n)
}

// event writes an event as a log, with its name in the field event. An attribute event replaces the name.
func (w *writer) event(b []byte, i int, e *sdktrace.Event) []byte {
	b, log := w.wire.openLog(b, w.clamp(e.Time))
	b, at := w.wire.open(b, fields)
	w.tags = 0
	dropped := e.DroppedAttributeCount + w.cut.droppedFields(i)
	own := keySet(0).with(droppedAttributesKey, dropped > 0)
	if !has(e.Attributes, keyEvent) {
		b = w.str(b, fields, keyEvent, w.clean(e.Name))
	}
	mark := w.cut.mark()
	for j := range e.Attributes {
		kv := &e.Attributes[j]
		if !own.holds(kv.Key) {
			b = w.field(b, partID{fields, i, j}, kv)
		}
		own = own.with(eventKey, kv.Key == keyEvent) // one of them
	}
	w.cut.wroteFields(mark)
	b = w.count(b, fields, keyDroppedAttributes, dropped)
	return w.wire.closeLog(w.wire.close(b, fields, at, w.tags), log)
}

// link writes the attributes of a link as a log, with the ids of the link.
func (w *writer) link(b []byte, i int, l *sdktrace.Link, start time.Time) []byte {
	b, log := w.wire.openLog(b, start)
	b, at := w.wire.open(b, fields)
	w.tags = 0
	dropped := l.DroppedAttributeCount + w.cut.droppedFields(i)
	own := (eventKey | traceIDKey | spanIDKey).with(droppedAttributesKey, dropped > 0)
	b = w.str(b, fields, keyEvent, "link")
	b = w.str(b, fields, keyTraceID, l.SpanContext.TraceID().String())
	b = w.str(b, fields, keySpanID, l.SpanContext.SpanID().String())
	mark := w.cut.mark()
	for j := range l.Attributes {
		if kv := &l.Attributes[j]; !own.holds(kv.Key) {
			b = w.field(b, partID{fields, i, j}, kv)
		}
	}
	w.cut.wroteFields(mark)
	b = w.count(b, fields, keyDroppedAttributes, dropped)
	return w.wire.closeLog(w.wire.close(b, fields, at, w.tags), log)
}

// field writes an attribute of an event or link, unless it is dropped.
func (w *writer) field(b []byte, id partID, kv *attribute.KeyValue) []byte {
	if w.cut.drops(id) {
		return b
	}
	from := len(b)
	b = w.tag(b, fields, kv, w.limit)
	if !describes(kv.Key) {
		w.cut.wrote(id, rankField, len(b)-from)
	}
	return b
}
