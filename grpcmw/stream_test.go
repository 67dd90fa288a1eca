package grpcmw_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

// drain reads a stream to its end and returns the number of messages.
func drain(t testing.TB, recv func() error) (n int, err error) {
	t.Helper()
	for {
		err := recv()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n++
	}
}

func receiver[M any](stream interface{ Recv() (*M, error) }) func() error {
	return func() error { _, err := stream.Recv(); return err }
}

func TestServerStream(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		cs, err := v.stub.StreamingOutputCall(testContext(t), sized(1000))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := drain(t, receiver(cs)); n != 1000 || err != nil {
			t.Fatalf("%d messages, error %v", n, err)
		}
		client, server := v.pair(t)
		wantOutcome(t, client, "OK", "")
		wantOutcome(t, server, "OK", "")
		if len(client.Events())+len(server.Events()) != 0 {
			t.Error("events, want none")
		}
		spantest.Golden(t, "server_stream_ok", []spantest.Span{client, server}, v.port(), "{port}", peerPort(server), "{client}")
	})
}

func TestClientStreamAndDuplex(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		up, err := v.stub.StreamingInputCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := up.Send(&testgrpc.StreamingInputCallRequest{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := up.CloseAndRecv(); err != nil {
			t.Fatal(err)
		}
		client, server := v.pair(t)
		wantOutcome(t, client, "OK", "")
		wantOutcome(t, server, "OK", "")

		both, err := v.stub.FullDuplexCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := both.Send(sized(0)); err != nil {
				t.Fatal(err)
			}
			if _, err := both.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		_ = both.CloseSend()
		if _, err := drain(t, receiver(both)); err != nil {
			t.Fatal(err)
		}
		client, server = v.pair(t)
		wantOutcome(t, client, "OK", "")
		wantOutcome(t, server, "OK", "")
	})
}

func TestServerStreamFails(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		req := sized(3)
		req.ResponseStatus = &testgrpc.EchoStatus{Code: int32(codes.DataLoss), Message: "lost"}
		cs, err := v.stub.StreamingOutputCall(testContext(t), req)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := drain(t, receiver(cs)); n != 3 || status.Code(err) != codes.DataLoss {
			t.Fatalf("%d messages, error %v", n, err)
		}
		client, server := v.pair(t)
		wantOutcome(t, client, "DATA_LOSS", "DATA_LOSS")
		wantOutcome(t, server, "DATA_LOSS", "DATA_LOSS")
		spantest.Golden(t, "server_stream_failed", []spantest.Span{client, server}, v.port(), "{port}", peerPort(server), "{client}")
	})
}

func TestSendFailsAndHandlerHidesIt(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{service: &service{output: func(_ *testgrpc.StreamingOutputCallRequest, ss testgrpc.TestService_StreamingOutputCallServer) error {
			if err := ss.SendMsg("no protobuf message"); err == nil {
				t.Error("SendMsg of a string succeeded")
			}
			return nil
		}}})
		cs, err := v.stub.StreamingOutputCall(testContext(t), sized(0))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = drain(t, receiver(cs))
		client, server := v.pair(t)
		wantOutcome(t, client, "INTERNAL", "INTERNAL")
		wantOutcome(t, server, "INTERNAL", "INTERNAL")
	})
}

func TestAbandonedStream(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		running := make(chan struct{})
		v := newWorld(t, w, setup{service: &service{duplex: func(ss testgrpc.TestService_FullDuplexCallServer) error {
			close(running)
			<-ss.Context().Done()
			return ss.Context().Err()
		}}})
		if _, err := v.stub.FullDuplexCall(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-running
		_ = v.cc.Close()
		client, server := v.pair(t)
		wantOutcome(t, client, "CANCELLED", "CANCELLED")
		wantOutcome(t, server, "CANCELLED", "")
	})
}

func TestCancelledStream(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		ctx, cancel := context.WithCancel(testContext(t))
		cs, err := v.stub.FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := cs.Send(sized(0)); err != nil {
			t.Fatal(err)
		}
		if _, err := cs.Recv(); err != nil {
			t.Fatal(err)
		}
		cancel()
		client, server := v.pair(t)
		wantOutcome(t, client, "CANCELLED", "CANCELLED")
		wantOutcome(t, server, "CANCELLED", "")
		spantest.Golden(t, "stream_cancelled", []spantest.Span{client, server}, v.port(), "{port}", peerPort(server), "{client}")
	})
}

func TestStreamerFails(t *testing.T) {
	t.Parallel()
	r := spantest.NewRecorder(t)
	intercept := grpcmw.StreamClientInterceptor(grpcmw.With(countEnds(t, r)))
	fail := func(_ context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		err := status.Error(codes.Unavailable, "no stream")
		for _, opt := range opts {
			if finish, ok := opt.(grpc.OnFinishCallOption); ok {
				finish.OnFinish(err) // as grpc-go does
			}
		}
		return nil, err
	}
	if _, err := intercept(testContext(t), &grpc.StreamDesc{ServerStreams: true}, nil, "/"+output, fail); status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	wantOutcome(t, r.One(t), "UNAVAILABLE", "UNAVAILABLE")
}

func TestCallOptionsDropped(t *testing.T) {
	drop := grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, _ ...grpc.CallOption) (grpc.ClientStream, error) {
		return streamer(ctx, desc, cc, method)
	})
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{under: []grpc.DialOption{drop}})
		for _, tt := range []struct {
			name, code string
			run        func() error
		}{
			{"read to the end", "OK", func() error {
				cs, err := v.stub.StreamingOutputCall(testContext(t), sized(3))
				if err == nil {
					_, err = drain(t, receiver(cs))
				}
				return err
			}},
			{"fails", "ABORTED", func() error {
				req := sized(3)
				req.ResponseStatus = &testgrpc.EchoStatus{Code: int32(codes.Aborted)}
				cs, err := v.stub.StreamingOutputCall(testContext(t), req)
				if err != nil {
					return err
				}
				if _, err = drain(t, receiver(cs)); status.Code(err) != codes.Aborted {
					return err
				}
				return nil
			}},
			{"one response", "OK", func() error {
				cs, err := v.stub.StreamingInputCall(testContext(t))
				if err == nil {
					_, err = cs.CloseAndRecv()
				}
				return err
			}},
			{"cannot encode", "INTERNAL", func() error {
				cs, err := v.stub.FullDuplexCall(testContext(t))
				if err != nil {
					return err
				}
				if err := cs.SendMsg("no protobuf message"); err == nil {
					return errors.New("SendMsg of a string succeeded")
				}
				return nil
			}},
		} {
			if err := tt.run(); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			client, _ := v.pair(t)
			want := tt.code
			if want == "OK" {
				want = ""
			}
			wantOutcome(t, client, tt.code, want)
		}
	})
}

func TestParallelSendAndReceive(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{service: &service{duplex: func(ss testgrpc.TestService_FullDuplexCallServer) error {
			var wg sync.WaitGroup
			wg.Go(func() {
				for range 200 {
					_ = ss.Send(&testgrpc.StreamingOutputCallResponse{})
				}
			})
			_, err := drain(t, receiver(ss))
			wg.Wait()
			return err
		}}})
		cs, err := v.stub.FullDuplexCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 200 {
				_ = cs.Send(sized(0))
			}
			_ = cs.CloseSend()
		})
		if n, err := drain(t, receiver(cs)); n != 200 || err != nil {
			t.Errorf("%d messages, error %v", n, err)
		}
		wg.Wait()
		client, server := v.pair(t)
		wantOutcome(t, client, "OK", "")
		wantOutcome(t, server, "OK", "")
	})
}

func TestStreamContext(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		child := r.Tracer("handler")
		v := newWorld(t, w, setup{recorder: r, service: &service{duplex: func(ss testgrpc.TestService_FullDuplexCallServer) error {
			_, span := child.Start(ss.Context(), "child")
			span.End()
			return nil
		}}})
		cs, err := v.stub.FullDuplexCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = drain(t, receiver(cs))
		spans := v.Wait(t, 3)
		server := spantest.Of(spans, trace.SpanKindServer)[0]
		if got := spantest.Of(spans, trace.SpanKindInternal)[0].Parent().SpanID(); got != server.SpanContext().SpanID() {
			t.Errorf("child's parent is %v, want the server span %v", got, server.SpanContext().SpanID())
		}
	})
}

// Calling Header after the end of a stream does not end the span; io.EOF from SendMsg is not a status.
func TestSendAfterServerAnswered(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{service: &service{duplex: func(testgrpc.TestService_FullDuplexCallServer) error {
			return status.Error(codes.OutOfRange, "enough")
		}}})
		cs, err := v.stub.FullDuplexCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			err = cs.Send(sized(0))
		}
		if !errors.Is(err, io.EOF) {
			t.Fatalf("Send = %v, want io.EOF", err)
		}
		_, err = cs.Recv()
		if status.Code(err) != codes.OutOfRange {
			t.Fatal(err)
		}
		client, server := v.pair(t)
		wantOutcome(t, client, "OUT_OF_RANGE", "OUT_OF_RANGE")
		wantOutcome(t, server, "OUT_OF_RANGE", "")
	})
}

func TestGracefulStop(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		cs, err := v.stub.FullDuplexCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := cs.Send(sized(0)); err != nil {
			t.Fatal(err)
		}
		if _, err := cs.Recv(); err != nil {
			t.Fatal(err)
		}
		stopped := make(chan struct{})
		go func() { v.server.GracefulStop(); close(stopped) }()
		_ = cs.CloseSend()
		_, _ = drain(t, receiver(cs))
		<-stopped
		if open := v.Open(); len(open) != 0 {
			t.Errorf("open after GracefulStop: %v", open)
		}
		v.pair(t)
	})
}

// Stop breaks streams off; their spans are ended all the same.
func TestStop(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		cs, err := v.stub.FullDuplexCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := cs.Send(sized(0)); err != nil {
			t.Fatal(err)
		}
		if _, err := cs.Recv(); err != nil {
			t.Fatal(err)
		}
		v.server.Stop()
		_, _ = drain(t, receiver(cs))
		client, server := v.pair(t)
		wantOutcome(t, client, "UNAVAILABLE", "UNAVAILABLE")
		wantOutcome(t, server, "CANCELLED", "")
	})
}

// headerFails is a stream of an inner interceptor that reports what grpc-go does not.
type headerFails struct{ grpc.ClientStream }

func (headerFails) Header() (metadata.MD, error) { return nil, status.Error(codes.DataLoss, "header") }

func TestHeaderFails(t *testing.T) {
	t.Parallel()
	r := spantest.NewRecorder(t)
	intercept := grpcmw.StreamClientInterceptor(grpcmw.With(countEnds(t, r)))
	cs, err := intercept(testContext(t), &grpc.StreamDesc{ServerStreams: true}, nil, "/"+output,
		func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			return headerFails{}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cs.Header(); err == nil {
		t.Fatal("no error")
	}
	wantOutcome(t, r.One(t), "DATA_LOSS", "DATA_LOSS")
}
