package delivery

import (
	"context"
	"time"
)

// A worker is one sender goroutine: it takes a batch, encodes it, and makes attempts with the
// payloads in order until each is settled.
type worker[P Payload] struct {
	e         *engine
	encoder   Encoder[P]
	sender    Sender[P]
	confirmer Confirmer // nil for a sender that gets answers
	todo      []*load[P]
	last      *load[P] // sent, and not known to have arrived; only with a confirmer
	sentAt    time.Time
}

// A load is a payload with what the engine has to know about it.
type load[P Payload] struct {
	payload  P
	batch    *batch
	spans    int // not settled yet
	attempts int
	deadline time.Time // when it expires; zero: not tried yet, or never
}

// confirmDelay is how long a receiver without answers has to refuse a payload.
const confirmDelay = 100 * time.Millisecond

func (w *worker[P]) run() {
	for {
		for len(w.todo) > 0 {
			if !w.attempt(w.todo[0]) {
				w.giveUp()
				return
			}
		}
		b, over := w.e.take(w.confirmDue())
		switch {
		case b != nil:
			w.todo = append(w.todo, w.encode(b)...)
		case over:
			w.giveUp()
			return
		default:
			w.confirmLast()
		}
	}
}

// attempt brings one load a step further; false means that Shutdown's context has ended.
func (w *worker[P]) attempt(l *load[P]) bool {
	turn, epoch := w.e.enter(&l.deadline)
	switch turn {
	case turnStop:
		return false
	case turnLate:
		w.finish(l, DropExpired)
		return true
	}
	if err := w.confirm(); err != nil {
		w.recall()
		w.e.failed(epoch, lost(err))
		return true
	}
	w.settleOverdue()
	out := w.send(l)
	if out.Verdict != Delivered && w.e.run.Err() != nil {
		return false // cancelled by us: no fault of the receiver's
	}
	w.judge(l, out, epoch)
	return true
}

// send makes one attempt.
func (w *worker[P]) send(l *load[P]) Outcome {
	w.begin(l)
	ctx, cancel := w.e.run, context.CancelFunc(func() {})
	if timeout := w.e.o.Timeout; timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	return w.callSend(ctx, l.payload)
}

func (w *worker[P]) begin(l *load[P]) {
	if l.attempts++; l.attempts > 1 {
		w.e.mu.Lock()
		w.e.retries++
		w.e.mu.Unlock()
		return
	}
	if most := w.e.o.Retry.MaxElapsed; most > 0 {
		l.deadline = time.Now().Add(most)
	}
}

// sendPanicked marks the outcome of a Send that panicked.
const sendPanicked = Verdict(255)

func (w *worker[P]) callSend(ctx context.Context, p P) (out Outcome) {
	defer func() {
		if v := recover(); v != nil {
			out = Outcome{Verdict: sendPanicked, Err: panicError("Send", v)}
		}
	}()
	return w.sender.Send(ctx, p)
}

// judge acts on an outcome. The load is the first of todo.
func (w *worker[P]) judge(l *load[P], out Outcome, epoch uint64) {
	switch out.Verdict {
	case Delivered:
		w.accepted(l, out, epoch)
	case Retry, Misconfigured:
		w.e.failed(epoch, out)
		if err := w.confirm(); err != nil {
			w.recall()
		}
	case TooLarge:
		w.divide(l, out)
		w.e.answered(epoch)
	case sendPanicked:
		w.refused(l, DropPanic, out)
		w.e.answered(epoch)
	default:
		w.refused(l, DropRejected, out)
		w.e.answered(epoch)
	}
}

// accepted settles a load. Without answers it is the load before that is settled: the success
// of a write does not show that a receiver listens.
func (w *worker[P]) accepted(l *load[P], out Outcome, epoch uint64) {
	w.pop()
	if w.confirmer != nil {
		w.e.answered(epoch)
		w.arrived()
		w.last, w.sentAt = l, time.Now()
		return
	}
	w.e.succeeded(epoch)
	if refused := min(max(out.Rejected, 0), l.spans); refused > 0 {
		w.e.settleBecause(l.batch, refused, DropPartial, out)
		l.spans -= refused
	} else if out.Err != nil {
		w.e.receiverWarns(out)
	}
	w.e.settle(l.batch, l.spans, "")
}

// refused drops a load for a reason the receiver or the sender gave.
func (w *worker[P]) refused(l *load[P], reason string, out Outcome) {
	w.pop()
	w.e.settleBecause(l.batch, l.spans, reason, out)
}

// finish drops a load.
func (w *worker[P]) finish(l *load[P], reason string) {
	w.pop()
	w.e.settle(l.batch, l.spans, reason)
}

// pop takes the first load off and lets go of its payload.
func (w *worker[P]) pop() {
	w.todo[0] = nil
	w.todo = w.todo[1:]
}

// divide puts both halves of a load in its place. A single span is made smaller, or dropped.
func (w *worker[P]) divide(l *load[P], out Outcome) {
	a, b, ok := w.split(l)
	if !ok {
		if w.shrink(l, out) {
			return
		}
		w.refused(l, DropTooLarge, out)
		return
	}
	w.e.halve(l.payload.Size(), out)
	w.todo = append([]*load[P]{a, b}, w.todo[1:]...)
}

// split halves a load. An encoder whose halves do not add up, or that panics, has not split.
func (w *worker[P]) split(l *load[P]) (a, b *load[P], ok bool) {
	defer func() {
		if recover() != nil {
			a, b, ok = nil, nil, false
		}
	}()
	if l.spans < 2 {
		return nil, nil, false
	}
	pa, pb, ok := w.encoder.Split(l.payload)
	if !ok || pa.Spans() < 1 || pb.Spans() < 1 || pa.Spans()+pb.Spans() != l.spans {
		return nil, nil, false
	}
	return &load[P]{payload: pa, batch: l.batch, spans: pa.Spans()},
		&load[P]{payload: pb, batch: l.batch, spans: pb.Spans()}, true
}

// giveUp settles what is left when Shutdown's context has ended.
func (w *worker[P]) giveUp() {
	if w.last != nil && w.confirm() == nil {
		w.arrived()
	}
	if w.last != nil {
		w.settleLast(DropShutdown)
	}
	for _, l := range w.todo {
		w.e.settle(l.batch, l.spans, DropShutdown)
	}
	w.todo = nil
}
