package grpcmw

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// serverStats makes the serverCall of each RPC and ends its span with the error that was really sent. For RPCs that
// reach no interceptor it starts and ends a span at once. For an unknown method grpc-go reports neither Begin nor End,
// so the trailer is the end; if the peer resets the stream before it, the call has no span.
type serverStats struct{ in *serverInstrumentation }

var _ stats.Handler = (*serverStats)(nil)

// TagRPC returns the serverCall as the context of the RPC. It decides once whether the RPC is excluded.
func (h *serverStats) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if c := serverCallFrom(ctx); c != nil && c.stats != nil && !c.tagged {
		return ctx // ServerOptions were given twice
	}
	c := &serverCall{Context: ctx, in: h.in, fullMethod: info.FullMethodName, stats: h, arrived: time.Now()}
	c.carrier.ctx = ctx
	c.excluded = h.in.excludedByPolicy(c.fullMethod) || h.in.excludedByProgram(c.fullMethod)
	if c.excluded {
		c.suppress()
	}
	return c
}

// HandleRPC records an event of the RPC in ctx.
func (h *serverStats) HandleRPC(ctx context.Context, event stats.RPCStats) {
	switch event.(type) {
	case *stats.InPayload, *stats.OutPayload:
		return // nothing is done per message
	}
	c := serverCallFrom(ctx)
	if c == nil || c.stats != h {
		return
	}
	switch e := event.(type) {
	case *stats.InHeader:
		c.tagged = true
		if !c.excluded {
			c.carrier.header = e.Header
		}
	case *stats.Begin:
		c.begun, c.bidi = true, e.IsClientStream && e.IsServerStream
	case *stats.OutHeader:
		c.send(e.Header, false)
	case *stats.OutTrailer:
		c.send(e.Trailer, true)
		if !c.begun {
			c.end(unknown(c.fullMethod), errUnimplemented, time.Now())
		}
	case *stats.End:
		c.end(method{}, e.Error, e.EndTime)
	}
}

// errUnimplemented is the error of an unknown method. The description is empty, because that of grpc-go repeats what
// the peer sent.
var errUnimplemented = status.Error(codes.Unimplemented, "")

// end ends the span, which it starts first if no interceptor did. A bidirectional stream that reached no interceptor
// may belong to an unknown-service handler.
func (c *serverCall) end(m method, err error, at time.Time) {
	if c.claim(nil) {
		if m.name == "" {
			m = c.in.methodOf(c.fullMethod, c.bidi)
		}
		c.start(c, m)
	}
	c.finish(err, at)
}

// send records response metadata if they are captured. md is a copy that grpc-go makes for stats handlers.
func (c *serverCall) send(md metadata.MD, trailer bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trailerSent = c.trailerSent || trailer
	if !c.in.responseMetadata.Empty() && len(c.response) < 2 {
		c.response = append(c.response, md)
	}
}

// TagConn returns ctx.
func (*serverStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (*serverStats) HandleConn(context.Context, stats.ConnStats) {}
