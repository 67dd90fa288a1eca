package recording

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/undecided"
)

// A Sink receives ended spans. End calls Take for each recorded span, sampled or not; the spans of a local trace that was
// decided at its end come when it is kept. The sink must call [Body.Release] once, from any goroutine, and must not read
// the body afterwards.
type Sink interface {
	Take(b *Body)
}

// A pipeline holds what all spans of a provider have in common. Only the processors change.
type pipeline struct {
	sampler       sdktrace.Sampler
	decider       undecided.Sampler // sampler, or nil
	hold          *hold
	ids           sdktrace.IDGenerator
	limits        limits
	resource      *resource.Resource
	sinks         []Sink
	ignoresPanics bool
	processors    atomic.Pointer[[]*processor]
}

func (p *pipeline) setDefaults() {
	if p.sampler == nil {
		p.sampler = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	p.decider, _ = p.sampler.(undecided.Sampler)
	if p.ids == nil {
		p.ids = randomIDs{}
	}
	if p.resource == nil {
		p.resource = resource.Default()
	}
}

// pools reports whether the bodies of new spans are pooled.
func (p *pipeline) pools(processors []*processor) bool {
	return len(processors) == 0 && len(p.sinks) > 0
}

// A source holds what all spans of a tracer have in common.
type source struct {
	*pipeline
	provider trace.TracerProvider
	scope    instrumentation.Scope
	metrics  *metrics // nil: off
}
