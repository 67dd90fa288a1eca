package delivery

import (
	"context"
	"time"
)

// An outbox holds the payloads of one sender goroutine, in order, and makes attempts with the first one. The two loops
// differ in what a success of Send means.
type outbox[P Payload] struct {
	encoding[P]
	sender Sender[P]
	store  *store[P] // nil without a spool
	todo   []*load[P]
}

// fill encodes a batch and appends its payloads.
func (o *outbox[P]) fill(b *batch) { o.todo = append(o.todo, o.encode(b)...) }

// send makes one attempt with l.
func (o *outbox[P]) send(l *load[P]) Outcome {
	o.begin(l)
	ctx, cancel := o.x.run, context.CancelFunc(func() {})
	if timeout := o.x.options.Timeout; timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	return o.callSend(ctx, l.payload)
}

// begin counts the attempt. The first one starts the time of the payload.
func (o *outbox[P]) begin(l *load[P]) {
	if l.attempts++; l.attempts > 1 {
		o.x.mu.Lock()
		o.x.account.retries++
		o.x.mu.Unlock()
		return
	}
	if limit := o.x.options.Retry.MaxElapsed; limit > 0 && l.batch.entry == nil {
		l.deadline = time.Now().Add(limit)
	}
}

// sendPanicked is the verdict of a Send that panicked.
const sendPanicked = Verdict(255)

func (o *outbox[P]) callSend(ctx context.Context, p P) (out Outcome) {
	defer func() {
		if v := recover(); v != nil {
			out = Outcome{Verdict: sendPanicked, Err: panicError("Send", v)}
		}
	}()
	return o.sender.Send(ctx, p)
}

// notDelivered acts on an outcome other than Delivered. l is the first of todo.
func (o *outbox[P]) notDelivered(l *load[P], out Outcome, epoch uint64) {
	switch out.Verdict {
	case Retry, Misconfigured:
		o.x.failed(epoch, out)
		return
	case TooLarge:
		if parts := o.divide(l, out); parts != nil {
			o.todo = append(parts, o.todo[1:]...)
		} else {
			o.drop(l, DropTooLarge, out)
		}
	case sendPanicked:
		o.drop(l, DropPanic, out)
	default:
		o.drop(l, DropRejected, out)
	}
	o.x.rejected(epoch)
}

// drop removes the first load and drops its spans.
func (o *outbox[P]) drop(l *load[P], reason Reason, out Outcome) {
	o.pop()
	o.x.dropBecause(l.batch, l.spans, reason, out)
}

// pop removes the first load and its reference to the payload.
func (o *outbox[P]) pop() {
	o.todo[0] = nil
	o.todo = o.todo[1:]
}

// giveUp stores what is left when Shutdown's context has ended, or drops it.
func (o *outbox[P]) giveUp() {
	for len(o.todo) > 0 {
		if o.store.put(o.todo[0]) {
			o.pop()
		} else {
			o.drop(o.todo[0], DropShutdown, Outcome{})
		}
	}
}
