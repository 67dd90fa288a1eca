package grpcmw_test

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

// recovered is what a recovery interceptor saw.
type recovered struct {
	value any
	stack string
}

// recovery makes a panic the error answer, which may be nil.
func recovery(saw *recovered, answer error) []grpc.ServerOption {
	catch := func(err *error) {
		if v := recover(); v != nil {
			if saw != nil {
				*saw = recovered{v, string(debug.Stack())}
			}
			*err = answer
		}
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
			resp = &testgrpc.SimpleResponse{}
			defer catch(&err)
			return handler(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
			defer catch(&err)
			return handler(srv, ss)
		}),
	}
}

// boom is a value to panic with, whose identity a recovery can check.
type boom struct{ text string }

func (b *boom) String() string { return b.text }

// panicking is a service all of whose methods panic in explode.
func panicking(v any) *service {
	return &service{
		unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			explode(v)
			return nil, nil
		},
		duplex: func(testgrpc.TestService_FullDuplexCallServer) error { explode(v); return nil },
	}
}

//go:noinline
func explode(v any) { panic(v) }

func TestRecoveryInside(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{service: panicking("boom"), inner: recovery(nil, status.Error(codes.Internal, "recovered"))})
		_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
		_, server := v.pair(t)
		wantOutcome(t, server, "INTERNAL", "INTERNAL")
		if len(server.Events()) != 0 {
			t.Errorf("%d events, want none", len(server.Events()))
		}
	})
}

func TestRecoveryOutside(t *testing.T) {
	value := &boom{"it went off \xff"}
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name   string
			answer error
			code   string // of the answer
		}{
			{"answers INTERNAL", status.Error(codes.Internal, "recovered"), "INTERNAL"},
			{"answers UNAVAILABLE", status.Error(codes.Unavailable, "recovered"), "UNAVAILABLE"},
			{"answers OK", nil, "OK"},
		} {
			var saw recovered
			v := newWorld(t, w, setup{service: panicking(value), outer: recovery(&saw, tt.answer)})
			if !w.stats {
				tt.code = "INTERNAL" // what is answered is not seen
			}
			check := func(kind string) {
				t.Helper()
				_, server := v.pair(t)
				wantOutcome(t, server, tt.code, "*grpcmw_test.boom")
				if saw.value != any(value) {
					t.Errorf("%s, %s: recovered %v, want the very value", tt.name, kind, saw.value)
				}
				if !strings.Contains(saw.stack, "grpcmw_test.explode") {
					t.Errorf("%s, %s: the frames that panicked are gone:\n%s", tt.name, kind, saw.stack)
				}
				events := server.Events()
				if len(events) != 1 || events[0].Name != "exception" {
					t.Fatalf("%s, %s: events %v, want one exception", tt.name, kind, events)
				}
				event := map[string]string{}
				for _, kv := range events[0].Attributes {
					event[string(kv.Key)] = kv.Value.AsString()
				}
				if event["exception.type"] != "*grpcmw_test.boom" || event["exception.message"] != "it went off \uFFFD" {
					t.Errorf("%s, %s: event %v", tt.name, kind, event)
				}
				if stack := event["exception.stacktrace"]; !strings.Contains(stack, "grpcmw_test.explode") || len(stack) > 16<<10 {
					t.Errorf("%s, %s: stack of %d bytes", tt.name, kind, len(stack))
				}
				if w.stats && tt.name == "answers INTERNAL" && kind == "unary" {
					spantest.Golden(t, "panic", []spantest.Span{server}, v.port(), "{port}", peerPort(server), "{client}")
				}
			}
			_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
			check("unary")
			cs, err := v.stub.FullDuplexCall(testContext(t))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = drain(t, receiver(cs))
			check("stream")
		}
	})
}

func TestPanicWithErrorAndNil(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			value any
			want  string
		}{
			{errors.New("x"), "*errors.errorString"},
			{nil, "*runtime.PanicNilError"},
			{"text", "string"},
		} {
			v := newWorld(t, w, setup{service: panicking(tt.value), outer: recovery(nil, status.Error(codes.Internal, ""))})
			_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
			_, server := v.pair(t)
			wantOutcome(t, server, "INTERNAL", tt.want)
		}
	})
}

func TestGoexit(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		exited := make(chan struct{}, 1)
		v := newWorld(t, w, setup{service: &service{
			unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				defer func() { exited <- struct{}{} }()
				runtime.Goexit()
				return nil, nil
			},
			duplex: func(testgrpc.TestService_FullDuplexCallServer) error {
				defer func() { exited <- struct{}{} }()
				runtime.Goexit()
				return nil
			},
		}})
		// grpc-go never answers such an RPC, so the client has to give up.
		ctx, cancel := context.WithCancel(testContext(t))
		go func() { <-exited; cancel() }()
		_, _ = v.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{})
		_, server := v.pair(t)
		wantOutcome(t, server, "INTERNAL", "runtime.Goexit")
		if len(server.Events()) != 0 {
			t.Errorf("%d events, want none", len(server.Events()))
		}
		ctx, cancel = context.WithCancel(testContext(t))
		go func() { <-exited; cancel() }()
		if cs, err := v.stub.FullDuplexCall(ctx); err == nil {
			_, _ = drain(t, receiver(cs))
		}
		_, server = v.pair(t)
		wantOutcome(t, server, "INTERNAL", "runtime.Goexit")
		spantest.Golden(t, "goexit", []spantest.Span{server}, v.port(), "{port}", peerPort(server), "{client}")
		v.server.Stop() // GracefulStop would wait for the answer for ever
	})
}

func TestClientPanics(t *testing.T) {
	t.Parallel()
	value := &boom{"client"}
	r := spantest.NewRecorder(t)
	tracing := countEnds(t, r)
	unaryCall, streamCall := grpcmw.UnaryClientInterceptor(grpcmw.With(tracing)), grpcmw.StreamClientInterceptor(grpcmw.With(tracing))
	for name, run := range map[string]func(v any){
		"invoker": func(v any) {
			_ = unaryCall(testContext(t), "/a.B/C", nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				explode(v)
				return nil
			})
		},
		"streamer": func(v any) {
			_, _ = streamCall(testContext(t), &grpc.StreamDesc{}, nil, "/a.B/C", func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				explode(v)
				return nil, nil
			})
		},
	} {
		var saw any
		func() {
			defer func() { saw = recover() }()
			run(value)
		}()
		s := r.One(t)
		r.Reset()
		wantOutcome(t, s, "INTERNAL", "*grpcmw_test.boom")
		if saw != any(value) || len(s.Events()) != 1 {
			t.Errorf("%s: recovered %v, %d events", name, saw, len(s.Events()))
		}
	}
}

// With GODEBUG=panicnil=1, recover returns nil for panic(nil), too.
func TestPanicWithNilGoesOn(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	r := spantest.NewRecorder(t)
	with := grpcmw.With(countEnds(t, r))
	for name, run := range map[string]func(){
		"unary server": func() {
			_, _ = grpcmw.UnaryServerInterceptor(with)(testContext(t), nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, func(context.Context, any) (any, error) {
				panic(nil)
			})
		},
		"server stream": func() {
			_ = grpcmw.StreamServerInterceptor(with)(nil, streamOf{ctx: testContext(t)}, &grpc.StreamServerInfo{FullMethod: "/a.B/C"}, func(any, grpc.ServerStream) error {
				panic(nil)
			})
		},
		"invoker": func() {
			_ = grpcmw.UnaryClientInterceptor(with)(testContext(t), "/a.B/C", nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				panic(nil)
			})
		},
		"streamer": func() {
			_, _ = grpcmw.StreamClientInterceptor(with)(testContext(t), &grpc.StreamDesc{}, nil, "/a.B/C", func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				panic(nil)
			})
		},
	} {
		r.Reset()
		if !panics(run) {
			t.Errorf("%s: the panic did not go on", name)
		}
		s := r.One(t)
		wantOutcome(t, s, "INTERNAL", "<nil>")
		if len(s.Events()) != 1 {
			t.Errorf("%s: %d events, want one", name, len(s.Events()))
		}
	}
}

// panics reports whether f panics, with any value.
func panics(f func()) (panicked bool) {
	defer func() { _ = recover() }()
	panicked = true
	f()
	return false
}

// streamOf is a stream that nothing is sent on.
type streamOf struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streamOf) Context() context.Context { return s.ctx }
