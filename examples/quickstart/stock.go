package main

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The methods of the stock service, as protoc would name them.
const (
	stockService = "quickstart.Stock"
	getMethod    = "/" + stockService + "/Get"
	watchMethod  = "/" + stockService + "/Watch"
)

// stock holds the quantity of each article. Its messages are protobuf's well-known wrappers, so that the
// example needs no generated code.
type stock map[string]int64

func (s stock) get(ctx context.Context, article *wrapperspb.StringValue) (*wrapperspb.Int64Value, error) {
	n, ok := s[article.GetValue()]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no article %q", article.GetValue())
	}
	select { // simulates a database query
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return wrapperspb.Int64(n), nil
}

// watch counts the stock of an article down to zero.
func (s stock) watch(article *wrapperspb.StringValue, stream grpc.ServerStream) error {
	n, err := s.get(stream.Context(), article)
	if err != nil {
		return err
	}
	for left := n.GetValue(); left >= 0; left-- {
		if err := stream.SendMsg(wrapperspb.Int64(left)); err != nil {
			return err
		}
	}
	return nil
}

func (s stock) register(server grpc.ServiceRegistrar) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: stockService,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: s.handleGet}},
		Streams:     []grpc.StreamDesc{{StreamName: "Watch", Handler: s.handleWatch, ServerStreams: true}},
	}, s)
}

func (s stock) handleGet(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
	article := new(wrapperspb.StringValue)
	if err := decode(article); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, request any) (any, error) {
		return s.get(ctx, request.(*wrapperspb.StringValue))
	}
	if intercept == nil {
		return handler(ctx, article)
	}
	return intercept(ctx, article, &grpc.UnaryServerInfo{Server: s, FullMethod: getMethod}, handler)
}

func (s stock) handleWatch(_ any, stream grpc.ServerStream) error {
	article := new(wrapperspb.StringValue)
	if err := stream.RecvMsg(article); err != nil {
		return err
	}
	return s.watch(article, stream)
}

// stockClient calls the stock service.
type stockClient struct{ conn grpc.ClientConnInterface }

func (c stockClient) get(ctx context.Context, article string) (int64, error) {
	n := new(wrapperspb.Int64Value)
	err := c.conn.Invoke(ctx, getMethod, wrapperspb.String(article), n)
	return n.GetValue(), err
}

func (c stockClient) watch(ctx context.Context, article string, each func(int64)) error {
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, watchMethod)
	if err != nil {
		return err
	}
	return readAll(stream, article, each)
}

// readAll sends the one request of a server stream and reads all responses.
func readAll(stream grpc.ClientStream, article string, each func(int64)) error {
	if err := stream.SendMsg(wrapperspb.String(article)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		left := new(wrapperspb.Int64Value)
		switch err := stream.RecvMsg(left); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		each(left.GetValue())
	}
}
