package recording

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// RegisterSpanProcessor adds a processor. It also receives the ends of spans that started earlier.
func (p *Provider) RegisterSpanProcessor(sp sdktrace.SpanProcessor) {
	if p.closed.Load() {
		return // also when a processor calls it during its shutdown, which holds the lock
	}
	p.processorsLock.Lock()
	defer p.processorsLock.Unlock()
	if p.closed.Load() {
		return
	}
	list := append(slices.Clone(*p.pipeline.processors.Load()), newProcessor(sp))
	p.pipeline.processors.Store(&list)
}

// UnregisterSpanProcessor shuts a processor down and removes it.
func (p *Provider) UnregisterSpanProcessor(sp sdktrace.SpanProcessor) {
	if p.closed.Load() {
		return
	}
	p.processorsLock.Lock()
	defer p.processorsLock.Unlock()
	if p.closed.Load() {
		return
	}
	list := slices.Clone(*p.pipeline.processors.Load())
	for i, candidate := range slices.Backward(list) {
		if candidate.SpanProcessor == sp {
			if err := candidate.shutdown(context.Background()); err != nil {
				otel.Handle(err)
			}
			list = slices.Delete(list, i, i+1)
			p.pipeline.processors.Store(&list)
			return
		}
	}
}

// ForceFlush flushes the processors in order, until ctx ends, and joins their errors.
func (p *Provider) ForceFlush(ctx context.Context) error {
	_, err := onEach(ctx, *p.pipeline.processors.Load(), func(sp *processor) error { return sp.ForceFlush(ctx) })
	return err
}

// Shutdown makes new tracers no-ops, shuts the processors down in order, and removes them. Tracers obtained
// earlier continue to record. If ctx ends first, all processors remain registered. Sinks are not shut down, and continue
// to receive spans. Only the first call has an effect.
func (p *Provider) Shutdown(ctx context.Context) error {
	if p.closed.Load() {
		return nil // also when a processor calls it during its shutdown, which holds the lock
	}
	p.processorsLock.Lock()
	defer p.processorsLock.Unlock()
	if !p.closed.CompareAndSwap(false, true) {
		return nil
	}
	complete, err := onEach(ctx, *p.pipeline.processors.Load(), func(sp *processor) error { return sp.shutdown(ctx) })
	p.pipeline.hold.close()
	if complete {
		p.pipeline.processors.Store(new([]*processor))
	}
	return err
}

// Close makes new tracers no-ops. Processors remain registered, are not shut down, and receive the spans of tracers
// obtained earlier. Held spans are dropped. It is for callers that shut down the processors themselves.
func (p *Provider) Close() {
	p.closed.Store(true)
	p.pipeline.hold.close()
}
