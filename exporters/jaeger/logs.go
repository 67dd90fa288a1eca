package jaeger

import (
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// logs writes the events, then one log per link that has attributes, if those are wanted.
func (w *writer) logs(b []byte, events []sdktrace.Event, links []sdktrace.Link, start time.Time) []byte {
	if len(events) == 0 && !w.linkLogs {
		return b
	}
	begin := len(b)
	b, at := w.wire.open(b, logs)
	n, i := 0, 0
	for ; i < len(events); i++ {
		from := len(b)
		if !w.cut.drops(i) {
			b = w.event(b, &events[i])
			n++
		}
		w.cut.logSize(i, len(b)-from)
	}
	for j := range links {
		if !w.linkLogs || len(links[j].Attributes) == 0 {
			continue
		}
		from := len(b)
		if !w.cut.drops(i) {
			b = w.link(b, &links[j], start)
			n++
		}
		w.cut.logSize(i, len(b)-from)
		i++
	}
	if n == 0 {
		return b[:begin]
	}
	return w.wire.close(b, logs, at, n)
}

func (w *writer) event(b []byte, e *sdktrace.Event) []byte {
	b, log := w.wire.openLog(b, w.clamp(e.Time))
	b, at := w.wire.open(b, fields)
	w.tags = 0
	if !has(e.Attributes, keyEvent) {
		b = w.str(b, fields, keyEvent, w.clean(e.Name))
	}
	named := false
	for i := range e.Attributes {
		kv := &e.Attributes[i]
		if kv.Key == keyEvent && named {
			continue
		}
		named = named || kv.Key == keyEvent
		b = w.tag(b, fields, kv, w.limit)
	}
	b = w.count(b, fields, keyDroppedAttributes, e.DroppedAttributeCount)
	return w.wire.closeLog(w.wire.close(b, fields, at, w.tags), log)
}

func (w *writer) link(b []byte, l *sdktrace.Link, start time.Time) []byte {
	b, log := w.wire.openLog(b, start)
	b, at := w.wire.open(b, fields)
	w.tags = 0
	b = w.str(b, fields, keyEvent, "link")
	b = w.str(b, fields, "trace_id", l.SpanContext.TraceID().String())
	b = w.str(b, fields, "span_id", l.SpanContext.SpanID().String())
	for i := range l.Attributes {
		b = w.tag(b, fields, &l.Attributes[i], w.limit)
	}
	b = w.count(b, fields, keyDroppedAttributes, l.DroppedAttributeCount)
	return w.wire.closeLog(w.wire.close(b, fields, at, w.tags), log)
}
