package console

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
	"github.com/spanroute/spanroute/internal/escape"
)

// encoder makes one line per span.
type encoder struct {
	limit  int // of attribute text, in code points; 0: none
	pretty bool
}

// Encode makes one payload of all spans.
func (e encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []lines {
	all := make(lines, 0, len(spans))
	for _, span := range spans {
		l := line{limit: e.limit}
		l.span(span)
		l.report(span, r)
		all = append(all, e.layout(escape.JSON(l.text)))
	}
	return []lines{all}
}

// Split halves a payload.
func (encoder) Split(l lines) (a, b lines, ok bool) {
	n := len(l) / 2
	return l[:n:n], l[n:], n > 0
}

// layout ends the text of a span.
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
	text     []byte
	limit    int
	repaired spantext.Repair
	duration bool // a negative duration became 0
}

func (l *line) report(span sdktrace.ReadOnlySpan, r *delivery.Report) {
	if l.repaired&spantext.UTF8 != 0 {
		r.Repair(span, delivery.RepairUTF8)
	}
	if l.repaired&spantext.Value != 0 {
		r.Repair(span, delivery.RepairValue)
	}
	if l.duration {
		r.Repair(span, delivery.RepairDuration)
	}
}

func (l *line) span(s sdktrace.ReadOnlySpan) {
	l.open('{')
	l.instant("time", s.StartTime())
	l.elapsed("duration", s.EndTime().Sub(s.StartTime()))
	l.ids(s.SpanContext())
	if parent := s.Parent().SpanID(); parent.IsValid() {
		l.id("parent_id", parent[:])
	}
	l.string("name", s.Name())
	l.word("kind", kindOf(s.SpanKind()))
	service, repair := spantext.ServiceName(s.Resource())
	l.repaired |= repair
	l.string("service", service)
	l.status(s.Status())
	l.string("tracestate", s.SpanContext().TraceState().String())
	l.attributes("attributes", s.Attributes())
	l.number("dropped_attributes", s.DroppedAttributes())
	l.events(s.Events())
	l.number("dropped_events", s.DroppedEvents())
	l.links(s.Links())
	l.number("dropped_links", s.DroppedLinks())
	l.scope(s)
	l.attributes("resource", resourceOf(s))
	l.close('}')
}

// kindOf is the word for a span kind; internal has none.
func kindOf(k trace.SpanKind) string {
	if k == trace.SpanKindInternal || k == trace.SpanKindUnspecified {
		return ""
	}
	return k.String()
}

// resourceOf is the resource without the service's name, which has a field of its own.
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

func (l *line) status(s sdktrace.Status) {
	switch s.Code {
	case codes.Ok:
		l.word("status", "ok")
	case codes.Error:
		l.word("status", "error")
	}
	l.string("status_description", s.Description)
}

func (l *line) events(events []sdktrace.Event) {
	if len(events) == 0 {
		return
	}
	l.key("events")
	l.open('[')
	for _, event := range events {
		l.element()
		l.open('{')
		l.instant("time", event.Time)
		l.string("name", event.Name)
		l.attributes("attributes", event.Attributes)
		l.number("dropped_attributes", event.DroppedAttributeCount)
		l.close('}')
	}
	l.close(']')
}

func (l *line) links(links []sdktrace.Link) {
	if len(links) == 0 {
		return
	}
	l.key("links")
	l.open('[')
	for _, link := range links {
		l.element()
		l.open('{')
		l.ids(link.SpanContext)
		l.attributes("attributes", link.Attributes)
		l.number("dropped_attributes", link.DroppedAttributeCount)
		l.close('}')
	}
	l.close(']')
}

func (l *line) scope(s sdktrace.ReadOnlySpan) {
	scope := s.InstrumentationScope()
	l.string("scope", scope.Name)
	l.string("scope_version", scope.Version)
	l.attributes("scope_attributes", scope.Attributes.ToSlice())
}

func (l *line) attributes(key string, list []attribute.KeyValue) {
	if len(list) == 0 {
		return
	}
	l.key(key)
	l.open('{')
	for _, kv := range list {
		l.element()
		l.quote(string(kv.Key))
		l.text = append(l.text, ':')
		var repair spantext.Repair
		l.text, repair = spantext.AppendJSON(l.text, kv.Value, l.limit)
		l.repaired |= repair
	}
	l.close('}')
}

func (l *line) ids(sc trace.SpanContext) {
	traceID, spanID := sc.TraceID(), sc.SpanID()
	l.id("trace_id", traceID[:])
	l.id("span_id", spanID[:])
}

func (l *line) id(key string, id []byte) {
	l.key(key)
	l.text = append(l.text, '"')
	l.text = hex.AppendEncode(l.text, id)
	l.text = append(l.text, '"')
}

func (l *line) instant(key string, t time.Time) {
	l.key(key)
	l.text = append(l.text, '"')
	l.text = t.UTC().AppendFormat(l.text, time.RFC3339Nano)
	l.text = append(l.text, '"')
}

// elapsed writes a duration as Go does ("1.5ms"); a negative one is 0.
func (l *line) elapsed(key string, d time.Duration) {
	if d < 0 {
		d, l.duration = 0, true
	}
	l.word(key, d.String())
}

// string writes text from a span, unless it is empty.
func (l *line) string(key, text string) {
	if text != "" {
		l.key(key)
		l.quote(text)
	}
}

// word writes text that needs no escaping, unless it is empty.
func (l *line) word(key, text string) {
	if text != "" {
		l.key(key)
		l.text = append(append(append(l.text, '"'), text...), '"')
	}
}

// number writes a count, unless it is 0.
func (l *line) number(key string, n int) {
	if n != 0 {
		l.key(key)
		l.text = strconv.AppendInt(l.text, int64(n), 10)
	}
}

func (l *line) quote(text string) {
	var repair spantext.Repair
	l.text, repair = spantext.AppendQuoted(l.text, text, 0)
	l.repaired |= repair
}

func (l *line) key(key string) {
	l.element()
	l.text = append(append(append(l.text, '"'), key...), `":`...)
}

// element begins a member of an object or array, with a comma where one is needed.
func (l *line) element() {
	if n := len(l.text); n > 0 && l.text[n-1] != '{' && l.text[n-1] != '[' {
		l.text = append(l.text, ',')
	}
}

func (l *line) open(bracket byte)  { l.text = append(l.text, bracket) }
func (l *line) close(bracket byte) { l.text = append(l.text, bracket) }
