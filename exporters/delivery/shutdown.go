package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// The time that Shutdown waits after the end of its context: for the senders that it has cancelled, for Close, and for the
// log. The sum is below the promised 100 ms, with room for a program that keeps all processors busy.
const (
	graceSenders = 25 * time.Millisecond
	graceSpill   = 40 * time.Millisecond // instead of graceSenders, with a spool: the rest of the queue is written
	graceClose   = 20 * time.Millisecond
	graceSpool   = 10 * time.Millisecond
	graceLog     = 10 * time.Millisecond
)

// ForceFlush returns nil when every span that was enqueued before the call is delivered or dropped, and the spool is empty. If ctx ends first, it
// returns ctx's error with the number of spans left, and drops nothing. It does not wait for spans that are enqueued later.
// It ends a backoff early, but not a wait that the receiver requested, and not a second time before that backoff would have
// ended: any number of calls adds at most one attempt to each backoff. Without a deadline it is bounded by
// Options.ExportTimeout.
func (x *Exporter) ForceFlush(ctx context.Context) error {
	ctx, cancel := x.bounded(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, x.broadcast)()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.gather()
	number := x.added
	x.flushSeq = max(x.flushSeq, number)
	x.breaker.hurry(time.Now())
	x.changed.Broadcast()
	for {
		left := x.unsettled(number) + int(max(0, x.account.spooled))
		if left == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return x.notDelivered(left, err)
		}
		x.changed.Wait()
	}
}

func (x *Exporter) notDelivered(n int, err error) error {
	return fmt.Errorf("exporter %q: %d spans not delivered: %w", x.options.ID, n, err)
}

// bounded gives ctx a deadline if it has none.
func (x *Exporter) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || x.options.ExportTimeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, x.options.ExportTimeout)
}

// Shutdown takes no more spans, sends what is queued until ctx ends, with retries, then counts the rest as dropped, closes
// the sender and ends all goroutines. It returns at most 100 ms after the end of ctx. It returns nil if no spans were left,
// otherwise ctx's error with their number, joined with an error of Close. Without a deadline it is bounded by
// Options.ExportTimeout. A second call waits for the first one and returns nil.
func (x *Exporter) Shutdown(ctx context.Context) error {
	if !x.begin(ctx) {
		return x.awaitDone(ctx)
	}
	defer close(x.done)
	ctx, cancel := x.bounded(ctx)
	defer cancel()

	drained := x.drain(ctx)
	x.abort()
	left := x.dropRest()
	err := x.closeSender(ctx)
	x.closeSpool(ctx)
	if !drained {
		err = errors.Join(fmt.Errorf("exporter %q: a sender ignores its context and was abandoned", x.options.ID), err)
	}
	if left > 0 {
		err = errors.Join(x.notDelivered(left, endOf(ctx)), err)
	}
	close(x.log.stop)
	endsWithin(ctx, graceLog, x.log.stopped)
	return err
}

// begin begins the shutdown and returns true, or returns false if it has begun already. If ctx has ended, no sender begins
// another attempt.
func (x *Exporter) begin(ctx context.Context) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closing {
		return false
	}
	x.closing, x.aborted = true, ctx.Err() != nil
	x.late.begun.Store(true)
	x.front.close()
	x.gather()
	x.breaker.endBackoff(time.Now())
	x.changed.Broadcast()
	return true
}

func (x *Exporter) awaitDone(ctx context.Context) error {
	select {
	case <-x.done:
		return nil
	default:
	}
	select {
	case <-x.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("exporter %q: still shutting down: %w", x.options.ID, ctx.Err())
	}
}

// drain waits until the senders have returned, and cancels them when ctx ends. It returns false if one of them does not
// return even then.
func (x *Exporter) drain(ctx context.Context) bool {
	if ctx.Err() == nil && endsBefore(ctx, x.senders) {
		return true
	}
	x.abort()
	grace := graceSenders
	if x.spool != nil {
		grace = graceSpill
	}
	return endsWithin(ctx, grace, x.senders)
}

// closeSpool closes the spool. It waits for the disk for a moment only: the operating system has what was written.
func (x *Exporter) closeSpool(ctx context.Context) {
	if x.spool == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-x.spool.tended
		_ = x.spool.Close() // a later process finds what is not acknowledged
	}()
	endsWithin(ctx, graceSpool, done)
}

// abort cancels all attempts.
func (x *Exporter) abort() {
	x.cancel()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.aborted = true
	x.changed.Broadcast()
}

// dropRest drops what no sender settles any more. It logs and returns the number of spans that the shutdown dropped.
func (x *Exporter) dropRest() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.queue.length > 0 {
		x.front.release(x.queue.pop().cost, 1)
		x.drop(DropShutdown, 1)
	}
	for b := range x.inFlight {
		x.dropOf(b, b.left, DropShutdown)
	}
	x.changed.Broadcast()
	if n := x.account.spooled; n > 0 {
		x.log.add(slog.LevelInfo, "shut down with spooled spans", slog.Int64("spans", n))
	}
	left := x.account.dropped[DropShutdown]
	if left > 0 {
		x.log.add(slog.LevelWarn, "shut down with undelivered spans", slog.Uint64("spans", left),
			slog.String("error", x.log.lastError), slog.String("hint", x.log.hint))
	}
	return int(left)
}

// closeSender closes the sender, in the time that is left.
func (x *Exporter) closeSender(ctx context.Context) (err error) {
	done := make(chan struct{})
	var result error
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				result = panicError("Close", v)
			}
		}()
		result = x.close(ctx)
	}()
	if !endsWithin(ctx, graceClose, done) {
		return fmt.Errorf("exporter %q: Close ignores its context and was abandoned", x.options.ID)
	}
	if ctx.Err() != nil && errors.Is(result, ctx.Err()) {
		return nil // the error with the number of spans contains it
	}
	return result
}

// endsWithin waits for done until ctx ends, and then for a grace. It returns false if done is not closed by then.
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

// endsBefore waits for done until ctx ends. It has a timer of its own for the deadline: the end of a context wakes its
// waiters one after the other, which takes long in a busy program.
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

// endOf returns the error of ctx, also in the moment between its deadline and its end.
func endOf(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.DeadlineExceeded
}
