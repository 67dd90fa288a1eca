package instrumentation

import (
	"reflect"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/spanrecord"
	"github.com/spanroute/spanroute/internal/version"
	"github.com/spanroute/spanroute/mw/tracing"
)

// Tracing is the argument of mw.With and grpcmw.With.
type Tracing interface {
	TracerProvider() trace.TracerProvider
	Propagator() propagation.TextMapPropagator
	Instrumentation() tracing.Instrumentation
}

// Options are the options that mw and grpcmw share.
type Options struct {
	Tracing         Tracing                       // nil: otel globals, no rules
	TracerProvider  trace.TracerProvider          // overrides that of Tracing
	Propagator      propagation.TextMapPropagator // overrides that of Tracing
	NoPanicMessages bool                          // the value of a panic is not recorded
	NoRemoteBaggage bool                          // servers drop the caller's baggage
}

// An Instrumentation holds the resolved options of one middleware, transport or set of interceptors. It is immutable
// except for the cached tracer of the global provider, and safe for concurrent use.
type Instrumentation struct {
	scope           string
	tracer          trace.Tracer                  // nil: that of the global provider
	propagator      propagation.TextMapPropagator // nil: the global one
	fields          []string                      // of propagator
	policy          func() tracing.Policy
	deferAttributes bool
	records         spanrecord.Starter // nil: spans have no records
	kind            trace.SpanKind
	noPanicMessages bool
	noRemoteBaggage bool
	startOptions    []trace.SpanStartOption // clipped: appending copies
	global          atomic.Pointer[globalTracer]
}

// globalTracer is the tracer of a provider that was the global one at some time.
type globalTracer struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
}

// New resolves o for spans of kind whose instrumentation scope is called scope.
func New(scope string, kind trace.SpanKind, o Options) *Instrumentation {
	in := &Instrumentation{
		scope:           scope,
		kind:            kind,
		propagator:      o.Propagator,
		noPanicMessages: o.NoPanicMessages,
		noRemoteBaggage: o.NoRemoteBaggage,
		startOptions:    slices.Clip([]trace.SpanStartOption{trace.WithSpanKind(kind)}),
	}
	provider := o.TracerProvider
	if o.Tracing != nil {
		settings := o.Tracing.Instrumentation()
		in.policy = settings.Policy
		if in.propagator == nil {
			in.propagator = o.Tracing.Propagator()
		}
		if provider == nil {
			provider, in.deferAttributes = o.Tracing.TracerProvider(), settings.DeferAttributes
		}
	}
	if in.propagator != nil {
		in.fields = in.propagator.Fields()
	}
	if provider != nil {
		in.tracer = in.tracerOf(provider)
	}
	return in
}

var tracerOptions = []trace.TracerOption{
	trace.WithInstrumentationVersion(version.Version),
	trace.WithSchemaURL(semattr.SchemaURL),
}

func (in *Instrumentation) tracerOf(p trace.TracerProvider) trace.Tracer {
	return p.Tracer(in.scope, tracerOptions...)
}

// Tracer returns the tracer to start a span with. The global provider is looked up for each span, because programs
// may set it after they built their handlers, and more than once. Its tracer is cached only if the provider is a
// pointer: comparing other dynamic types may panic.
func (in *Instrumentation) Tracer() trace.Tracer {
	if in.tracer != nil {
		return in.tracer
	}
	provider := otel.GetTracerProvider()
	if cached := in.global.Load(); cached != nil && cached.provider == provider {
		return cached.tracer
	}
	tracer := in.tracerOf(provider)
	if reflect.TypeOf(provider).Kind() == reflect.Pointer {
		in.global.Store(&globalTracer{provider, tracer})
	}
	return tracer
}

// Propagator returns the propagator that reads and writes trace headers.
func (in *Instrumentation) Propagator() propagation.TextMapPropagator {
	if in.propagator != nil {
		return in.propagator
	}
	return otel.GetTextMapPropagator()
}

// Fields returns the names of the headers that the propagator writes. The list must not be changed.
func (in *Instrumentation) Fields() []string {
	if in.propagator != nil {
		return in.fields
	}
	return otel.GetTextMapPropagator().Fields()
}

// DefersAttributes reports whether the attributes of the start of a span of t may be set together with those of its
// end: no sampler reads them, or t is a no-op. A reload may change the result. The samplers of a provider that is not that of a Tracing may read them.
func (in *Instrumentation) DefersAttributes(t trace.Tracer) bool {
	if _, ok := t.(noop.Tracer); ok {
		return true
	}
	return in.deferAttributes && !in.Policy().ReadsRequests()
}

// Policy returns the operator's rules in force. It is never nil. A reload replaces them.
func (in *Instrumentation) Policy() tracing.Policy {
	if in.policy != nil {
		if p := in.policy(); p != nil {
			return p
		}
	}
	return tracing.NoRules{}
}
