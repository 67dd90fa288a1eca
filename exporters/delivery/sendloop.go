package delivery

import "time"

// A sendLoop is a sender goroutine whose receiver answers: a success settles the payload.
type sendLoop[P Payload] struct{ outbox[P] }

// run sends batches until the queue is closed and empty, or Shutdown's context ends.
func (s *sendLoop[P]) run() {
	defer s.giveUp()
	for s.sendAll() {
		b, over := s.x.next(time.Time{})
		if over {
			return
		}
		s.fill(b)
	}
}

// sendAll makes attempts until every payload is settled. It returns false if Shutdown's context ends.
func (s *sendLoop[P]) sendAll() bool {
	for len(s.todo) > 0 {
		l := s.todo[0]
		admitted, epoch := s.x.admit(&l.deadline)
		switch admitted {
		case admitNever:
			return false
		case admitExpired:
			s.drop(l, DropExpired, Outcome{})
			continue
		}
		switch out := s.send(l); {
		case out.Verdict == Delivered:
			s.delivered(l, out, epoch)
		case s.x.run.Err() != nil:
			return false // Shutdown cancelled the attempt, so that it is not a failure of the receiver
		default:
			s.notDelivered(l, out, epoch)
		}
	}
	return true
}

// delivered settles the first load, except for the spans that the receiver rejected.
func (s *sendLoop[P]) delivered(l *load[P], out Outcome, epoch uint64) {
	s.pop()
	s.x.succeeded(epoch)
	if rejected := min(max(out.Rejected, 0), l.spans); rejected > 0 {
		s.x.dropBecause(l.batch, rejected, DropPartial, out)
		l.spans -= rejected
	} else if out.Err != nil {
		s.x.warning(out)
	}
	s.x.delivered(l.batch, l.spans)
}

// warning logs what a receiver reported along with a success.
func (x *Exporter) warning(out Outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log.warning(out)
}
