package mw

import (
	"reflect"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/version"
)

// scopeName is the import path of this package, as the instrumentation scope of its spans.
const scopeName = "github.com/spanroute/spanroute/mw"

// Tracing is what [With] takes; *spanroute.Tracing satisfies it. All methods are safe for concurrent use.
type Tracing interface {
	// TracerProvider makes the spans. They must copy the attributes they are given, as those of the SDK do.
	TracerProvider() trace.TracerProvider
	// Propagator reads and writes the trace headers.
	Propagator() propagation.TextMapPropagator
	// Exclusions is the policy of operators, asked for every request that arrives.
	Exclusions() *policy.Live
	// SamplerReadsAttributes tells whether attributes must be there when a span starts. If not, all attributes
	// are set in one call when it ends, and a span that is not recorded costs none.
	SamplerReadsAttributes() bool
}

// A source says where spans and trace headers come from: a Tracing, single overrides, or the otel globals.
type source struct {
	tracing    Tracing                       // nil without With
	fixed      trace.Tracer                  // nil for the otel globals
	propagator propagation.TextMapPropagator // nil for the otel globals
	exclusions *policy.Live
	foreign    bool // the provider is not the one of tracing
	global     atomic.Pointer[globalTracer]
}

type globalTracer struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
}

func newSource(o *options) *source {
	s := &source{tracing: o.tracing, propagator: o.propagator, foreign: true}
	provider := o.provider
	if o.tracing != nil {
		s.exclusions = o.tracing.Exclusions()
		if s.propagator == nil {
			s.propagator = o.tracing.Propagator()
		}
		if provider == nil {
			provider, s.foreign = o.tracing.TracerProvider(), false
		}
	}
	if provider != nil {
		s.fixed = tracerOf(provider)
	}
	return s
}

var scopeOptions = []trace.TracerOption{
	trace.WithInstrumentationVersion(version.Version),
	trace.WithSchemaURL(semattr.SchemaURL),
}

func tracerOf(p trace.TracerProvider) trace.Tracer { return p.Tracer(scopeName, scopeOptions...) }

// tracer returns the tracer of this moment. Globals are looked up for each span, because programs set them after
// they built their handlers; only providers that are pointers are remembered, because only those can be compared
// without fear of a panic.
func (s *source) tracer() trace.Tracer {
	if s.fixed != nil {
		return s.fixed
	}
	provider := otel.GetTracerProvider()
	if known := s.global.Load(); known != nil && known.provider == provider {
		return known.tracer
	}
	tracer := tracerOf(provider)
	if reflect.TypeOf(provider).Kind() == reflect.Pointer {
		s.global.Store(&globalTracer{provider, tracer})
	}
	return tracer
}

func (s *source) textMap() propagation.TextMapPropagator {
	if s.propagator != nil {
		return s.propagator
	}
	return otel.GetTextMapPropagator()
}

// late reports whether start attributes may be set together with the end attributes: nobody reads them before, or
// nobody at all.
func (s *source) late(t trace.Tracer) bool {
	if _, silent := t.(noop.Tracer); silent {
		return true
	}
	return !s.foreign && !s.tracing.SamplerReadsAttributes()
}
