package grpcmw

import (
	"context"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// clientStats notes in the record of a call the peer and the metadata of its last attempt. Spans are not its
// business: it sees attempts, and a span is a call.
type clientStats struct{}

var _ stats.Handler = clientStats{}

// TagRPC returns ctx: the interceptor has put the record there.
func (clientStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC notes what the attempt that ctx is of tells.
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

// came notes header (0) or trailer (1) metadata, if it is wanted. The maps are shared with the application and
// only read.
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
