package zipkin

import (
	"encoding/hex"
	"strconv"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// span appends one span as a JSON object. Absent fields are omitted.
func (w *writer) span(span sdktrace.ReadOnlySpan) {
	w.repair = 0
	w.ids(span)
	w.buf = append(w.buf, kinds[kindIndex(span.SpanKind())]...)
	if name := span.Name(); name != "" {
		w.raw(`,"name":`)
		w.quoted(name)
	}
	w.times(span)
	w.buf = append(w.buf, w.origin.endpoint...)
	w.remote(span)
	w.annotations(span.Events())
	w.tags(span)
	w.raw("}")
	w.count(span, w.repair|w.origin.repair)
}

// ids opens the object of the span and appends its ids. The ids of a trace always have 32 digits. Zipkin accepts 16
// digits as well, for traces of 64 bits, and treats both as different traces unless it is configured otherwise.
func (w *writer) ids(span sdktrace.ReadOnlySpan) {
	sc := span.SpanContext()
	traceID, id := sc.TraceID(), sc.SpanID()
	w.raw(`{"traceId":"`)
	w.buf = hex.AppendEncode(w.buf, traceID[:])
	w.raw(`","id":"`)
	w.buf = hex.AppendEncode(w.buf, id[:])
	if parent := span.Parent().SpanID(); parent.IsValid() {
		w.raw(`","parentId":"`)
		w.buf = hex.AppendEncode(w.buf, parent[:])
	}
	w.raw(`"`)
}

// kinds holds the fields by trace.SpanKind; internal and unspecified spans have none.
var kinds = [...]string{
	trace.SpanKindServer:   `,"kind":"SERVER"`,
	trace.SpanKindClient:   `,"kind":"CLIENT"`,
	trace.SpanKindProducer: `,"kind":"PRODUCER"`,
	trace.SpanKindConsumer: `,"kind":"CONSUMER"`,
}

// kindIndex returns the index of a kind in kinds. Unknown kinds have no field.
func kindIndex(k trace.SpanKind) int {
	if k < 0 || int(k) >= len(kinds) {
		return 0
	}
	return int(k)
}

// times appends timestamp and duration. Zipkin has no instant before its first microsecond and no
// negative duration; both are repaired, because a receiver rejects the whole request for one.
func (w *writer) times(span sdktrace.ReadOnlySpan) {
	start, end := span.StartTime(), span.EndTime()
	at := micros(start)
	if at < 1 {
		at = 1
		w.report.Repair(span, delivery.RepairStart)
	}
	w.raw(`,"timestamp":`)
	w.buf = strconv.AppendInt(w.buf, at, 10)
	d := end.Sub(start)
	if d < 0 {
		w.report.Repair(span, delivery.RepairDuration)
	}
	if d > 0 {
		w.raw(`,"duration":`)
		w.buf = strconv.AppendInt(w.buf, max(1, halfUp(d)), 10)
	}
}

// micros returns the time in whole microseconds since the epoch, rounded half up. The unit is that of Zipkin's v2 API.
func micros(t time.Time) int64 { return t.Unix()*1e6 + int64(t.Nanosecond()+500)/1000 }

// halfUp returns a duration in whole microseconds, rounded half up.
func halfUp(d time.Duration) int64 {
	whole := int64(d / time.Microsecond)
	if d%time.Microsecond >= 500 {
		whole++
	}
	return whole
}

// annotations appends the events: "name": {attributes}, or the bare name without attributes. The form is that of the
// specification of OpenTelemetry ("Zipkin", Events). An annotation has no attributes of its own.
func (w *writer) annotations(events []sdktrace.Event) {
	for i := range events {
		if i == 0 {
			w.raw(`,"annotations":[{"timestamp":`)
		} else {
			w.raw(`,{"timestamp":`)
		}
		e := &events[i]
		w.buf = strconv.AppendInt(w.buf, max(1, micros(e.Time)), 10)
		w.raw(`,"value":`)
		if len(e.Attributes) == 0 && e.DroppedAttributeCount <= 0 {
			w.quoted(e.Name)
		} else {
			w.eventText(e)
			w.buf = append(spantext.AppendEscaped(append(w.buf, '"'), w.event), '"')
		}
		w.raw("}")
	}
	if len(events) > 0 {
		w.raw("]")
	}
}

// eventText writes `"name": {"key":value,…}` into the scratch. The text is JSON without its outer braces, which the
// specification shows as an example. It is escaped as a whole afterwards.
func (w *writer) eventText(e *sdktrace.Event) {
	var fixed spantext.Repair
	w.event, fixed = spantext.AppendQuoted(w.event[:0], e.Name, 0)
	w.repair |= fixed
	w.event = append(w.event, ": {"...)
	open := len(w.event)
	for i, kv := range e.Attributes {
		if later(e.Attributes[i+1:], kv.Key) {
			continue
		}
		if len(w.event) > open {
			w.event = append(w.event, ',')
		}
		w.event, fixed = spantext.AppendQuoted(w.event, string(kv.Key), 0)
		w.repair |= fixed
		w.event = append(w.event, ':')
		w.event, fixed = spantext.AppendJSON(w.event, kv.Value, w.limit)
		w.repair |= fixed
	}
	if e.DroppedAttributeCount > 0 {
		if len(w.event) > open {
			w.event = append(w.event, ',')
		}
		w.event = append(w.event, `"otel.dropped_attributes_count":`...)
		w.event = strconv.AppendInt(w.event, int64(e.DroppedAttributeCount), 10)
	}
	w.event = append(w.event, '}')
}
