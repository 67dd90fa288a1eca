package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const service = "examples.Echo"

// echo is a service with a method of each kind. Its messages are protobuf's well-known strings, so that the example
// needs no generated code.
type echo struct{ tracer trace.Tracer }

func (e echo) register(server grpc.ServiceRegistrar) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: e.unary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "ServerStream", Handler: e.serverStream, ServerStreams: true},
			{StreamName: "ClientStream", Handler: e.clientStream, ClientStreams: true},
			{StreamName: "Both", Handler: e.both, ServerStreams: true, ClientStreams: true},
		},
	}, e)
}

func (e echo) unary(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
	request := new(wrapperspb.StringValue)
	if err := decode(request); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, request any) (any, error) {
		_, span := e.tracer.Start(ctx, "think") // a child of the server's span
		defer span.End()
		return request, nil
	}
	return intercept(ctx, request, &grpc.UnaryServerInfo{Server: e, FullMethod: "/" + service + "/Unary"}, handler)
}

func (e echo) serverStream(_ any, stream grpc.ServerStream) error {
	text, err := receive(stream)
	for range 3 {
		if err == nil {
			err = stream.SendMsg(wrapperspb.String(text))
		}
	}
	return err
}

func (e echo) clientStream(_ any, stream grpc.ServerStream) error {
	texts, err := receiveAll(stream)
	if err != nil {
		return err
	}
	return stream.SendMsg(wrapperspb.String(strings.Join(texts, " ")))
}

func (e echo) both(_ any, stream grpc.ServerStream) error {
	for {
		text, err := receive(stream)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = stream.SendMsg(wrapperspb.String(text))
		}
		if err != nil {
			return err
		}
	}
}

// receiver is the interface that client and server streams share.
type receiver interface{ RecvMsg(message any) error }

func receive(stream receiver) (string, error) {
	message := new(wrapperspb.StringValue)
	err := stream.RecvMsg(message)
	return message.GetValue(), err
}

func receiveAll(stream receiver) (texts []string, err error) {
	for {
		text, err := receive(stream)
		if errors.Is(err, io.EOF) {
			return texts, nil
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
}

// echoClient calls the echo service.
type echoClient struct{ conn *grpc.ClientConn }

func (c echoClient) unary(ctx context.Context) (string, error) {
	answer := new(wrapperspb.StringValue)
	err := c.conn.Invoke(ctx, "/"+service+"/Unary", wrapperspb.String("hello"), answer)
	return "unary: " + answer.GetValue(), err
}

func (c echoClient) serverStream(ctx context.Context) (string, error) {
	return c.stream(ctx, "ServerStream", &grpc.StreamDesc{ServerStreams: true}, "hello")
}

func (c echoClient) clientStream(ctx context.Context) (string, error) {
	return c.stream(ctx, "ClientStream", &grpc.StreamDesc{ClientStreams: true}, "hello", "there")
}

func (c echoClient) both(ctx context.Context) (string, error) {
	return c.stream(ctx, "Both", &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "hello", "again")
}

// stream sends texts, closes its side and reads to the end. Reading to the end ends the client's span.
func (c echoClient) stream(ctx context.Context, method string, desc *grpc.StreamDesc, texts ...string) (string, error) {
	stream, err := c.conn.NewStream(ctx, desc, "/"+service+"/"+method)
	if err != nil {
		return "", err
	}
	for _, text := range texts {
		if err := stream.SendMsg(wrapperspb.String(text)); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return "", err
	}
	answers, err := receiveAll(stream)
	return method + ": " + strings.Join(answers, " "), err
}
