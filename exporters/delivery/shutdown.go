package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// How long Shutdown waits, once its context is over, for the senders it has cancelled, for
// Close and for the log. Each has time of its own, and together they leave room below the 100 ms
// that are promised, for a program that keeps all processors busy.
const (
	graceSenders = 25 * time.Millisecond
	graceClose   = 20 * time.Millisecond
	graceLog     = 10 * time.Millisecond
)

// ForceFlush returns nil when every span taken before the call is delivered or dropped, and
// ctx's error with the number of spans left when ctx ends first; nothing is dropped then. It
// does not wait for spans that come later. It ends a backoff wait early, but not a wait that the
// receiver requested, and not a second time before that wait would have ended: with any number of
// calls it adds at most one attempt to each wait. Without a deadline it is bounded by
// Options.ExportTimeout.
func (h *handle) ForceFlush(ctx context.Context) error {
	e := h.e
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, e.broadcast)()
	e.mu.Lock()
	defer e.mu.Unlock()
	number := e.added
	e.flushTo = max(e.flushTo, number)
	e.gate.hurry(time.Now())
	e.changed.Broadcast()
	for {
		left := e.before(number)
		if left == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return e.left(left, err)
		}
		e.changed.Wait()
	}
}

func (e *engine) left(n int, err error) error {
	return fmt.Errorf("exporter %q: %d spans not delivered: %w", e.o.ID, n, err)
}

// bounded gives ctx a deadline if it has none.
func (e *engine) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || e.o.ExportTimeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, e.o.ExportTimeout)
}

// Shutdown takes no more spans, sends what is queued while ctx lasts, with retries, then
// counts the rest as dropped, closes the sender and ends all goroutines, at most 100 ms after
// ctx. It returns nil if nothing was left, else ctx's error with the number of spans; an error
// of Close is joined. Without a deadline it is bounded by Options.ExportTimeout. Called again,
// or by two goroutines at once, it waits for the first call and returns nil.
func (h *handle) Shutdown(ctx context.Context) error {
	if !h.e.close(ctx) {
		return h.e.awaitDone(ctx)
	}
	defer close(h.e.done)
	ctx, cancel := h.e.bounded(ctx)
	defer cancel()

	drained := h.drain(ctx)
	h.e.abort()
	left := h.e.settleRest()
	err := h.closeSender(ctx)
	if !drained {
		err = errors.Join(fmt.Errorf("exporter %q: a sender ignores its context and was abandoned", h.e.o.ID), err)
	}
	if left > 0 {
		err = errors.Join(h.e.left(left, endOf(ctx)), err)
		h.e.warnLeft(left)
	}
	close(h.e.log.stop)
	endsWithin(ctx, graceLog, h.e.log.stopped)
	return err
}

// close begins the end; false if it has begun already. With a ctx that is over, no sender begins another attempt.
func (e *engine) close(ctx context.Context) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return false
	}
	e.closing, e.aborted = true, ctx.Err() != nil
	e.after.begun.Store(true)
	e.gate.skipWait(time.Now())
	e.changed.Broadcast()
	return true
}

func (e *engine) awaitDone(ctx context.Context) error {
	select {
	case <-e.done:
		return nil
	default:
	}
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("exporter %q: still shutting down: %w", e.o.ID, ctx.Err())
	}
}

// drain waits until the senders have ended, and cancels them when ctx does; false if one of
// them does not return even so.
func (h *handle) drain(ctx context.Context) bool {
	if ctx.Err() == nil && endsBefore(ctx, h.workers) {
		return true
	}
	h.e.abort()
	return endsWithin(ctx, graceSenders, h.workers)
}

// abort cancels what is running.
func (e *engine) abort() {
	e.cancel()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.aborted = true
	e.changed.Broadcast()
}

// settleRest drops what no sender will settle any more, and returns the number of spans that
// Shutdown left undelivered.
func (e *engine) settleRest() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.queue.length > 0 {
		e.held -= e.queue.pop().cost
		e.leftover++
		e.count(DropShutdown, 1)
	}
	for b := range e.inFlight {
		e.settleLocked(b, b.left, DropShutdown)
	}
	e.changed.Broadcast()
	return int(e.leftover)
}

// closeSender closes the sender, with what is left of the time.
func (h *handle) closeSender(ctx context.Context) (err error) {
	done := make(chan struct{})
	var result error
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				result = panicError("Close", v)
			}
		}()
		result = h.closer(ctx)
	}()
	if !endsWithin(ctx, graceClose, done) {
		return fmt.Errorf("exporter %q: Close ignores its context and was abandoned", h.e.o.ID)
	}
	if ctx.Err() != nil && errors.Is(result, ctx.Err()) {
		return nil // the number of spans left contains it
	}
	return result
}

func (e *engine) warnLeft(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.add(slog.LevelWarn, "spans are left at shutdown", slog.Int("spans", n),
		slog.String("error", e.log.lastError), slog.String("hint", e.log.hint))
}

// endsWithin waits for done while ctx lasts, and for a grace more; false if it does not come.
func endsWithin(ctx context.Context, grace time.Duration, done <-chan struct{}) bool {
	if endsBefore(ctx, done) {
		return true
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// endsBefore waits for done while ctx lasts. It has a timer of its own for the deadline, since the end of a
// context wakes all who wait for it, one after the other, and a busy program lets the last wait for long.
func endsBefore(ctx context.Context, done <-chan struct{}) bool {
	var deadline <-chan time.Time
	if at, ok := ctx.Deadline(); ok {
		timer := time.NewTimer(time.Until(at))
		defer timer.Stop()
		deadline = timer.C
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
	case <-deadline:
	}
	return false
}

// endOf is the reason why ctx is over, also in the moment between its deadline and its end.
func endOf(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.DeadlineExceeded
}
