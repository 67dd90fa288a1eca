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
	"github.com/spanroute/spanroute/internal/requestheader"
	"github.com/spanroute/spanroute/internal/suppress"
)

type serverKey struct{}

// A serverCall is one RPC on a server and its span.
//
// How it works. With [ServerOptions], the stats handler makes the serverCall in TagRPC, but starts no span yet,
// because grpc-go may never report the end of that RPC. The first interceptor claims it, starts the span and runs the
// handler; the stats handler ends the span with the error that was really sent. If no interceptor gets the RPC,
// because it is unknown or cannot be decoded, the stats handler claims it at the end and starts and ends the span. An
// interceptor that is installed alone makes the serverCall itself and ends the span when the handler returns. The
// serverCall is itself the context of the RPC, and holds its span if an interceptor made it and the tracer supports
// records, without a second allocation. Messages, the handler and the end may run
// in parallel, so the result is guarded by a mutex; the first end counts.
type serverCall struct {
	context.Context
	in         *serverInstrumentation
	fullMethod string
	stats      *serverStats               // nil: made by an interceptor
	stream     grpc.ServerTransportStream // identifies the RPC, nil until an interceptor sees it
	arrived    time.Time                  // of TagRPC
	carrier    incoming
	options    [4]trace.SpanStartOption // with the time of arrival; more than these need an allocation
	excluded   bool
	tagged     bool // all stats handlers have had their TagRPC
	begun      bool // the method is registered, or an unknown-service handler handles it
	bidi       bool

	mu             sync.Mutex // guards what follows; SendMsg and RecvMsg may run in parallel with the end
	claimed        bool       // an interceptor has taken the RPC
	ended          bool
	holds          bool                    // span is that of this context
	span           trace.Span              // nil: not started
	deferred       *instrumentation.Buffer // the attributes of the start, nil if they are set already
	userAttributes instrumentation.UserAttributes
	err            error     // what the RPC ended with
	endedAt        time.Time // zero: when close is called
	failure        error     // first of SendMsg or RecvMsg
	panicType      string    // error.type of a panic or Goexit
	trailerSent    bool
	response       []metadata.MD // header, then trailer, as sent
}

// Value returns c for serverKey, its span for the key of trace.SpanFromContext, and passes on all other keys.
func (c *serverCall) Value(key any) any {
	switch {
	case key == (serverKey{}):
		return c
	case c.holds && key == spanKey:
		return c.span
	}
	return c.Context.Value(key)
}

func serverCallFrom(ctx context.Context) *serverCall {
	c, _ := ctx.Value(serverKey{}).(*serverCall)
	return c
}

// arrive returns the serverCall of ctx, and whether the calling interceptor is the one that starts its span. The span of a
// new serverCall may be started already. bidi reports whether the RPC may belong to an unknown-service handler.
func (in *serverInstrumentation) arrive(ctx context.Context, fullMethod string, bidi bool) (c *serverCall, first bool) {
	stream := grpc.ServerTransportStreamFromContext(ctx)
	if c = serverCallFrom(ctx); c != nil && c.sameRPC(stream) {
		return c, c.claim(stream)
	}
	excluded := in.excludedByPolicy(fullMethod) || in.excludedByProgram(fullMethod)
	if !excluded {
		c = in.startRecord(ctx, in.methodOf(fullMethod, bidi))
	}
	if c == nil {
		c = &serverCall{Context: ctx, excluded: excluded}
		c.carrier.ctx = ctx
	}
	c.in, c.fullMethod, c.stream, c.claimed = in, fullMethod, stream, true
	if c.excluded {
		c.suppress()
	}
	return c, true
}

// startRecord starts the span of method m in a serverCall. It returns nil if the tracer does not support records, if the
// metadata cannot be read without an allocation, or if the caller's baggage must be removed from them.
func (in *serverInstrumentation) startRecord(ctx context.Context, m method) *serverCall {
	md := incomingMetadata(ctx)
	if md == nil || in.DropsRemoteBaggage() {
		return nil
	}
	below, remote := ctx, trace.SpanContext{}
	if !hasLocalSpan(ctx) {
		below, remote = in.ExtractRemote(ctx, incomingMap(md))
	}
	record, span := in.StartRecord(below, remote, m.span)
	c, ok := record.(*serverCall)
	if !ok {
		return nil
	}
	c.Context, c.span, c.holds = below, span, true
	c.carrier.ctx, c.carrier.header = ctx, md
	return c
}

// hasLocalSpan reports whether ctx has a span of this process: mw serves the RPC through ServeHTTP.
func hasLocalSpan(ctx context.Context) bool {
	sc := trace.SpanContextFromContext(ctx)
	return sc.IsValid() && !sc.IsRemote()
}

// sameRPC reports whether stream belongs to this RPC, and not to another one that is served with its context.
func (c *serverCall) sameRPC(stream grpc.ServerTransportStream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats != nil && c.stream == nil || identical(c.stream, stream)
}

// claim reports whether the caller is the first to claim c, and must start the span: an interceptor, or the stats
// handler at the end of an RPC that no interceptor got.
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
	c.Context = suppress.Context(instrumentation.WithRemote(c.extract(c.Context)))
}

// extract returns ctx with the caller's baggage, and the caller's span context. If ctx has a local span, because mw serves
// the RPC through ServeHTTP, that is the parent, and mw has read the headers.
func (c *serverCall) extract(ctx context.Context) (extracted context.Context, remote trace.SpanContext) {
	if hasLocalSpan(ctx) {
		return ctx, trace.SpanContext{}
	}
	ctx, remote = c.in.ExtractRemote(ctx, &c.carrier)
	if c.in.DropsRemoteBaggage() {
		ctx = withoutIncomingBaggage(ctx)
	}
	return ctx, remote
}

// start starts the span of method m, unless it is started already, and returns the handler's context.
func (c *serverCall) start(ctx context.Context, m method) context.Context {
	deferAttributes, span := true, c.span
	if !c.holds {
		ctx, span, deferAttributes = c.startSpan(ctx, m)
		defer c.setSpan(span) // also when a function of WithAttributes panics
	}
	if deferAttributes && span.IsRecording() {
		c.deferred = buffers.Get()
		c.deferred.Keep(c.startAttributes(ctx, m, c.deferred.Attributes()))
		c.in.callAttributes(ctx, c.fullMethod, &c.userAttributes) // may panic
	}
	c.carrier.header, c.options = nil, [len(c.options)]trace.SpanStartOption{}
	return ctx
}

// startSpan starts the span of method m below ctx: in a callContext, or by the tracer. It reports whether the attributes of
// the start are deferred.
func (c *serverCall) startSpan(ctx context.Context, m method) (in context.Context, span trace.Span, deferred bool) {
	ctx, remote := c.extract(ctx)
	if c.in.contexts != nil && !c.in.Policy().ReadsRequests() {
		record, span := c.in.contexts.Start(ctx, remote, m.span, trace.SpanKindServer, c.arrived)
		if own, ok := record.(*callContext); ok {
			own.Context, own.span = ctx, span
			return own, span, true
		}
	}
	ctx = instrumentation.WithRemote(ctx, remote)
	opts := c.startOptions(ctx)
	tracer := c.in.Tracer()
	deferred = c.in.DefersAttributes(tracer)
	if !deferred {
		attrs := c.startAttributes(ctx, m, make([]attribute.KeyValue, 0, usualAttributes))
		c.in.callAttributes(ctx, c.fullMethod, &c.userAttributes)
		opts = append(opts, trace.WithAttributes(append(attrs, c.userAttributes.List()...)...))
	}
	if c.in.Policy().ReadsRequests() {
		ctx = requestheader.With(ctx, c.carrier.lookup)
	}
	in, span = tracer.Start(ctx, m.span, opts...)
	return in, span, deferred
}

// setSpan sets the span, and ends it if the end of the RPC came first: an outer interceptor need not wait for this
// one.
func (c *serverCall) setSpan(span trace.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.span = span
	if c.ended {
		c.close()
	}
}

// startOptions returns the options of the span. They are shared by all calls that have no options of their own.
func (c *serverCall) startOptions(ctx context.Context) []trace.SpanStartOption {
	opts := c.in.StartOptions()
	if !c.arrived.IsZero() {
		opts = append(append(c.options[:0], opts...), trace.WithTimestamp(c.arrived))
	}
	remote := trace.SpanContextFromContext(ctx)
	if c.in.public == nil || remote.IsValid() && !remote.IsRemote() || !c.in.public(ctx, c.fullMethod) {
		return opts
	}
	return instrumentation.AsNewRoot(ctx, opts)
}
