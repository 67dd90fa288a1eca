package grpcmw

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"

	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/version"
)

// scope is the name of the instrumentation scope of every span.
const scope = "github.com/spanroute/spanroute/grpcmw"

// An instrument is what all calls of one side share: options, looked up and compiled once. It is immutable but for
// the tracer of the current global provider and what it remembers.
type instrument struct {
	settings
	tracer           trace.Tracer // nil: ask the global provider
	global           atomic.Pointer[globalTracer]
	requestMetadata  semattr.Capture
	responseMetadata semattr.Capture
	kind             []trace.SpanStartOption // the span kind; shared, never appended to in place
	stats            bool                    // client: a stats handler notes what came back
	targets          targets                 // client
	authorities      authorities             // server
	names            methodNames
}

type globalTracer struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
}

func newInstrument(kind trace.SpanKind, isError func(codes.Code) bool, opts []Option) *instrument {
	s := settings{isError: isError}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	in := &instrument{
		settings:         s,
		requestMetadata:  semattr.NewCapture(semattr.RPCRequestMetadataPrefix, capturable(s.request), s.unredacted),
		responseMetadata: semattr.NewCapture(semattr.RPCResponseMetadataPrefix, capturable(s.response), s.unredacted),
		kind:             slices.Clip([]trace.SpanStartOption{trace.WithSpanKind(kind)}),
	}
	if provider := s.fixedProvider(); provider != nil {
		in.tracer = newTracer(provider)
	}
	if in.propagator == nil && s.tracing != nil {
		in.propagator = s.tracing.Propagator()
	}
	return in
}

func (s *settings) fixedProvider() trace.TracerProvider {
	if s.provider == nil && s.tracing != nil {
		return s.tracing.TracerProvider()
	}
	return s.provider
}

func newTracer(p trace.TracerProvider) trace.Tracer {
	return p.Tracer(scope, trace.WithInstrumentationVersion(version.Version), trace.WithSchemaURL(semattr.SchemaURL))
}

// currentTracer returns the tracer to start a span with. Global providers are asked for every time, because
// otel.SetTracerProvider may be called at any time and more than once.
func (in *instrument) currentTracer() trace.Tracer {
	if in.tracer != nil {
		return in.tracer
	}
	provider := otel.GetTracerProvider()
	if g := in.global.Load(); g != nil && identical(g.provider, provider) {
		return g.tracer
	}
	tracer := newTracer(provider)
	in.global.Store(&globalTracer{provider, tracer})
	return tracer
}

// identical is a == b for interfaces whose dynamic type may not be comparable.
func identical(a, b any) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && (t == nil || t.Comparable()) && a == b
}

func (in *instrument) currentPropagator() propagation.TextMapPropagator {
	if in.propagator != nil {
		return in.propagator
	}
	return otel.GetTextMapPropagator()
}

// attributesAtStart reports whether a sampler may want to see attributes. Of a provider that is not the kit's,
// nobody knows.
func (in *instrument) attributesAtStart() bool {
	return in.provider != nil || in.tracing == nil || in.tracing.SamplerReadsAttributes()
}

// excludedHere asks the programmer's functions, excludedByRule the operator's patterns, which are for servers.
func (in *instrument) excludedHere(fullMethod string) bool {
	for _, exclude := range in.exclude {
		if exclude(fullMethod) {
			return true
		}
	}
	return false
}

func (in *instrument) excludedByRule(fullMethod string) bool {
	return in.policy().ExcludesRPC(fullMethod)
}

// usualAttributes is room for the attributes of a span without captured metadata.
const usualAttributes = 8

// A scratchpad is where the attributes of a recorded span wait for its end, when SetAttributes copies them. It is
// never given to a sampler or to a handler, which might keep it.
type scratchpad struct{ attrs []attribute.KeyValue }

var scratchpads = sync.Pool{New: func() any { return &scratchpad{make([]attribute.KeyValue, 0, usualAttributes)} }}

// taken returns what waits in s, a nil scratchpad being an empty one.
func (s *scratchpad) taken() []attribute.KeyValue {
	if s == nil {
		return nil
	}
	return s.attrs
}

// free gives s back once its attributes are set.
func (s *scratchpad) free() {
	if s != nil {
		scratchpads.Put(s)
	}
}

// appendOwn appends what WithAttributes gives, without an error.type, which is returned instead: it must wait
// until it is known whether the span is an error.
func (in *instrument) appendOwn(ctx context.Context, fullMethod string, attrs []attribute.KeyValue) (_ []attribute.KeyValue, errorType string) {
	for _, f := range in.attributes {
		for _, kv := range f(ctx, fullMethod) {
			if kv.Key == semattr.ErrorTypeKey {
				errorType = semattr.Own(kv.Value.String())
				continue
			}
			attrs = append(attrs, semattr.Unknown().Attribute(kv))
		}
	}
	return attrs, errorType
}

// conclude sets the attributes of a span that is about to end, and its status: Error if and only if there is an
// error type.
func (in *instrument) conclude(span trace.Span, attrs, own []attribute.KeyValue, errorType, ownError, message string) {
	if errorType != "" {
		if ownError != "" {
			errorType = ownError
		}
		attrs = append(attrs, semattr.ErrorTypeKey.String(errorType))
		if in.noMessage {
			message = ""
		}
		span.SetStatus(otelcodes.Error, semattr.Own(message)) // which may be part of the request's message
	}
	span.SetAttributes(append(attrs, own...)...)
}
