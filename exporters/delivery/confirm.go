package delivery

import (
	"errors"
	"time"
)

// confirm returns an error if the last payload is known to be lost.
func (w *worker[P]) confirm() (err error) {
	if w.last == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = panicError("Confirm", v)
		}
	}()
	return w.confirmer.Confirm()
}

// confirmDue is when the last payload counts as delivered without a refusal; zero without one.
func (w *worker[P]) confirmDue() time.Time {
	if w.last == nil {
		return time.Time{}
	}
	return w.sentAt.Add(confirmDelay)
}

// confirmLast settles the last payload after its delay, or takes it back.
func (w *worker[P]) confirmLast() {
	err := w.confirm()
	if err == nil {
		w.arrived()
		return
	}
	w.recall()
	w.e.failed(w.e.epoch(), lost(err))
}

// lost is the outcome of a payload that Confirm reported with err.
func lost(err error) Outcome {
	out := Outcome{Verdict: Retry, Err: err}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		out.Hint = hinted.Hint()
	}
	return out
}

// settleOverdue settles the last payload if its delay passed while another waited for its turn. That
// it arrived does not end an outage that began since.
func (w *worker[P]) settleOverdue() {
	if w.last != nil && !time.Now().Before(w.confirmDue()) {
		w.settleLast("")
	}
}

// recall puts the last payload back to the head of the queue.
func (w *worker[P]) recall() {
	w.todo = append([]*load[P]{w.last}, w.todo...)
	w.last = nil
}

// arrived settles the last payload as delivered, which shows that a receiver listens.
func (w *worker[P]) arrived() {
	if w.last != nil {
		w.e.succeeded(w.e.epoch())
		w.settleLast("")
	}
}

func (w *worker[P]) settleLast(reason string) {
	if w.last != nil {
		w.e.settle(w.last.batch, w.last.spans, reason)
		w.last = nil
	}
}

func (e *engine) epoch() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gate.epoch
}

// settleBecause drops n spans of b and notes why.
func (e *engine) settleBecause(b *batch, n int, reason string, out Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.cause(out.Err, out.Hint)
	e.settleLocked(b, n, reason)
}
