package tracepage

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/memory"
)

// part selects what of a trace is written; the zero part is everything.
type part struct {
	from, most         int // spans in waterfall order; most 0 means no limit
	page               int // bytes of an answer, above which it ends after the span and shows no further value; 0 means no limit
	shownText, shownIn int // bytes of a name, key or message, and of a value; 0 means no limit
}

// shown is the part of one answer for the waterfall.
func shown(from int) part {
	return part{from: from, most: shownSpans, page: shownPage, shownText: shownName, shownIn: shownValue}
}

// room returns how many bytes of the next value are written.
func (p part) room(s *stream) int {
	switch {
	case p.shownIn == 0:
		return unlimited
	case p.full(s):
		return 0
	default:
		return p.shownIn
	}
}

func (p part) full(s *stream) bool { return p.page > 0 && s.size() >= p.page }

// of returns the spans of the part.
func (p part) of(spans []placedSpan) []placedSpan {
	spans = spans[min(p.from, len(spans)):]
	if p.most > 0 {
		spans = spans[:min(p.most, len(spans))]
	}
	return spans
}

// trace writes a part of a trace: parents before children, siblings by start.
func (s *stream) trace(t memory.Trace, p part) {
	start, _ := extent(t)
	s.begin('{')
	s.heading(t, p)
	s.key("spans") // those of the query
	s.begin('[')
	for i, placed := range p.of(nested(t.Spans)) {
		if s.err != nil || (i > 0 && p.full(s)) {
			break
		}
		s.span(placed, start, p)
	}
	s.end(']')
	s.end('}')
}

func (s *stream) span(placed placedSpan, begin time.Time, p part) {
	s.begin('{')
	s.identity(placed, p)
	s.key("depth")
	s.integer(int64(placed.depth))
	s.key("start")
	s.moment(placed.StartTime())
	s.key("offsetNs") // since the trace's start
	s.integer(int64(placed.StartTime().Sub(begin)))
	s.key("durationNs")
	s.integer(max(0, int64(placed.EndTime().Sub(placed.StartTime()))))
	s.status(placed.Status(), p)
	s.scope(placed, p)
	s.key("attributes")
	s.attributes(placed.Attributes(), p)
	s.events(placed.Events(), begin, p)
	s.links(placed.Links(), p)
	s.resource(placed, p)
	s.dropped(placed)
	s.end('}')
}

func (s *stream) identity(placed placedSpan, p part) {
	id := placed.SpanContext().SpanID()
	s.key("spanId")
	s.id(id[:])
	if parent := placed.Parent().SpanID(); parent.IsValid() {
		s.key("parentId")
		s.id(parent[:])
	}
	if state := placed.SpanContext().TraceState(); state.Len() > 0 {
		s.key("traceState")
		s.text(state.String(), p.shownText)
	}
	s.key("name")
	s.text(placed.Name(), p.shownText)
	s.key("kind")
	s.text(strings.ToUpper(placed.SpanKind().String()), 0)
}

func (s *stream) status(status sdktrace.Status, p part) {
	s.key("status")
	s.begin('{')
	s.key("code")
	s.text(status.Code.String(), 0)
	if status.Description != "" {
		s.key("message")
		s.text(status.Description, p.shownText)
	}
	s.end('}')
}

func (s *stream) scope(placed placedSpan, p part) {
	scope := placed.InstrumentationScope()
	s.key("scope")
	s.begin('{')
	s.key("name")
	s.text(scope.Name, p.shownText)
	if scope.Version != "" {
		s.key("version")
		s.text(scope.Version, p.shownText)
	}
	s.end('}')
}

func (s *stream) attributes(list []attribute.KeyValue, p part) {
	s.begin('[')
	for i := range list {
		if s.err != nil {
			break
		}
		s.attribute(list[i], p)
	}
	s.end(']')
}

func (s *stream) attribute(a attribute.KeyValue, p part) {
	s.begin('{')
	s.key("key")
	s.text(string(a.Key), p.shownText)
	s.key("type")
	s.text(a.Value.Type().String(), 0)
	s.key("value")
	if cut := s.value(a.Value, p.room(s)); cut > 0 {
		s.key("cut") // bytes that are not shown
		s.integer(int64(cut))
	}
	s.end('}')
}

func (s *stream) events(events []sdktrace.Event, begin time.Time, p part) {
	s.key("events")
	s.begin('[')
	for i := range events {
		s.begin('{')
		s.key("name")
		s.text(events[i].Name, p.shownText)
		s.key("offsetNs")
		s.integer(int64(events[i].Time.Sub(begin)))
		s.key("attributes")
		s.attributes(events[i].Attributes, p)
		s.end('}')
	}
	s.end(']')
}

func (s *stream) links(links []sdktrace.Link, p part) {
	s.key("links")
	s.begin('[')
	for i := range links {
		trace, span := links[i].SpanContext.TraceID(), links[i].SpanContext.SpanID()
		s.begin('{')
		s.key("traceId")
		s.id(trace[:])
		s.key("spanId")
		s.id(span[:])
		s.key("attributes")
		s.attributes(links[i].Attributes, p)
		s.end('}')
	}
	s.end(']')
}

func (s *stream) resource(placed placedSpan, p part) {
	s.key("resource")
	s.begin('[')
	for it := placed.Resource().Iter(); it.Next() && s.err == nil; {
		s.attribute(it.Attribute(), p)
	}
	s.end(']')
}

// dropped writes what the SDK's limits cost.
func (s *stream) dropped(placed placedSpan) {
	attributes, events, links := placed.DroppedAttributes(), placed.DroppedEvents(), placed.DroppedLinks()
	if attributes+events+links > 0 {
		s.key("dropped")
		s.text(fmt.Sprintf("%d attributes, %d events, %d links", attributes, events, links), 0)
	}
}
