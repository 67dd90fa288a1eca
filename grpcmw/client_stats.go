package grpcmw

import (
	"context"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// clientStats records the peer and the metadata of the last attempt of a call. The interceptor owns the span: a stats
// handler sees attempts, and a span is a call.
type clientStats struct{}

var _ stats.Handler = clientStats{}

// TagRPC returns ctx, which already holds the clientCall.
func (clientStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC records an event of an attempt of the call in ctx.
func (clientStats) HandleRPC(ctx context.Context, event stats.RPCStats) {
	switch e := event.(type) {
	case *stats.OutHeader:
		if c := clientCallFrom(ctx); c != nil && c.fullMethod == e.FullMethod {
			c.mu.Lock()
			c.lastPeer, c.lastMetadata = e.RemoteAddr, [2]metadata.MD{}
			c.mu.Unlock()
		}
	case *stats.InHeader:
		clientCallFrom(ctx).recordMetadata(0, e.Header)
	case *stats.InTrailer:
		clientCallFrom(ctx).recordMetadata(1, e.Trailer)
	}
}

// recordMetadata records header (0) or trailer (1) metadata if they are captured. The maps are shared with the
// application and must not be changed.
func (c *clientCall) recordMetadata(part int, md metadata.MD) {
	if c == nil || c.in.responseMetadata.Empty() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastMetadata[part] = md
}

// TagConn returns ctx.
func (clientStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (clientStats) HandleConn(context.Context, stats.ConnStats) {}
