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

// onAll calls do on all members at once and joins the errors in configured order. A member that ignores ctx
// is abandoned shortly after its end and named in the error.
func onAll(ctx context.Context, members []member, do func(member, context.Context) error) error {
	results := make([]chan error, len(members))
	for i, m := range members {
		results[i] = make(chan error, 1)
		go func() { results[i] <- m.guarded(ctx, do) }()
	}
	errs := make([]error, len(members))
	for i, m := range members {
		if err := await(ctx, results[i]); err != nil {
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

// grace is what a member may take after the end of the context before it counts as one that ignores it.
const grace = 250 * time.Millisecond

func await(ctx context.Context, result <-chan error) error {
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-result:
		return err
	case <-timer.C:
		return fmt.Errorf("ignores the end of its context and is abandoned: %w", context.Cause(ctx))
	}
}
