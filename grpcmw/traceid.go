package grpcmw

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// traceID returns the metadata with the trace id, nil without the option or without a trace id.
func (c *serverCall) traceID() metadata.MD {
	if c.in.traceIDKey == "" || c.span == nil { // starting the span may have panicked
		return nil
	}
	sc := c.span.SpanContext()
	if !sc.HasTraceID() {
		return nil
	}
	return metadata.MD{c.in.traceIDKey: {sc.TraceID().String()}}
}

// A header that is sent commits the call: the client does not retry it. Therefore the trace id of a call that fails
// without messages is sent in its trailer.

// sendUnaryID sends the trace id of a unary call that has ended.
func (c *serverCall) sendUnaryID(ctx context.Context, failed bool) {
	md := c.traceID()
	stream := grpc.ServerTransportStreamFromContext(ctx) // nil without a real stream to send it on
	if md == nil || stream == nil {
		return
	}
	if failed || stream.SetHeader(md) != nil {
		_ = stream.SetTrailer(md)
	}
}

// An idStream puts the trace id into the header when the header is about to be sent, and into the trailer of a stream
// that fails.
type idStream struct {
	grpc.ServerStream
	md    metadata.MD
	tried atomic.Bool
	sent  atomic.Bool // with the header
}

// withTraceID returns ss as a stream that sends the trace id, and a function to call when the handler has ended, which
// sends it if that has not happened.
func (c *serverCall) withTraceID(ss grpc.ServerStream) (_ grpc.ServerStream, end func(failed bool)) {
	md := c.traceID()
	if md == nil {
		return ss, nil
	}
	s := &idStream{ServerStream: ss, md: md}
	return s, s.end
}

// SendHeader sends md and the trace id.
func (s *idStream) SendHeader(md metadata.MD) error {
	s.setHeader()
	return s.ServerStream.SendHeader(md)
}

// SendMsg sends the header with the trace id, if it has not been sent, and m.
func (s *idStream) SendMsg(m any) error {
	s.setHeader()
	return s.ServerStream.SendMsg(m)
}

// setHeader puts the trace id into the header, once. This fails if the header has been sent by an outer interceptor,
// or by grpc.SendHeader with the context.
func (s *idStream) setHeader() {
	if s.tried.CompareAndSwap(false, true) {
		s.sent.Store(s.ServerStream.SetHeader(s.md) == nil)
	}
}

func (s *idStream) end(failed bool) {
	if !failed {
		s.setHeader()
	}
	if failed || !s.sent.Load() {
		s.SetTrailer(s.md)
	}
}
