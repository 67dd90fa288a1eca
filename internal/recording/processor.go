package recording

import (
	"context"
	"errors"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A processor is a span processor that is shut down at most once.
type processor struct {
	sdktrace.SpanProcessor
	ignoresStart bool
	waiting      waitingProcessor // SpanProcessor, or nil
	stop         sync.Once
}

// A waitingProcessor receives the spans of a local trace that is decided at its end twice. Any other processor receives
// each span once, by OnEnd when it ends, with the sampled flag of its start.
type waitingProcessor interface {
	// OnHeld is called in place of OnEnd. The span may never be kept. If OnStart does nothing, OnHeld does nothing either.
	OnHeld(span sdktrace.ReadOnlySpan)
	// OnKept is called if the local trace is kept, with a sampled span.
	OnKept(span sdktrace.ReadOnlySpan)
}

// newProcessor returns sp as a processor. If sp has a method IgnoresStart that returns true, its OnStart does nothing.
func newProcessor(sp sdktrace.SpanProcessor) *processor {
	ignores, ok := sp.(interface{ IgnoresStart() bool })
	waiting, _ := sp.(waitingProcessor)
	return &processor{SpanProcessor: sp, ignoresStart: ok && ignores.IgnoresStart(), waiting: waiting}
}

// ignoresHeld reports whether OnHeld does nothing.
func (p *processor) ignoresHeld() bool { return p.waiting != nil && p.ignoresStart }

func (p *processor) shutdown(ctx context.Context) (err error) {
	p.stop.Do(func() { err = p.SpanProcessor.Shutdown(ctx) })
	return err
}

func processorsOf(list []sdktrace.SpanProcessor) *[]*processor {
	all := make([]*processor, 0, len(list))
	for _, p := range list {
		all = append(all, newProcessor(p))
	}
	return &all
}

// onEach calls do for the processors in order and joins the errors. If ctx ends meanwhile, it returns the error of ctx
// alone.
func onEach(ctx context.Context, list []*processor, do func(*processor) error) (complete bool, err error) {
	var errs []error
	for _, sp := range list {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		errs = append(errs, do(sp))
	}
	return true, errors.Join(errs...)
}
