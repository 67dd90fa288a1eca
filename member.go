package spanroute

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// member is what is flushed and shut down with a [Tracing]: a destination, or a span processor of the
// program's own.
type member struct {
	name string
	ender
}

type ender interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

func membersOf(destinations []destination, processors []sdktrace.SpanProcessor) []member {
	var all []member
	for _, d := range destinations {
		all = append(all, member{d.name, d.queue})
	}
	for _, p := range processors {
		all = append(all, member{"span processor", p})
	}
	return all
}

// onAll calls do on all members at once and joins the errors in configured order. Members that ignore ctx are
// abandoned together, shortly after its end, and named in the error.
func onAll(ctx context.Context, members []member, do func(member, context.Context) error) error {
	results := make([]chan error, len(members))
	for i, m := range members {
		results[i] = make(chan error, 1)
		go func() { results[i] <- m.guarded(ctx, do) }()
	}
	abandon, stop := after(ctx, grace)
	defer stop()
	errs := make([]error, len(members))
	for i, m := range members {
		if err := await(ctx, results[i], abandon); err != nil {
			errs[i] = fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return errors.Join(errs...)
}

// guarded turns a panic into an error; its text may hold anything and is not repeated.
func (m member) guarded(ctx context.Context, do func(member, context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic with a %T", v)
		}
	}()
	return do(m, ctx)
}

// grace is the time that members have after the end of the context before they count as ignoring it. A destination
// needs up to 60 ms of it to end its sender and its log; 100 ms are promised to the caller.
const grace = 65 * time.Millisecond

// await returns the result, which takes precedence over abandon.
func await(ctx context.Context, result <-chan error, abandon <-chan struct{}) error {
	select {
	case err := <-result:
		return err
	case <-abandon:
	}
	select {
	case err := <-result:
		return err
	default:
		return fmt.Errorf("did not return after its context ended; abandoned: %w", endOf(ctx))
	}
}

// after returns a context that ends a grace after ctx. Its own timer is set for the deadline of ctx already, since
// the end of a context wakes all who wait for it, one after the other, which takes long in a busy program.
func after(ctx context.Context, grace time.Duration) (<-chan struct{}, func()) {
	late, cancel := context.WithCancel(context.Background())
	if at, ok := ctx.Deadline(); ok {
		late, cancel = context.WithDeadline(context.Background(), at.Add(grace))
	}
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late.Done(), func() { stop(); cancel() }
}

// endOf is the reason why ctx is over, also in the moment between its deadline and its end.
func endOf(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return context.DeadlineExceeded
}
