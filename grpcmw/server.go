package grpcmw

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/spanroute/spanroute/internal/guard"
)

// ServerOptions returns both server interceptors, chained, and the stats handler that sees what interceptors
// cannot: unknown methods, requests that cannot be decoded, responses of outer interceptors, responses that cannot
// be sent. Put them first in grpc.NewServer, so that they are outermost, and add others with
// grpc.ChainUnaryInterceptor and grpc.ChainStreamInterceptor: grpc.UnaryInterceptor would put its own before them.
//
//	s := grpc.NewServer(append(grpcmw.ServerOptions(grpcmw.With(t)), own...)...)
func ServerOptions(opts ...ServerOption) []grpc.ServerOption {
	in := newServerInstrumentation(opts)
	return []grpc.ServerOption{
		grpc.StatsHandler(&serverStats{in: in}),
		grpc.ChainUnaryInterceptor(in.serveUnary),
		grpc.ChainStreamInterceptor(in.serveStream),
	}
}

// UnaryServerInterceptor returns an interceptor that gives every unary RPC that reaches it a span. See [ServerOptions]
// for RPCs that do not reach it. Put it before all others.
func UnaryServerInterceptor(opts ...ServerOption) grpc.UnaryServerInterceptor {
	return newServerInstrumentation(opts).serveUnary
}

// StreamServerInterceptor is [UnaryServerInterceptor] for streams. Each stream has one span, for any number of
// messages.
func StreamServerInterceptor(opts ...ServerOption) grpc.StreamServerInterceptor {
	return newServerInstrumentation(opts).serveStream
}

func (in *serverInstrumentation) serveUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	c, first := in.arrive(ctx, info.FullMethod, false)
	if !first {
		return handler(ctx, req)
	}
	if c.excluded {
		return handler(c, req)
	}
	guard.Run(func() {
		ctx = c.startBelow(ctx, c.in.methodOf(info.FullMethod, false))
		resp, err = handler(ctx, req)
	}, func(end guard.End, v any) {
		defer c.endSpan(end, v, err)
		c.sendUnaryID(ctx, end != guard.Returned || err != nil)
	})
	return resp, err
}

func (in *serverInstrumentation) serveStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	c, first := in.arrive(ss.Context(), info.FullMethod, srv == nil)
	if !first {
		return handler(srv, ss)
	}
	if c.excluded {
		return handler(srv, &contextStream{ss, c})
	}
	var sendID func(failed bool)
	guard.Run(func() {
		ctx := c.startBelow(ss.Context(), c.in.methodOf(info.FullMethod, srv == nil))
		ss, sendID = c.withTraceID(ss)
		err = handler(srv, c.wrap(ctx, ss))
	}, func(end guard.End, v any) {
		defer c.endSpan(end, v, err)
		if sendID != nil {
			sendID(end != guard.Returned || err != nil)
		}
	})
	return err
}

// startBelow starts the span below ctx. Without a stats handler, c is not in ctx yet.
func (c *serverCall) startBelow(ctx context.Context, m method) context.Context {
	if c.stats == nil {
		ctx = c
	}
	return c.start(ctx, m)
}

// endSpan is called when the handler of an interceptor ends. It ends the span, unless a stats handler does so with the
// error that is really sent.
func (c *serverCall) endSpan(end guard.End, v any, err error) {
	if end != guard.Returned {
		c.abort(end, v)
	}
	if c.stats == nil {
		c.finish(err, time.Time{})
	}
}

// wrap returns the handler's stream, with its context. If the span records, errors of the stream are recorded.
func (c *serverCall) wrap(ctx context.Context, ss grpc.ServerStream) grpc.ServerStream {
	if !c.span.IsRecording() {
		return &contextStream{ss, ctx}
	}
	return &serverStream{contextStream{ss, ctx}, c}
}

// contextStream is a stream with another context.
type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context with the span.
func (s *contextStream) Context() context.Context { return s.ctx }

// serverStream records the first error. It has no state of its own, so it is as safe as the stream that it wraps: one
// sender and one receiver at the same time.
type serverStream struct {
	contextStream
	call *serverCall
}

// SendMsg sends m.
func (s *serverStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err != nil && err != io.EOF {
		s.call.fail(err)
	}
	return err
}

// RecvMsg receives into m. io.EOF is the regular end.
func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err != nil && err != io.EOF {
		s.call.fail(err)
	}
	return err
}
