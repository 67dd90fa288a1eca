package grpcmw

import (
	"reflect"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/spanrecord"
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
	names            methodNames
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
	contexts    spanrecord.Starter // of a callContext; nil if the tracer does not support records
}

func newServerInstrumentation(list []ServerOption) *serverInstrumentation {
	o := newServerOptions(list)
	in := &serverInstrumentation{rpcInstrumentation: newRPCInstrumentation(trace.SpanKindServer, o.common), serverOptions: o}
	if spanKey != nil && o.public == nil {
		in.UseRecords(reflect.TypeFor[serverCall](), reflect.TypeFor[serverCall]())
		in.contexts = in.Records(reflect.TypeFor[callContext](), reflect.TypeFor[callContext]())
	}
	return in
}

// A clientInstrumentation is what a client makes of its options.
type clientInstrumentation struct {
	*rpcInstrumentation
	targets      targets
	statsHandler bool // a stats handler records the peer and the response metadata
}

func newClientInstrumentation(list []ClientOption) *clientInstrumentation {
	in := &clientInstrumentation{rpcInstrumentation: newRPCInstrumentation(trace.SpanKindClient, newClientOptions(list))}
	in.targets.all = new(knownTargets)
	if spanKey != nil {
		in.UseRecords(reflect.TypeFor[clientCall](), reflect.TypeFor[clientCall]())
	}
	return in
}

// excludedByProgram reports whether a function of WithExclude excludes fullMethod.
func (in *rpcInstrumentation) excludedByProgram(fullMethod string) bool {
	for _, exclude := range in.exclude {
		if exclude(fullMethod) {
			return true
		}
	}
	return false
}

// excludedByPolicy reports whether the operator's patterns, which are for servers, exclude fullMethod.
func (in *rpcInstrumentation) excludedByPolicy(fullMethod string) bool {
	return in.Policy().ExcludesRPC(fullMethod)
}

// identical returns a == b for interfaces whose dynamic type may not be comparable.
func identical(a, b any) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && (t == nil || t.Comparable()) && a == b
}
