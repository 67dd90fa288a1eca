package jaeger

import (
	"sync/atomic"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// statistics numbers the packets of one exporter, and adds the counts of lost spans to each. Jaeger's agent adds them to its
// metrics and finds lost packets by the gaps between the numbers. Only the goroutine that sends uses it.
type statistics struct {
	framing statsFraming
	seq     int64 // of the packet sent last
	buf     []byte
	source  atomic.Pointer[func() delivery.Stats]
}

// packet returns the message with the next number and the present counts, which stand before the bytes that end the
// message. The result is valid until the next call.
func (s *statistics) packet(message []byte) []byte {
	end := len(message) - len(stops)
	s.buf = append(s.buf[:0], message[:end]...)
	s.buf = s.framing.appendStats(s.buf, s.seq+1, s.counts())
	s.buf = append(s.buf, stops...)
	return s.buf
}

// sent counts a packet that was written. The number of one that was not is used again.
func (s *statistics) sent() { s.seq++ }

// counts returns the present counts, from the account of the destination.
func (s *statistics) counts() clientStats {
	source := s.source.Load()
	if source == nil {
		return clientStats{}
	}
	stats := (*source)()
	c := clientStats{
		fullQueue: int64(stats.Dropped[delivery.DropQueueFull]),
		tooLarge:  int64(stats.Dropped[delivery.DropTooLarge]),
	}
	c.failed = int64(stats.DroppedTotal()) - c.fullQueue - c.tooLarge
	return c
}
