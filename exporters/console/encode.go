package console

import (
	"bytes"
	"encoding/json"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
	"github.com/spanroute/spanroute/internal/escape"
)

// An encoder writes each span as one JSON object.
//
// How it works. A line collects the text of a span member by member and leaves out empty ones. Characters that are not
// printable are escaped at the end, in the whole text, because only strings can contain them. With pretty the finished
// object is indented, which takes more lines. All spans of a call form one payload, so that they are written together.
type encoder struct {
	limit  int // maximum code points of attribute text; 0 means no limit
	pretty bool
}

// Encode returns one payload of all spans.
func (e encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []lines {
	all := make(lines, 0, len(spans))
	for _, span := range spans {
		l := line{limit: e.limit}
		l.span(span)
		l.report(span, r)
		all = append(all, e.layout(escape.JSON(l.Text)))
	}
	return []lines{all}
}

// Split halves a payload.
func (encoder) Split(l lines) (a, b lines, ok bool) {
	n := len(l) / 2
	return l[:n:n], l[n:], n > 0
}

// layout indents the text of a span if the setting requires it, and ends it.
func (e encoder) layout(text []byte) []byte {
	if !e.pretty {
		return append(text, '\n')
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return append(text, '\n')
	}
	return append(b.Bytes(), '\n')
}

// A line is a JSON object under construction.
type line struct {
	spantext.Object
	limit    int
	negative bool // a negative duration became 0
}

// report counts the repairs of the span.
func (l *line) report(span sdktrace.ReadOnlySpan, r *delivery.Report) {
	if l.Repair&spantext.UTF8 != 0 {
		r.Repair(span, delivery.RepairUTF8)
	}
	if l.Repair&spantext.Value != 0 {
		r.Repair(span, delivery.RepairValue)
	}
	if l.negative {
		r.Repair(span, delivery.RepairDuration)
	}
}

// span writes all fields of a span, in the order in which readers look for them.
func (l *line) span(s sdktrace.ReadOnlySpan) {
	l.Open('{')
	l.Instant("time", s.StartTime())
	l.elapsed("duration", s.EndTime().Sub(s.StartTime()))
	l.ids(s.SpanContext())
	if parent := s.Parent().SpanID(); parent.IsValid() {
		l.ID("parent_id", parent[:])
	}
	l.String("name", s.Name())
	l.Word("kind", kindOf(s.SpanKind()))
	service, repair := spantext.ServiceName(s.Resource())
	l.Repair |= repair
	l.String("service", service)
	l.status(s.Status())
	l.String("tracestate", s.SpanContext().TraceState().String())
	l.Attributes("attributes", s.Attributes(), l.limit)
	l.Number("dropped_attributes", s.DroppedAttributes())
	l.events(s.Events())
	l.Number("dropped_events", s.DroppedEvents())
	l.links(s.Links())
	l.Number("dropped_links", s.DroppedLinks())
	l.scope(s)
	l.Attributes("resource", resourceOf(s), l.limit)
	l.Close('}')
}

// kindOf returns the word for a span kind; it is empty for internal.
func kindOf(k trace.SpanKind) string {
	if k == trace.SpanKindInternal || k == trace.SpanKindUnspecified {
		return ""
	}
	return k.String()
}

// resourceOf returns the attributes of the resource without the service name, which has a field of its own.
func resourceOf(s sdktrace.ReadOnlySpan) []attribute.KeyValue {
	if s.Resource() == nil {
		return nil
	}
	var rest []attribute.KeyValue
	for _, kv := range s.Resource().Attributes() {
		if kv.Key != spantext.ServiceKey {
			rest = append(rest, kv)
		}
	}
	return rest
}

// status writes a status that is set, and its description.
func (l *line) status(s sdktrace.Status) {
	switch s.Code {
	case codes.Ok:
		l.Word("status", "ok")
	case codes.Error:
		l.Word("status", "error")
	}
	l.String("status_description", s.Description)
}

func (l *line) events(events []sdktrace.Event) {
	if len(events) == 0 {
		return
	}
	l.Key("events")
	l.Open('[')
	for _, event := range events {
		l.Element()
		l.Open('{')
		l.Instant("time", event.Time)
		l.String("name", event.Name)
		l.Attributes("attributes", event.Attributes, l.limit)
		l.Number("dropped_attributes", event.DroppedAttributeCount)
		l.Close('}')
	}
	l.Close(']')
}

func (l *line) links(links []sdktrace.Link) {
	if len(links) == 0 {
		return
	}
	l.Key("links")
	l.Open('[')
	for _, link := range links {
		l.Element()
		l.Open('{')
		l.ids(link.SpanContext)
		l.Attributes("attributes", link.Attributes, l.limit)
		l.Number("dropped_attributes", link.DroppedAttributeCount)
		l.Close('}')
	}
	l.Close(']')
}

// scope writes name, version and attributes of the instrumentation scope.
func (l *line) scope(s sdktrace.ReadOnlySpan) {
	scope := s.InstrumentationScope()
	l.String("scope", scope.Name)
	l.String("scope_version", scope.Version)
	l.Attributes("scope_attributes", scope.Attributes.ToSlice(), l.limit)
}

// ids writes the ids of a span or of the target of a link.
func (l *line) ids(sc trace.SpanContext) {
	traceID, spanID := sc.TraceID(), sc.SpanID()
	l.ID("trace_id", traceID[:])
	l.ID("span_id", spanID[:])
}

// elapsed writes a duration as Go does ("1.5ms"); a negative one is 0.
func (l *line) elapsed(key string, d time.Duration) {
	if d < 0 {
		d, l.negative = 0, true
	}
	l.Word(key, d.String())
}
