package delivery

import (
	"errors"
	"fmt"
	"time"
)

// A sendLoop is a sender goroutine whose receiver answers: a success settles the payload.
type sendLoop[P Payload] struct {
	outbox[P]
	quarantine[P]
}

// run sends batches until the queue is closed and empty, or Shutdown's context ends.
func (s *sendLoop[P]) run() {
	defer s.giveUp()
	for s.sendAll() {
		if l := s.due(time.Now()); l != nil {
			s.todo = append(s.todo, l)
			continue
		}
		switch b, over := s.x.next(s.quarantine.next()); {
		case over:
			return
		case b != nil:
			s.fill(b)
		}
	}
}

// giveUp drops what is left, also what was set aside.
func (s *sendLoop[P]) giveUp() {
	s.todo = append(s.todo, s.aside...)
	s.aside = nil
	s.outbox.giveUp()
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
			s.expire(l)
			continue
		case admitProbe:
			s.probe(epoch)
			continue
		case admitSmall:
			l = s.reduce()
		}
		switch out := s.send(l); {
		case out.Verdict == Delivered:
			s.delivered(l, out, epoch)
		case s.x.run.Err() != nil:
			return false // Shutdown cancelled the attempt, so that it is not a failure of the receiver
		case out.Verdict == Retry, out.Verdict == Misconfigured:
			s.retryLater(l, out, epoch)
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

// retryLater acts on a failure that may pass, of the first load of todo. With a spool, the load waits there, so that it keeps
// its place before those that come later, and survives the process.
func (s *sendLoop[P]) retryLater(l *load[P], out Outcome, epoch uint64) {
	if s.store.put(l) {
		s.pop()
		s.x.failed(epoch, out)
		return
	}
	if out.RetryAfter > 0 {
		s.x.failed(epoch, out)
		return
	}
	blamed, aside := s.x.blames(&l.failures, &l.accepted, len(s.aside) > 0)
	if blamed {
		s.x.rejected(epoch)
		s.pop()
		s.blame(l, out)
		return
	}
	s.x.failed(epoch, out)
	switch {
	case l.blamed > 0 && l.spans > 1: // its halves show whether the receiver works
		s.pop()
		s.blame(l, out)
	case aside && s.spans() < maxAside*s.x.options.BatchSize:
		s.pop()
		s.add(l, time.Now())
	}
}

// blame sets a payload aside that has failed although the receiver works, in halves if it has failed so before.
func (s *sendLoop[P]) blame(l *load[P], out Outcome) {
	l.blamed++
	l.failure = out
	now := time.Now()
	if limit := s.x.options.Retry.MaxElapsed; limit > 0 && l.deadline.IsZero() {
		l.deadline = now.Add(limit) // a payload of the spool has none before
	}
	if l.blamed >= blamesToSplit {
		if a, b, ok := s.split(l); ok {
			for _, half := range []*load[P]{a, b} {
				half.failures, half.accepted, half.blamed, half.failure, half.deadline = 1, l.accepted, 1, out, l.deadline
				half.attempts = 1 // its next attempt is a retry
				s.add(half, now)
			}
			return
		}
	}
	s.add(l, now)
}

// expire stores a payload whose time is over, or drops it. One that was blamed was rejected: an outage would have made all wait.
func (s *sendLoop[P]) expire(l *load[P]) {
	if l.blamed == 0 {
		if s.store.put(l) {
			s.pop()
		} else {
			s.drop(l, DropExpired, Outcome{})
		}
		return
	}
	err := l.failure.Err
	if err == nil {
		err = errNoAnswer
	}
	s.drop(l, DropRejected, Outcome{
		Err:  fmt.Errorf("%s failed %d times while others were accepted: %w", s.describe(l), l.failures+l.blamed, err),
		Hint: "check what the receiver, or a filter in front of it, rejects in these spans",
	})
}

var errNoAnswer = errors.New("no answer")

// warning logs what a receiver reported along with a success.
func (x *Exporter) warning(out Outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log.warning(out)
}
