package tracepage

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
	"github.com/spanroute/spanroute/exporters/memory"
)

// search looks for one text in the attributes of spans, events and resources. It compares what the page shows of a
// value, without regard to letter case.
type search struct {
	text       string // the whole query
	key, value string // the query split at the first "="; key is empty without one
	scratch    []byte
}

// found reports whether the query is the beginning of the trace's id or occurs in an attribute of the trace.
func (f filter) found(t memory.Trace) bool {
	if f.query == "" || strings.HasPrefix(t.ID.String(), f.query) {
		return true
	}
	s := search{text: f.query}
	if key, value, ok := strings.Cut(f.query, "="); ok {
		s.key, s.value = key, value
	}
	for i, span := range t.Spans {
		if s.within(span.Attributes()) {
			return true
		}
		for _, event := range span.Events() {
			if s.within(event.Attributes) {
				return true
			}
		}
		// The spans of one provider share a resource.
		if shared := i > 0 && t.Spans[i-1].Resource() == span.Resource(); !shared && s.within(span.Resource().Attributes()) {
			return true
		}
	}
	return false
}

func (s *search) within(list []attribute.KeyValue) bool {
	for i := range list {
		if s.matches(list[i]) {
			return true
		}
	}
	return false
}

func (s *search) matches(a attribute.KeyValue) bool {
	if s.key != "" && strings.EqualFold(string(a.Key), s.key) && s.holds(a.Value, s.value) {
		return true
	}
	return s.holds(a.Value, s.text)
}

func (s *search) holds(v attribute.Value, part string) bool {
	var text string
	if v.Type() == attribute.STRING {
		text = spantext.CutBytes(v.AsString(), shownValue)
	} else {
		s.scratch, _ = spantext.AppendValue(s.scratch[:0], v, shownValue)
		text = string(s.scratch)
	}
	return strings.Contains(strings.ToLower(text), part)
}
