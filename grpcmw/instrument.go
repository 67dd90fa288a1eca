package grpcmw

import (
	"context"
	"reflect"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// scope is the name of the instrumentation scope of every span.
const scope = "github.com/spanroute/spanroute/grpcmw"

// An instrument is what all calls of one side share: options, looked up and compiled once. It is immutable except for
// what it remembers.
type instrument struct {
	settings
	*instrumentation.Instrumentation
	requestMetadata  semattr.Capture
	responseMetadata semattr.Capture
	stats            bool        // client: a stats handler notes what came back
	targets          targets     // client
	authorities      authorities // server
}

func newInstrument(kind trace.SpanKind, isError func(codes.Code) bool, opts []Option) *instrument {
	s := settings{isError: isError}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	return &instrument{
		settings:         s,
		Instrumentation:  instrumentation.New(scope, kind, s.shared),
		requestMetadata:  semattr.NewCapture(semattr.RPCRequestMetadataPrefix, capturable(s.request), s.unredacted),
		responseMetadata: semattr.NewCapture(semattr.RPCResponseMetadataPrefix, capturable(s.response), s.unredacted),
	}
}

// identical is a == b for interfaces whose dynamic type may not be comparable.
func identical(a, b any) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && (t == nil || t.Comparable()) && a == b
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
	return in.Policy().ExcludesRPC(fullMethod)
}

// usualAttributes is room for the attributes of a span without captured metadata.
const usualAttributes = 8

// buffers holds the attributes of deferred spans from their start to their end.
var buffers = instrumentation.NewBuffers(usualAttributes)

// callAttributes adds the attributes of the functions of WithAttributes to u.
func (in *instrument) callAttributes(ctx context.Context, fullMethod string, u *instrumentation.UserAttributes) {
	for _, f := range in.attributes {
		u.Add(f(ctx, fullMethod), semattr.Unknown())
	}
}

// conclude sets the attributes of a span that is about to end, and its status: Error if and only if there is an
// error type.
func (in *instrument) conclude(span trace.Span, attrs []attribute.KeyValue, own *instrumentation.UserAttributes, errorType, message string) {
	if errorType != "" {
		attrs = append(attrs, own.ErrorType(errorType))
		if in.noMessage {
			message = ""
		}
		span.SetStatus(otelcodes.Error, semattr.Own(message)) // which may be part of the request's message
	}
	span.SetAttributes(append(attrs, own.List()...)...)
}
