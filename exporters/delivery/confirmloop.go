package delivery

import (
	"errors"
	"time"
)

// confirmDelay is the time in which a receiver without answers can refuse a payload.
const confirmDelay = 100 * time.Millisecond

// A confirmLoop is the sender goroutine of a sender with a [Confirmer], whose receiver does not answer.
//
// How it works. The success of a write does not show that a receiver listens. The payload that was written last therefore
// stays here until the next one is to be sent, or until confirmDelay has passed. If Confirm reports a loss by then, the
// payload goes back to the head of the outbox, and the loss counts as a failed attempt. Otherwise it is delivered, which
// also ends an outage.
type confirmLoop[P Payload] struct {
	outbox[P]
	confirmer Confirmer
	last      *load[P] // written, but not settled
	sentAt    time.Time
}

// run sends batches until the queue is closed and empty, or Shutdown's context ends.
func (c *confirmLoop[P]) run() {
	defer c.giveUp()
	for c.sendAll() {
		b, over := c.x.next(c.due())
		switch {
		case over:
			return
		case b != nil:
			c.fill(b)
		default:
			c.confirmLast()
		}
	}
}

// sendAll makes attempts until every payload was written. It returns false if Shutdown's context ends.
func (c *confirmLoop[P]) sendAll() bool {
	for len(c.todo) > 0 {
		l := c.todo[0]
		admitted, epoch := c.x.admit(&l.deadline)
		switch admitted {
		case admitNever:
			return false
		case admitExpired:
			c.drop(l, DropExpired, Outcome{})
			continue
		}
		if err := c.confirm(); err != nil {
			c.recall()
			c.x.failed(epoch, lossOutcome(err))
			continue
		}
		c.settleOverdue()
		switch out := c.send(l); {
		case out.Verdict == Delivered:
			c.written(l, epoch)
		case c.x.run.Err() != nil:
			return false // Shutdown cancelled the attempt, so that it is not a failure of the receiver
		default:
			c.notWritten(l, out, epoch)
		}
	}
	return true
}

// written settles the payload before l, and keeps l until it is confirmed.
func (c *confirmLoop[P]) written(l *load[P], epoch uint64) {
	c.pop()
	c.x.rejected(epoch)
	c.arrived()
	c.last, c.sentAt = l, time.Now()
}

// notWritten acts on a failed write. The failure may be the report of the loss of the last payload.
func (c *confirmLoop[P]) notWritten(l *load[P], out Outcome, epoch uint64) {
	c.notDelivered(l, out, epoch)
	if out.Verdict != Retry && out.Verdict != Misconfigured {
		return
	}
	if err := c.confirm(); err != nil {
		c.recall()
	}
}

// due returns the time at which the last payload counts as delivered without a refusal; zero without one.
func (c *confirmLoop[P]) due() time.Time {
	if c.last == nil {
		return time.Time{}
	}
	return c.sentAt.Add(confirmDelay)
}

// confirm returns an error if the last payload is known to be lost.
func (c *confirmLoop[P]) confirm() (err error) {
	if c.last == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = panicError("Confirm", v)
		}
	}()
	return c.confirmer.Confirm()
}

// confirmLast settles the last payload after its delay, or takes it back.
func (c *confirmLoop[P]) confirmLast() {
	if err := c.confirm(); err != nil {
		c.recall()
		c.x.failed(c.x.epoch(), lossOutcome(err))
		return
	}
	c.arrived()
}

// lossOutcome returns the outcome of a payload for which Confirm returned err.
func lossOutcome(err error) Outcome {
	out := Outcome{Verdict: Retry, Err: err}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		out.Hint = hinted.Hint()
	}
	return out
}

// settleOverdue settles the last payload if its delay passed while another one waited to be admitted. That it arrived
// does not end an outage that began since.
func (c *confirmLoop[P]) settleOverdue() {
	if c.last != nil && !time.Now().Before(c.due()) {
		c.settleLast()
	}
}

// recall returns the last payload to the head of the outbox.
func (c *confirmLoop[P]) recall() {
	c.todo = append([]*load[P]{c.last}, c.todo...)
	c.last = nil
}

// arrived settles the last payload as delivered, which shows that a receiver listens.
func (c *confirmLoop[P]) arrived() {
	if c.last != nil {
		c.x.succeeded(c.x.epoch())
		c.settleLast()
	}
}

func (c *confirmLoop[P]) settleLast() {
	c.x.delivered(c.last.batch, c.last.spans)
	c.last = nil
}

// giveUp settles the last payload and drops what is left.
func (c *confirmLoop[P]) giveUp() {
	if c.last != nil && c.confirm() == nil {
		c.arrived()
	}
	if c.last != nil {
		c.recall()
	}
	c.outbox.giveUp()
}
