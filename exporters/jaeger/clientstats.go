package jaeger

import (
	"sync/atomic"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// statistics numbers the packets of one exporter. It belongs to the one goroutine that sends.
type statistics struct {
	framing statsFraming
	seq     int64 // of the packet sent last
	buf     []byte
	source  atomic.Pointer[func() delivery.Stats]
}

// packet is the message with the next number and the present counts, before the two bytes that end it.
// It is valid until the next call.
func (s *statistics) packet(message []byte) []byte {
	end := len(message) - len(stops)
	s.buf = append(s.buf[:0], message[:end]...)
	s.buf = s.framing.appendStats(s.buf, s.seq+1, s.counts())
	s.buf = append(s.buf, stops...)
	return s.buf
}

func (s *statistics) sent() { s.seq++ }

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
