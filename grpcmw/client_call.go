package grpcmw

import (
	"context"
	"net"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/suppress"
)

type clientKey struct{}

// A clientCall is one call of a client and its span, which includes all attempts.
//
// How it works. An interceptor makes the clientCall, starts the span, writes its trace context into the outgoing
// metadata and calls the next interceptor. The clientCall is itself the context of the call, without a second
// allocation; an inner interceptor finds it there and makes no second span, and the stats handler finds it to record
// peer and metadata of the last attempt. A unary call ends when the invoker returns. A stream ends when grpc-go calls
// OnFinish or when one of its methods returns the final status. finish may be called by several goroutines; the first
// call sets the result and ends the span.
type clientCall struct {
	context.Context
	in         *clientInstrumentation
	cc         *grpc.ClientConn // nil if the interceptor was called by hand
	fullMethod string
	excluded   bool
	holds      bool       // span is that of this context
	span       trace.Span // nil: excluded, or not yet started
	carrier    outgoing

	// The grpc.Peer, Header and Trailer call options write here. The fields are read only after grpc-go has finished
	// the call.
	peer            peer.Peer
	header, trailer metadata.MD

	mu             sync.Mutex // guards what follows
	done           bool
	lastPeer       net.Addr // of the last attempt with a connection, set by the stats handler
	lastMetadata   [2]metadata.MD
	panicType      string
	deferred       *instrumentation.Buffer // the attributes of the start, nil if they are set already
	userAttributes instrumentation.UserAttributes
}

// Value returns c for clientKey, its span for the key of trace.SpanFromContext, and passes on all other keys.
func (c *clientCall) Value(key any) any {
	switch {
	case key == (clientKey{}):
		return c
	case c.holds && key == spanKey:
		return c.span
	}
	return c.Context.Value(key)
}

func clientCallFrom(ctx context.Context) *clientCall {
	c, _ := ctx.Value(clientKey{}).(*clientCall)
	return c
}

// inFlight reports whether an outer interceptor traces this call.
func inFlight(ctx context.Context, cc *grpc.ClientConn, fullMethod string) bool {
	c := clientCallFrom(ctx)
	if c == nil || c.cc != cc || c.fullMethod != fullMethod {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.done
}

// startCall returns a new clientCall. If the call is excluded, its context is suppressed. Otherwise its span may be
// started already.
func (in *clientInstrumentation) startCall(ctx context.Context, cc *grpc.ClientConn, fullMethod string) *clientCall {
	if in.excludedByProgram(fullMethod) {
		return &clientCall{Context: suppress.Context(ctx), in: in, cc: cc, fullMethod: fullMethod, excluded: true}
	}
	record, span := in.StartRecord(ctx, trace.SpanContext{}, in.methodOf(fullMethod, false).span)
	c, ok := record.(*clientCall)
	if ok {
		c.span, c.holds = span, true
	} else {
		c = new(clientCall)
	}
	c.Context, c.in, c.cc, c.fullMethod = ctx, in, cc, fullMethod
	return c
}

// start starts the span and returns the context to send the call with.
func (c *clientCall) start() context.Context {
	ctx := context.Context(c)
	if !c.excluded {
		ctx = c.startSpan()
	}
	return c.carrier.inject(ctx, c.in.Instrumentation)
}

// startSpan starts the span, unless it is started already, and returns its context.
func (c *clientCall) startSpan() (ctx context.Context) {
	m, deferAttributes := c.in.methodOf(c.fullMethod, false), true
	ctx = c
	if !c.holds {
		ctx, deferAttributes = c.startByTracer(m)
	}
	if deferAttributes && c.span.IsRecording() {
		c.deferred = buffers.Get()
		c.deferred.Keep(c.startAttributes(m, c.deferred.Attributes()))
		c.in.callAttributes(c.Context, c.fullMethod, &c.userAttributes) // may panic
	}
	return ctx
}

// startByTracer starts the span by the tracer. It reports whether the attributes of the start are deferred.
func (c *clientCall) startByTracer(m method) (ctx context.Context, deferred bool) {
	in, opts := c.in, c.in.StartOptions()
	tracer := in.Tracer()
	deferred = in.DefersAttributes(tracer)
	if !deferred {
		attrs := c.startAttributes(m, make([]attribute.KeyValue, 0, usualAttributes))
		in.callAttributes(c.Context, c.fullMethod, &c.userAttributes)
		opts = append(opts, trace.WithAttributes(append(attrs, c.userAttributes.List()...)...))
	}
	ctx, c.span = tracer.Start(c, m.span, opts...)
	return ctx, deferred
}

// recorded reports whether the span records.
func (c *clientCall) recorded() bool { return c.span != nil && c.span.IsRecording() }

// options returns a copy of opts, with room for one more. Without a stats handler it has the options that return the
// peer and the metadata of the response.
func (c *clientCall) options(opts []grpc.CallOption) []grpc.CallOption {
	all := make([]grpc.CallOption, len(opts), len(opts)+4)
	copy(all, opts)
	if c.in.statsHandler {
		return all
	}
	all = append(all, grpc.Peer(&c.peer))
	if !c.in.responseMetadata.Empty() {
		all = append(all, grpc.Header(&c.header), grpc.Trailer(&c.trailer))
	}
	return all
}

// finish ends the span with err, which the caller gets. Only the first call has an effect. callDone reports that
// grpc-go no longer writes to the call options, so that they may be read.
func (c *clientCall) finish(err error, callDone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return
	}
	c.done = true
	if c.span == nil {
		return
	}
	defer c.span.End() // even if a function of WithErrorCode panics
	if c.span.IsRecording() {
		c.setResult(err, callDone)
	}
}

// setResult sets the status and the remaining attributes of the span.
func (c *clientCall) setResult(err error, callDone bool) {
	code, message := statusOf(err)
	errorType := c.panicType
	if errorType != "" {
		code, message = codes.Internal, ""
	}
	name := codeName(code)
	if errorType == "" && code != codes.OK && c.in.isError(code) {
		errorType = name
	}
	attrs := append(c.deferred.Attributes(), semattr.RPCResponseStatusCode.String(name))
	addr, header, trailer := c.responseInfo(callDone)
	host, port := semattr.Peer(addr)
	attrs = appendAddress(attrs, semattr.NetworkPeerAddress, host, semattr.NetworkPeerPort, port)
	if !c.in.responseMetadata.Empty() {
		attrs = c.in.responseMetadata.Append(attrs, func(key string) []string {
			values := append(append([]string(nil), header[key]...), trailer[key]...)
			return wireText(key, values)
		})
	}
	c.in.finishSpan(c.span, attrs, &c.userAttributes, errorType, message)
	buffers.Put(c.deferred)
}

// responseInfo returns the peer and the metadata of the response, from the stats handler or the call options.
func (c *clientCall) responseInfo(callDone bool) (addr net.Addr, header, trailer metadata.MD) {
	if c.in.statsHandler || !callDone {
		return c.lastPeer, c.lastMetadata[0], c.lastMetadata[1]
	}
	return c.peer.Addr, c.header, c.trailer
}

// abort records a panic of the invoker or streamer with value v, or runtime.Goexit, and ends the span.
func (c *clientCall) abort(end guard.End, v any) {
	if c.recorded() {
		c.in.RecordPanic(c.span, end, v)
		c.mu.Lock()
		c.panicType = instrumentation.AbortType(end, v)
		c.mu.Unlock()
	}
	c.finish(nil, false)
}
