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

// A Sink takes spans as bodies. Take is called for each span that ends, sampled or not, by the goroutine that ends it.
// The sink must call [Body.Release] once it no longer reads the body, from any goroutine.
type Sink interface {
	Take(b *Body)
}

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

	sampler        sdktrace.Sampler
	ids            sdktrace.IDGenerator
	limits         limits
	resource       *resource.Resource
	sinks          []Sink
	ignoresPanics  bool
	blank          sdktrace.ReadWriteSpan
	closed         atomic.Bool
	processors     atomic.Pointer[[]*processor]
	processorsLock sync.Mutex // serializes changes of processors

	tracersLock sync.RWMutex
	tracers     map[instrumentation.Scope]*Tracer
}

// New returns a Provider. It cannot fail.
func New(c Config) *Provider {
	p := &Provider{
		sampler:       c.Sampler,
		ids:           c.IDGenerator,
		limits:        newLimits(c.Limits),
		resource:      c.Resource,
		sinks:         c.Sinks,
		ignoresPanics: c.WithoutPanicRecording,
		blank:         blank(),
		tracers:       make(map[instrumentation.Scope]*Tracer),
	}
	if p.sampler == nil {
		p.sampler = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	if p.ids == nil {
		p.ids = randomIDs{}
	}
	if p.resource == nil {
		p.resource = resource.Default()
	}
	p.processors.Store(processorsOf(c.Processors))
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
		Attributes: p.limits.set(c.InstrumentationAttributes()),
	}
}

func (p *Provider) addTracer(scope instrumentation.Scope) *Tracer {
	p.tracersLock.Lock()
	defer p.tracersLock.Unlock()
	if t, ok := p.tracers[scope]; ok {
		return t
	}
	t := &Tracer{provider: p, scope: scope, metrics: newMetrics()}
	p.tracers[scope] = t
	return t
}

// pools reports whether the bodies of new spans may be used again after their release.
func (p *Provider) pools(processors []*processor) bool {
	return len(processors) == 0 && len(p.sinks) > 0
}
