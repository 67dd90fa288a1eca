package recording

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// A Config is what a [Provider] is made of. Nothing in it comes from the environment: a program that wants the limits
// of the OTEL_SPAN_* variables sets Limits to sdktrace.NewSpanLimits().
type Config struct {
	Sampler     sdktrace.Sampler     // nil: sdktrace.ParentBased(sdktrace.AlwaysSample())
	IDGenerator sdktrace.IDGenerator // nil: random ids
	// Limits are used as they are, like those of sdktrace.WithRawSpanLimits. The texts that AttributeValueLengthLimit
	// cuts are copies.
	Limits   sdktrace.SpanLimits
	Resource *resource.Resource // nil: resource.Default()

	// Processors are called in order at the start and the end of each span. They may keep spans forever.
	Processors []sdktrace.SpanProcessor
	// Sinks get spans after the processors. If there are sinks and no processors, bodies are pooled.
	Sinks []Sink

	// WithoutPanicRecording leaves out the exception event of a span that is ended by a panic.
	WithoutPanicRecording bool
}

// A Provider is a tracer provider. It is safe for concurrent use.
type Provider struct {
	embedded.TracerProvider

	pipeline       pipeline
	closed         atomic.Bool
	processorsLock sync.Mutex // serializes changes of the processors

	tracersLock sync.RWMutex
	tracers     map[instrumentation.Scope]*Tracer
}

// New returns a Provider. It cannot fail.
func New(c Config) *Provider {
	p := &Provider{
		pipeline: pipeline{
			sampler:       c.Sampler,
			ids:           c.IDGenerator,
			limits:        newLimits(c.Limits),
			resource:      c.Resource,
			sinks:         c.Sinks,
			ignoresPanics: c.WithoutPanicRecording,
		},
		tracers: make(map[instrumentation.Scope]*Tracer),
	}
	p.pipeline.setDefaults()
	p.pipeline.processors.Store(processorsOf(c.Processors))
	return p
}

const defaultTracerName = "go.opentelemetry.io/otel/sdk/tracer"

// Tracer returns the tracer of an instrumentation scope: the same one for the same scope. After [Provider.Shutdown] it
// returns a tracer that does nothing.
func (p *Provider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	if p.closed.Load() {
		return noop.NewTracerProvider().Tracer(name, options...)
	}
	scope := p.scopeOf(name, options)
	p.tracersLock.RLock()
	t, ok := p.tracers[scope]
	p.tracersLock.RUnlock()
	if ok {
		return t
	}
	return p.addTracer(scope)
}

func (p *Provider) scopeOf(name string, options []trace.TracerOption) instrumentation.Scope {
	if name == "" {
		name = defaultTracerName
	}
	c := trace.NewTracerConfig(options...)
	return instrumentation.Scope{
		Name:       name,
		Version:    c.InstrumentationVersion(),
		SchemaURL:  c.SchemaURL(),
		Attributes: p.pipeline.limits.set(c.InstrumentationAttributes()),
	}
}

func (p *Provider) addTracer(scope instrumentation.Scope) *Tracer {
	p.tracersLock.Lock()
	defer p.tracersLock.Unlock()
	if t, ok := p.tracers[scope]; ok {
		return t
	}
	t := &Tracer{source: source{pipeline: &p.pipeline, provider: p, scope: scope, metrics: newMetrics()}}
	p.tracers[scope] = t
	return t
}
