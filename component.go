package spanroute

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// component is a part that is flushed and shut down with a [Tracing]: a destination, or a span processor of
// [WithSpanProcessor].
type component struct {
	name string
	flushShutdowner
}

type flushShutdowner interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

func componentsOf(destinations []destination, processors []sdktrace.SpanProcessor) []component {
	var all []component
	for _, d := range destinations {
		all = append(all, component{d.name, d.queue})
	}
	for _, p := range processors {
		all = append(all, component{"span processor", p})
	}
	return all
}

// forEach calls do on all components concurrently and joins the errors in configured order. Components that ignore
// ctx are abandoned together, shortly after its end, and named in the error.
func forEach(ctx context.Context, components []component, do func(component, context.Context) error) error {
	results := make([]chan error, len(components))
	for i, c := range components {
		results[i] = make(chan error, 1)
		go func() { results[i] <- c.recovered(ctx, do) }()
	}
	abandon, stop := after(ctx, grace)
	defer stop()
	errs := make([]error, len(components))
	for i, c := range components {
		if err := await(ctx, results[i], abandon); err != nil {
			errs[i] = fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return errors.Join(errs...)
}

// recovered calls do and turns a panic into an error. The error omits the panic value, which may contain secrets.
func (c component) recovered(ctx context.Context, do func(component, context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic with a %T", v)
		}
	}()
	return do(c, ctx)
}

// grace is the time that a component has to return after its context has ended, before it is abandoned. A destination
// needs up to 60 ms of it to close its sender and its log. Callers of Shutdown are promised 100 ms in total.
const grace = 65 * time.Millisecond

// await returns the result, or an error once abandon is closed. A result that has arrived takes precedence.
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

// after returns a channel that is closed one grace period after ctx ends. If ctx has a deadline, the timer is set in
// advance: the end of a context wakes its waiters one after the other, which takes long in a busy program.
func after(ctx context.Context, grace time.Duration) (<-chan struct{}, func()) {
	later, cancel := context.WithCancel(context.Background())
	if at, ok := ctx.Deadline(); ok {
		later, cancel = context.WithDeadline(context.Background(), at.Add(grace))
	}
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return later.Done(), func() { stop(); cancel() }
}

// endOf returns the cause of the end of ctx. Between the deadline and the actual end there is a moment in which ctx
// has no cause yet; endOf returns DeadlineExceeded then.
func endOf(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return context.DeadlineExceeded
}
