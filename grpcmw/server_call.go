package grpcmw

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/policy"
)

type serverKey struct{}

// A serverCall is the record of one RPC on a server. It is itself a link of the context chain, so that storing it
// costs no second allocation. It is made by whoever sees the RPC first: the stats handler's TagRPC, which starts no
// span because grpc-go may never report the end of that RPC, or an interceptor that is installed alone.
type serverCall struct {
	context.Context
	in         *serverInstrumentation
	fullMethod string
	stats      *serverStats               // nil: made by an interceptor
	stream     grpc.ServerTransportStream // tells RPCs apart, nil until an interceptor sees it
	arrived    time.Time                  // of TagRPC
	carrier    incoming
	excluded   bool
	tagged     bool // all stats handlers have had their TagRPC
	begun      bool // the method is registered, or an unknown-service handler has it
	bidi       bool

	mu             sync.Mutex // guards what follows; SendMsg and RecvMsg may run in parallel with the end
	claimed        bool       // an interceptor has taken the RPC
	ended          bool
	span           trace.Span              // nil: not started
	deferred       *instrumentation.Buffer // the attributes of the start, nil if they were set there
	userAttributes instrumentation.UserAttributes
	err            error     // what the RPC ended with
	endedAt        time.Time // zero: when close is called
	failure        error     // first of SendMsg or RecvMsg
	panicType      string    // error.type of a panic or Goexit
	trailerSent    bool
	response       []metadata.MD // header, then trailer, as sent
}

// Value answers for the record itself and asks the rest of the chain for everything else.
func (c *serverCall) Value(key any) any {
	if key == (serverKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func serverCallFrom(ctx context.Context) *serverCall {
	c, _ := ctx.Value(serverKey{}).(*serverCall)
	return c
}

// arrive returns the record of the RPC that ctx is of, and whether the caller, an interceptor, is the one to
// start its span.
func (in *serverInstrumentation) arrive(ctx context.Context, fullMethod string) (c *serverCall, first bool) {
	stream := grpc.ServerTransportStreamFromContext(ctx)
	if c = serverCallFrom(ctx); c != nil && c.sameRPC(stream) {
		return c, c.claim(stream)
	}
	c = &serverCall{Context: ctx, in: in, fullMethod: fullMethod, stream: stream, claimed: true}
	c.carrier.ctx = ctx
	c.excluded = in.excludedByPolicy(fullMethod) || in.excludedByProgram(fullMethod)
	if c.excluded {
		c.suppress()
	}
	return c, true
}

// isOf tells the RPC of stream from another that is served with the context of this one.
func (c *serverCall) sameRPC(stream grpc.ServerTransportStream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats != nil && c.stream == nil || identical(c.stream, stream)
}

// claim is true for the first who asks, who then starts the span: an interceptor, or the stats handler at the end
// of an RPC that reached none.
func (c *serverCall) claim(stream grpc.ServerTransportStream) bool {
	if c.stats == nil || c.excluded {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.claimed || c.ended {
		return false
	}
	c.claimed, c.stream = true, stream
	return true
}

// suppress makes c the context of an excluded RPC.
func (c *serverCall) suppress() {
	c.Context = policy.Suppress(c.extract(c.Context))
}

// extract returns ctx with the caller's trace context and baggage. A local span that is there already, of an RPC
// served through ServeHTTP under mw, is the parent, and mw has read the rest.
func (c *serverCall) extract(ctx context.Context) context.Context {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() && !sc.IsRemote() {
		return ctx
	}
	ctx = c.in.Extract(ctx, &c.carrier)
	if c.in.DropsRemoteBaggage() {
		return withoutIncomingBaggage(ctx)
	}
	return ctx
}

// start starts the span of method m and returns the handler's context.
func (c *serverCall) start(ctx context.Context, m method) context.Context {
	ctx = c.extract(ctx)
	opts := c.startOptions(ctx)
	tracer := c.in.Tracer()
	deferAttributes := c.in.DefersAttributes(tracer)
	if !deferAttributes {
		attrs := c.startAttributes(ctx, m, make([]attribute.KeyValue, 0, usualAttributes))
		c.in.callAttributes(ctx, c.fullMethod, &c.userAttributes)
		opts = append(opts, trace.WithAttributes(append(attrs, c.userAttributes.List()...)...))
	}
	ctx, span := tracer.Start(ctx, m.span, opts...)
	defer c.setSpan(span) // also when a function of WithAttributes panics
	if deferAttributes && span.IsRecording() {
		c.deferred = buffers.Get()
		c.deferred.Keep(c.startAttributes(ctx, m, c.deferred.Attributes()))
		c.in.callAttributes(ctx, c.fullMethod, &c.userAttributes) // may panic
	}
	c.carrier.header = nil
	return ctx
}

// opened makes the span known to whoever ends it, and ends it if that has come first: an outer interceptor need
// not wait for this one.
func (c *serverCall) setSpan(span trace.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.span = span
	if c.ended {
		c.close()
	}
}

// startOptions are shared by all calls unless there is something to tell about this one.
func (c *serverCall) startOptions(ctx context.Context) []trace.SpanStartOption {
	opts := c.in.StartOptions()
	if !c.arrived.IsZero() {
		opts = append(opts, trace.WithTimestamp(c.arrived))
	}
	remote := trace.SpanContextFromContext(ctx)
	if c.in.public == nil || remote.IsValid() && !remote.IsRemote() || !c.in.public(ctx, c.fullMethod) {
		return opts
	}
	return instrumentation.AsNewRoot(ctx, opts)
}
