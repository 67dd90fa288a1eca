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
	stop         sync.Once
}

// newProcessor returns sp as a processor. If sp has a method IgnoresStart that returns true, its OnStart does nothing.
func newProcessor(sp sdktrace.SpanProcessor) *processor {
	ignores, ok := sp.(interface{ IgnoresStart() bool })
	return &processor{SpanProcessor: sp, ignoresStart: ok && ignores.IgnoresStart()}
}

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
