package grpcmw

import (
	"context"
	"reflect"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// scope is the name of the instrumentation scope of every span.
const scope = "github.com/spanroute/spanroute/grpcmw"

// An rpcInstrumentation is what the calls of one side have in common: the options, compiled once. It is immutable
// except for the tracer that it caches.
type rpcInstrumentation struct {
	*instrumentation.Instrumentation
	options
	requestMetadata  semattr.Capture
	responseMetadata semattr.Capture
}

func newRPCInstrumentation(kind trace.SpanKind, o options) *rpcInstrumentation {
	return &rpcInstrumentation{
		Instrumentation:  instrumentation.New(scope, kind, o.source),
		options:          o,
		requestMetadata:  semattr.NewCapture(semattr.RPCRequestMetadataPrefix, capturable(o.request), o.unredacted),
		responseMetadata: semattr.NewCapture(semattr.RPCResponseMetadataPrefix, capturable(o.response), o.unredacted),
	}
}

// A serverInstrumentation is what a server makes of its options.
type serverInstrumentation struct {
	*rpcInstrumentation
	serverOptions
	authorities authorities
}

func newServerInstrumentation(list []ServerOption) *serverInstrumentation {
	o := newServerOptions(list)
	return &serverInstrumentation{rpcInstrumentation: newRPCInstrumentation(trace.SpanKindServer, o.common), serverOptions: o}
}

// A clientInstrumentation is what a client makes of its options.
type clientInstrumentation struct {
	*rpcInstrumentation
	targets      targets
	statsHandler bool // a stats handler records the peer and the response metadata
}

func newClientInstrumentation(list []ClientOption) *clientInstrumentation {
	return &clientInstrumentation{rpcInstrumentation: newRPCInstrumentation(trace.SpanKindClient, newClientOptions(list))}
}

// identical is a == b for interfaces whose dynamic type may not be comparable.
func identical(a, b any) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && (t == nil || t.Comparable()) && a == b
}

// excludedHere asks the programmer's functions, excludedByRule the operator's patterns, which are for servers.
func (in *rpcInstrumentation) excludedHere(fullMethod string) bool {
	for _, exclude := range in.exclude {
		if exclude(fullMethod) {
			return true
		}
	}
	return false
}

func (in *rpcInstrumentation) excludedByRule(fullMethod string) bool {
	return in.Policy().ExcludesRPC(fullMethod)
}

// usualAttributes is room for the attributes of a span without captured metadata.
const usualAttributes = 8

// buffers holds the attributes of deferred spans from their start to their end.
var buffers = instrumentation.NewBuffers(usualAttributes)

// callAttributes adds the attributes of the functions of WithAttributes to u.
func (in *rpcInstrumentation) callAttributes(ctx context.Context, fullMethod string, u *instrumentation.UserAttributes) {
	for _, f := range in.attributes {
		u.Add(f(ctx, fullMethod), semattr.Unknown())
	}
}

// conclude sets the attributes of a span that is about to end, and its status: Error if and only if there is an
// error type.
func (in *rpcInstrumentation) conclude(span trace.Span, attrs []attribute.KeyValue, own *instrumentation.UserAttributes, errorType, message string) {
	if errorType != "" {
		attrs = append(attrs, own.ErrorType(errorType))
		if in.noMessage {
			message = ""
		}
		span.SetStatus(otelcodes.Error, semattr.Own(message)) // which may be part of the request's message
	}
	span.SetAttributes(append(attrs, own.List()...)...)
}
