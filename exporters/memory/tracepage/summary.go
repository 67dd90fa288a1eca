package tracepage

import (
	"go.opentelemetry.io/otel/codes"

	"github.com/spanroute/spanroute/exporters/memory"
)

// summary writes what the list shows of a trace. Its name and service are those of the root, or of the first span
// if the root is not held.
func (s *stream) summary(t memory.Trace) {
	start, end := extent(t)
	root := rootOf(t)
	errors := 0
	for _, span := range t.Spans {
		if span.Status().Code == codes.Error {
			errors++
		}
	}
	s.begin('{')
	s.key("id")
	s.id(t.ID[:])
	s.key("name")
	s.text(root.Name(), shownName)
	s.key("service")
	s.text(serviceOf(root), shownName)
	s.key("start")
	s.moment(start)
	s.key("durationNs")
	s.integer(max(0, int64(end.Sub(start))))
	s.key("spans")
	s.integer(int64(len(t.Spans)))
	s.key("errors")
	s.integer(int64(errors))
	s.end('}')
}

// heading writes the fields of a trace that do not depend on the part.
func (s *stream) heading(t memory.Trace, p part) {
	start, end := extent(t)
	s.key("id")
	s.id(t.ID[:])
	s.key("name")
	s.text(rootOf(t).Name(), p.shownText)
	s.key("start")
	s.moment(start)
	s.key("durationNs")
	s.integer(max(0, int64(end.Sub(start))))
	s.key("evicted")
	s.integer(int64(t.Evicted))
	s.key("total") // spans held of it
	s.integer(int64(len(t.Spans)))
}
