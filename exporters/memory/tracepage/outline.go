package tracepage

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
)

// shownMarks is the number of events that a waterfall marks on a span.
const shownMarks = 20

// outline answers with what a waterfall needs of each span, from the given one on, at most limit of them; limit 0 means
// all. The answer ends early above
// shownPage bytes; the next one begins where it ended.
func (h pageHandler) outline(w http.ResponseWriter, r *http.Request, id, from, limit string) {
	if !h.enter(r) {
		return
	}
	defer h.leave()
	t, ok := h.held(w, id)
	if !ok {
		return
	}
	first, ok := position(w, "from", from)
	if !ok {
		return
	}
	if most, ok := position(w, "limit", limit); ok {
		answer(w, r, func(s *stream) { s.outline(t, part{from: first, most: most, page: shownPage, shownText: shownName}) })
	}
}

// span answers with one span of a trace.
func (h pageHandler) span(w http.ResponseWriter, r *http.Request, id, span string) {
	if !h.enter(r) {
		return
	}
	defer h.leave()
	t, ok := h.held(w, id)
	if !ok {
		return
	}
	parsed, err := trace.SpanIDFromHex(span)
	if err != nil {
		fault(w, http.StatusBadRequest, "span is not a span id, want 16 hex digits")
		return
	}
	start, _ := extent(t)
	for _, held := range t.Spans {
		if held.SpanContext().SpanID() == parsed {
			answer(w, r, func(s *stream) { s.span(placedSpan{held, 0}, start, shown(0)) })
			return
		}
	}
	fault(w, http.StatusNotFound, "this span is not held any more")
}

// outline writes a trace without attributes: parents before children, siblings by start. The depths alone define the
// tree, so that cycles of parents do not reach the reader.
func (s *stream) outline(t memory.Trace, p part) {
	start, _ := extent(t)
	s.begin('{')
	s.heading(t, p)
	s.key("spans")
	s.begin('[')
	for i, placed := range p.of(nested(t.Spans)) {
		if s.err != nil || (i > 0 && p.full(s)) {
			break
		}
		s.outlined(placed, start, p)
	}
	s.end(']')
	s.end('}')
}

func (s *stream) outlined(placed placedSpan, begin time.Time, p part) {
	id := placed.SpanContext().SpanID()
	s.begin('{')
	s.key("spanId")
	s.id(id[:])
	s.key("name")
	s.text(placed.Name(), p.shownText)
	s.key("service")
	s.text(serviceOf(placed), p.shownText)
	s.key("kind")
	s.text(placed.SpanKind().String(), 0)
	s.key("depth")
	s.integer(int64(placed.depth))
	s.key("offsetNs")
	s.integer(int64(placed.StartTime().Sub(begin)))
	s.key("durationNs")
	s.integer(max(0, int64(placed.EndTime().Sub(placed.StartTime()))))
	if placed.Status().Code == codes.Error {
		s.key("error")
		s.text(messageOf(placed), p.shownText)
	}
	if events := placed.Events(); len(events) > 0 {
		s.key("events") // nanoseconds since the trace's start
		s.begin('[')
		for i := range events[:min(len(events), shownMarks)] {
			s.integer(int64(events[i].Time.Sub(begin)))
		}
		s.end(']')
	}
	s.end('}')
}

// messageOf returns the description of the span's status, or the message of its last exception.
func messageOf(span sdktrace.ReadOnlySpan) string {
	message := span.Status().Description
	if message != "" {
		return message
	}
	for _, event := range span.Events() {
		for _, a := range event.Attributes {
			if a.Key == "exception.message" {
				message = a.Value.AsString()
			}
		}
	}
	return message
}
