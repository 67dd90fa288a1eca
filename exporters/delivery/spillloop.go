package delivery

import "time"

// A spillLoop is the goroutine that writes payloads to the spool.
//
// How it works. In SpoolAlways it takes every batch from the queue, and only it does. In SpoolOverflow it competes with the
// sender goroutines while the destination fails or the queue is more than half full, and takes the rest when the context
// of Shutdown has ended. A payload that cannot be written is sent as by any other sender goroutine, so that a full or
// broken disk costs nothing that a destination without a spool would keep.
type spillLoop[P Payload] struct{ sendLoop[P] }

// run writes batches until the queue is closed and empty.
func (s *spillLoop[P]) run() {
	defer s.giveUp()
	for {
		b := s.x.nextToSpool()
		if b == nil {
			s.x.spilled()
			return
		}
		for _, l := range s.encode(b) {
			if !s.store.put(l) {
				s.todo = append(s.todo, l)
			}
		}
		if !s.sendAll() {
			s.giveUp() // with the rest of the queue still to be written
		}
	}
}

// nextToSpool waits for a batch that is to be written, and returns nil when no more will come.
func (x *Exporter) nextToSpool() *batch {
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		x.gather()
		n, due := x.spills(time.Now())
		switch {
		case n > 0:
			return x.move(n)
		case x.closing && x.queue.length == 0:
			return nil
		}
		x.wait(due)
	}
}

// spills returns the number of spans that the spill loop may take now, and when it is to look again.
func (x *Exporter) spills(now time.Time) (n int, due time.Time) {
	n = min(x.queue.length, x.options.BatchSize)
	switch o := x.options; {
	case n == 0, x.aborted:
		return n, time.Time{}
	case x.spoolsAll(), x.breaker.failures > 0:
		due = x.queue.oldest().Add(spillDelay)
		if n == o.BatchSize || x.closing || x.flushSeq > x.first() || !now.Before(due) {
			return n, time.Time{}
		}
		return 0, due
	case x.front.bytes.Load() > o.QueueBytes/2, o.MaxQueueSize > 0 && x.queued() > o.MaxQueueSize/2:
		return n, time.Time{}
	}
	return 0, time.Time{}
}

// spilled records that nothing more will be written by the spill loop.
func (x *Exporter) spilled() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.spillEnded = true
	x.changed.Broadcast()
}
