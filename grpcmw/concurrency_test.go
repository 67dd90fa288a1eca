package grpcmw_test

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/spantest"
)

// An interceptor outside that has a deadline of its own answers while the handler runs, or even before the span
// is there. Run with -race: end and start then meet.
func TestOuterInterceptorDoesNotWait(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		left := make(chan struct{}, 100)
		hasty := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			go func() {
				_, _ = handler(ctx, req)
				left <- struct{}{}
			}()
			return nil, status.Error(codes.DeadlineExceeded, "hasty")
		}
		v := newWorld(t, w, setup{outer: []grpc.ServerOption{grpc.ChainUnaryInterceptor(hasty)}})
		const calls = 50
		for range calls {
			if err := call(t, v.plain, "/"+unary); status.Code(err) != codes.DeadlineExceeded {
				t.Fatal(err)
			}
			<-left
		}
		v.Settle(t)
		spans := v.Wait(t, calls)
		for _, s := range spans {
			if w.stats {
				wantOutcome(t, s, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
			}
		}
	})
}

// A function of WithAttributes that panics is the application's bug; the span is ended all the same.
func TestAttributesPanic(t *testing.T) {
	bad := grpcmw.WithAttributes(func(context.Context, string) []attribute.KeyValue { panic("bad") })
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		v := newWorld(t, w, setup{recorder: r, serverOptions: []grpcmw.ServerOption{bad}, outer: recovery(nil, status.Error(codes.Internal, "recovered"))})
		_ = call(t, v.plain, "/"+unary)
		wantOutcome(t, r.One(t), "INTERNAL", "string")
		r.Reset()

		cc := newClient(t, v.plain.Target(), append(w.client(grpcmw.With(countEnds(t, r)), bad), insecureDial)...)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = call(t, cc, "/"+unary)
		}()
		wantOutcome(t, r.One(t), "INTERNAL", "string")
	})
}

// An excluded stream is the handler's as it came when the stats handler has set its context before.
func TestExcludedStreamIsNotWrapped(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		var kind string
		v := newWorld(t, w, setup{inner: []grpc.ServerOption{grpc.ChainStreamInterceptor(
			func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
				kind = fmt.Sprintf("%T", ss)
				return handler(srv, ss)
			})}})
		v.Exclude(t, policy.Rules{RPCs: []string{"/*"}})
		cs, err := testgrpc.NewTestServiceClient(v.plain).StreamingOutputCall(testContext(t), sized(1))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = drain(t, receiver(cs))
		want := "*grpcmw.contextStream"
		if w.stats {
			want = "*grpc.serverStream"
		}
		if kind != want {
			t.Errorf("stream is a %s, want %s", kind, want)
		}
	})
}

// An unrecorded stream is wrapped for its context only.
func TestUnrecordedStream(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t, sdktrace.NeverSample())
		var kind string
		v := newWorld(t, w, setup{recorder: r, service: &service{output: func(_ *testgrpc.StreamingOutputCallRequest, ss testgrpc.TestService_StreamingOutputCallServer) error {
			return ss.Send(&testgrpc.StreamingOutputCallResponse{})
		}}, inner: []grpc.ServerOption{grpc.ChainStreamInterceptor(
			func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
				kind = fmt.Sprintf("%T", ss)
				return handler(srv, ss)
			})}})
		cs, err := v.stub.StreamingOutputCall(testContext(t), sized(1))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := drain(t, receiver(cs)); n != 1 || err != nil {
			t.Errorf("%d messages, error %v", n, err)
		}
		if kind != "*grpcmw.contextStream" {
			t.Errorf("stream is a %s", kind)
		}
	})
}

// The end may even come while the span is being started.
func TestEndBeforeStart(t *testing.T) {
	t.Parallel()
	started, release, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	slow := grpcmw.WithAttributes(func(context.Context, string) []attribute.KeyValue {
		close(started)
		<-release
		return nil
	})
	hasty := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		go func() {
			_, _ = handler(ctx, req)
			close(left)
		}()
		<-started
		return nil, status.Error(codes.DeadlineExceeded, "hasty")
	}
	v := newWorld(t, way{stats: true}, setup{outer: []grpc.ServerOption{grpc.ChainUnaryInterceptor(hasty)}, serverOptions: []grpcmw.ServerOption{slow}})
	_ = call(t, v.plain, "/"+unary)
	v.server.GracefulStop() // grpc-go is done with the RPC
	close(release)
	<-left
	wantOutcome(t, v.One(t), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
}

// A context outlives its call: the same call made on it later is another.
func TestSameCallOnTheContextOfOneThatIsOver(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		var over context.Context
		keep := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			over = ctx
			return invoker(ctx, method, req, reply, cc, opts...)
		}
		v := newWorld(t, w, setup{under: []grpc.DialOption{grpc.WithChainUnaryInterceptor(keep)}})
		ctx := testContext(t)
		for range 2 {
			if _, err := v.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			v.pair(t)
			ctx = over
		}
	})
}
