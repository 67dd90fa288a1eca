package grpcmw

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/internal/guard"
)

// DialOptions returns both client interceptors, chained, and the stats handler that records the peer of each attempt.
// Put them first in grpc.NewClient, so that they are outermost and a call is one span, including all interceptors
// inside:
//
//	cc, err := grpc.NewClient(target, append(grpcmw.DialOptions(grpcmw.With(t)), own...)...)
func DialOptions(opts ...ClientOption) []grpc.DialOption {
	in := newClientInstrumentation(opts)
	in.statsHandler = true
	return []grpc.DialOption{
		grpc.WithStatsHandler(clientStats{}),
		grpc.WithChainUnaryInterceptor(in.callUnary),
		grpc.WithChainStreamInterceptor(in.callStream),
	}
}

// UnaryClientInterceptor returns an interceptor that gives every unary call a span and sends its trace context.
// Retries, transparent retries and hedging of one call are one span. The peer comes from a grpc.Peer call option; an
// interceptor inside that sends one call several times at once needs [DialOptions] instead.
func UnaryClientInterceptor(opts ...ClientOption) grpc.UnaryClientInterceptor {
	return newClientInstrumentation(opts).callUnary
}

// StreamClientInterceptor is [UnaryClientInterceptor] for streams. The span ends when the stream does: read it to its
// end, or cancel its context. Otherwise the stream leaks in grpc-go itself, and its span with it, until the connection
// is closed.
func StreamClientInterceptor(opts ...ClientOption) grpc.StreamClientInterceptor {
	return newClientInstrumentation(opts).callStream
}

func (in *clientInstrumentation) callUnary(ctx context.Context, fullMethod string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) (err error) {
	if inFlight(ctx, cc, fullMethod) {
		return invoker(ctx, fullMethod, req, reply, cc, opts...)
	}
	c := in.startCall(ctx, cc, fullMethod)
	guard.Run(func() {
		ctx = c.start()
		if c.recorded() {
			opts = c.options(opts)
		}
		err = invoker(ctx, fullMethod, req, reply, cc, opts...)
	}, func(end guard.End, v any) {
		if end == guard.Returned {
			c.finish(err, true)
		} else {
			c.abort(end, v)
		}
	})
	return err
}

func (in *clientInstrumentation) callStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, fullMethod string, streamer grpc.Streamer, opts ...grpc.CallOption) (cs grpc.ClientStream, err error) {
	if inFlight(ctx, cc, fullMethod) {
		return streamer(ctx, desc, cc, fullMethod, opts...)
	}
	c := in.startCall(ctx, cc, fullMethod)
	guard.Run(func() {
		ctx = c.start()
		if c.recorded() {
			opts = append(c.options(opts), grpc.OnFinish(c.onFinish))
		}
		cs, err = streamer(ctx, desc, cc, fullMethod, opts...)
	}, func(end guard.End, v any) {
		if end != guard.Returned {
			c.abort(end, v)
		}
	})
	switch {
	case err != nil:
		c.finish(err, false)
		return cs, err
	case !c.recorded():
		c.finish(nil, false)
		return cs, nil
	}
	return &clientStream{ClientStream: cs, call: c, single: desc == nil || !desc.ServerStreams}, nil
}

// onFinish is the grpc.OnFinish call option. It is called at the end of a stream.
func (c *clientCall) onFinish(err error) { c.finish(err, true) }

// clientStream ends the span if an interceptor inside does not pass on call options, so that OnFinish is never called.
// It holds only pointers, because one sender and one receiver may use it at the same time. It does not override
// Context, which disables retries when it is called.
type clientStream struct {
	grpc.ClientStream
	call   *clientCall
	single bool // at most one response
}

// Header returns the header metadata.
func (s *clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	if err != nil && err != io.EOF {
		s.call.finish(err, false)
	}
	return md, err
}

// SendMsg sends m. io.EOF is not a status: RecvMsg returns that.
func (s *clientStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err != nil && err != io.EOF {
		s.call.finish(err, false)
	}
	return err
}

// RecvMsg receives into m. io.EOF is the regular end.
func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch {
	case err == io.EOF || err == nil && s.single:
		s.call.finish(nil, false)
	case err != nil:
		s.call.finish(err, false)
	}
	return err
}
