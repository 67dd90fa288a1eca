package tracepage

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// WithDelivery shows the counters of destinations above the traces: delivered, queued and dropped spans, and an outage
// with its last error and the next attempt. The sequence holds the name and the counters of each destination. It is read for each answer,
// from any number of goroutines. A program with a spanroute.Tracing t passes its statistics:
//
//	tracepage.WithDelivery(func(yield func(string, delivery.Stats) bool) {
//		for _, e := range t.Stats().Exporters {
//			if !yield(e.Name, e.Stats) {
//				return
//			}
//		}
//	})
func WithDelivery(destinations iter.Seq2[string, delivery.Stats]) Option {
	return func(h *pageHandler) { h.delivery = destinations }
}

// delivered answers with the state of each destination; the list is empty without WithDelivery.
func (h pageHandler) delivered(w http.ResponseWriter, r *http.Request) {
	answer(w, r, func(s *stream) {
		s.begin('{')
		s.key("destinations")
		s.begin('[')
		if h.delivery != nil {
			for name, stats := range h.delivery {
				s.destination(name, stats)
			}
		}
		s.end(']')
		s.end('}')
	})
}

// time writes a member with a time, unless that is zero.
func (s *stream) time(key string, at time.Time) {
	if !at.IsZero() {
		s.key(key)
		s.moment(at)
	}
}

func (s *stream) destination(name string, stats delivery.Stats) {
	s.begin('{')
	s.key("name")
	s.text(name, shownName)
	s.key("delivered")
	s.integer(int64(stats.Delivered))
	s.key("queued")
	s.integer(int64(stats.Queued))
	s.key("retries")
	s.integer(int64(stats.Retries))
	s.key("dropped")
	s.begin('[')
	for _, reason := range slices.Sorted(maps.Keys(stats.Dropped)) {
		s.begin('{')
		s.key("reason")
		s.text(string(reason), shownName)
		s.key("spans")
		s.integer(int64(stats.Dropped[reason]))
		s.end('}')
	}
	s.end(']')
	s.key("breaker")
	s.text(stats.Breaker.String(), shownName)
	s.time("oldest", stats.Oldest)
	s.time("since", stats.Since)
	s.time("next", stats.Next)
	s.key("error")
	s.text(stats.LastError, shownName)
	s.key("hint")
	s.text(stats.Hint, shownName)
	s.end('}')
}
