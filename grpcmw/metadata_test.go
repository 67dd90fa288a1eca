package grpcmw_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/spantest"
)

// arrived is a service that keeps the metadata of the last unary call.
type arrived struct{ md metadata.MD }

func (a *arrived) service() *service {
	return &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
		a.md, _ = metadata.FromIncomingContext(ctx)
		return &testgrpc.SimpleResponse{}, nil
	}}
}

func TestOutgoingMetadata(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		var a arrived
		v := newWorld(t, w, setup{service: a.service()})
		md := metadata.MD{
			"x-tenant":    {"a", "b"},
			"x-raw-bin":   {"\x00\x01"},
			"traceparent": {"00-" + callerTrace + "-" + callerSpan + "-01"},
			"tracestate":  {"old=1"},
		}
		before := md.Copy()
		ctx := metadata.AppendToOutgoingContext(metadata.NewOutgoingContext(testContext(t), md), "x-added", "c", "x-tenant", "d")
		if _, err := v.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		client, _ := v.pair(t)
		sc := client.SpanContext()
		want := map[string][]string{
			"x-tenant":    {"a", "b", "d"},
			"x-raw-bin":   {"\x00\x01"},
			"x-added":     {"c"},
			"traceparent": {fmt.Sprintf("00-%s-%s-01", sc.TraceID(), sc.SpanID())},
			"tracestate":  nil,
		}
		for key, values := range want {
			if diff := cmp.Diff(values, a.md[key]); diff != "" {
				t.Errorf("%s arrived differently (-want +got):\n%s", key, diff)
			}
		}
		if diff := cmp.Diff(before, md); diff != "" {
			t.Errorf("the caller's map changed (-want +got):\n%s", diff)
		}
		after, _ := metadata.FromOutgoingContext(ctx)
		if got := after["traceparent"]; len(got) != 1 || !strings.Contains(got[0], callerTrace) {
			t.Errorf("the caller's context has traceparent %q", got)
		}
	})
}

func TestCallWithoutMetadata(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		var a arrived
		v := newWorld(t, w, setup{service: a.service()})
		member, _ := baggage.NewMember("tenant", "a")
		bag, _ := baggage.New(member)
		if _, err := v.stub.UnaryCall(baggage.ContextWithBaggage(testContext(t), bag), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		v.pair(t)
		if len(a.md["traceparent"]) != 1 || !slices.Equal(a.md["baggage"], []string{"tenant=a"}) {
			t.Errorf("traceparent %q, baggage %q", a.md["traceparent"], a.md["baggage"])
		}
		if len(a.md["grpc-trace-bin"]) != 0 {
			t.Error("grpc-trace-bin was written")
		}
	})
}

func TestIncomingTraceContext(t *testing.T) {
	const zero = "00000000000000000000000000000000"
	tests := []struct {
		name        string
		traceparent []string
		tracestate  []string
		parent      bool
		state       string
	}{
		{"well formed", []string{"00-" + callerTrace + "-" + callerSpan + "-01"}, []string{"a=1", "b=2"}, true, "a=1,b=2"},
		{"a later version", []string{"cc-" + callerTrace + "-" + callerSpan + "-01-more"}, nil, true, ""},
		{"too short", []string{"00-" + callerTrace}, []string{"a=1"}, false, ""},
		{"version ff", []string{"ff-" + callerTrace + "-" + callerSpan + "-01"}, nil, false, ""},
		{"zero trace id", []string{"00-" + zero + "-" + callerSpan + "-01"}, nil, false, ""},
		{"upper case", []string{"00-" + strings.ToUpper(callerTrace) + "-" + callerSpan + "-01"}, nil, false, ""},
		{"nonsense", []string{"nonsense"}, nil, false, ""},
		{"empty", []string{""}, nil, false, ""},
		{"none", nil, nil, false, ""},
		{"bad tracestate", []string{"00-" + callerTrace + "-" + callerSpan + "-01"}, []string{"=,="}, true, ""},
	}
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		for _, tt := range tests {
			ctx := metadata.NewOutgoingContext(testContext(t), metadata.MD{"traceparent": tt.traceparent, "tracestate": tt.tracestate})
			if err := v.plain.Invoke(ctx, "/"+unary, &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{}); err != nil {
				t.Fatal(err)
			}
			server := v.One(t)
			v.Reset()
			if got := server.Parent().IsValid(); got != tt.parent || len(server.Links()) != 0 {
				t.Errorf("%s: parent = %v, want %v; %d links, want none", tt.name, got, tt.parent, len(server.Links()))
			}
			if got := server.Parent(); tt.parent && (got.TraceID().String() != callerTrace || got.SpanID().String() != callerSpan) {
				t.Errorf("%s: parent is %v", tt.name, got)
			}
			if got := server.SpanContext().TraceState().String(); got != tt.state {
				t.Errorf("%s: tracestate %q, want %q", tt.name, got, tt.state)
			}
		}
	})
}

// An unsampled caller's trace goes on, unsampled, and nothing is recorded.
func TestUnsampledParent(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		var inside trace.SpanContext
		r := spantest.NewRecorder(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
		v := newWorld(t, w, setup{recorder: r, service: &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			inside = trace.SpanContextFromContext(ctx)
			return &testgrpc.SimpleResponse{}, nil
		}}})
		if err := v.plain.Invoke(traceparent(false), "/"+unary, &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{}); err != nil {
			t.Fatal(err)
		}
		v.stop()
		if len(v.Spans()) != 0 || inside.TraceID().String() != callerTrace || inside.IsSampled() {
			t.Errorf("%d spans, handler in %v, sampled = %v", len(v.Spans()), inside.TraceID(), inside.IsSampled())
		}
	})
}

func TestCapturedRequestMetadata(t *testing.T) {
	request := []string{
		"x-tenant", "a", "x-tenant", "b", "authorization", "Bearer secret", "x-api-key", "k", "x-raw-bin", "\x00\x01\x02\x03",
		"x-other", "not asked for",
	}
	for range 20 {
		request = append(request, "x-many", strings.Repeat("m", 5000))
	}
	opts := []grpcmw.Option{
		grpcmw.WithCapturedRequestMetadata("X-Tenant", "authorization", "x-api-key", "x-absent"),
		grpcmw.WithCapturedRequestMetadata("x-raw-bin", "x-many", ":authority", "grpc-accept-encoding", "GRPC-timeout"),
		grpcmw.WithUnredactedMetadata("X-Api-Key"),
	}
	want := map[string]string{
		"rpc.request.metadata.x-tenant":      `["a","b"]`,
		"rpc.request.metadata.authorization": `["REDACTED"]`,
		"rpc.request.metadata.x-api-key":     `["k"]`,
		"rpc.request.metadata.x-raw-bin":     `["AAECAw"]`,
	}
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{serverOptions: []grpcmw.ServerOption{grpcmw.WithOptions(opts...)}, clientOptions: []grpcmw.ClientOption{grpcmw.WithOptions(opts...)}})
		ctx := metadata.AppendToOutgoingContext(testContext(t), request...)
		if _, err := v.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		client, server := v.pair(t)
		for _, s := range []spantest.Span{client, server} {
			many, _ := s.Attr("rpc.request.metadata.x-many")
			if values := many.AsStringSlice(); len(values) != 16 || len(values[0]) != 4096 {
				t.Errorf("%v span has %d values of x-many, want 16 of 4096 bytes", s.SpanKind(), len(values))
			}
			got := captured(s, "rpc.request.metadata.")
			delete(got, "rpc.request.metadata.x-many")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v span has other metadata (-want +got):\n%s", s.SpanKind(), diff)
			}
		}
	})
	bothWays(t, func(t *testing.T, w way) { // without the option
		v := newWorld(t, w, setup{})
		if _, err := v.stub.UnaryCall(metadata.AppendToOutgoingContext(testContext(t), request[:6]...), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		client, server := v.pair(t)
		if n := len(captured(client, "rpc.request.")) + len(captured(server, "rpc.request.")); n != 0 {
			t.Errorf("%d metadata attributes, want none", n)
		}
	})
}

func captured(s spantest.Span, prefix string) map[string]string {
	m := s.Map()
	for key := range m {
		if !strings.HasPrefix(key, prefix) {
			delete(m, key)
		}
	}
	return m
}

func TestCapturedResponseMetadata(t *testing.T) {
	svc := &service{
		unary: func(ctx context.Context, req *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-where", "header", "set-cookie", "secret"))
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-where", "trailer", "x-sum-bin", "\x01"))
			if req.GetResponseStatus() != nil {
				return nil, status.Error(codes.NotFound, "")
			}
			return &testgrpc.SimpleResponse{}, nil
		},
		output: func(_ *testgrpc.StreamingOutputCallRequest, ss testgrpc.TestService_StreamingOutputCallServer) error {
			_ = ss.SendHeader(metadata.Pairs("x-where", "header", "set-cookie", "secret"))
			ss.SetTrailer(metadata.Pairs("x-where", "trailer", "x-sum-bin", "\x01"))
			return ss.Send(&testgrpc.StreamingOutputCallResponse{})
		},
	}
	opts := []grpcmw.Option{grpcmw.WithCapturedResponseMetadata("x-where", "x-sum-bin", "set-cookie", "grpc-status")}
	want := map[string]string{
		"rpc.response.metadata.x-where":    `["header","trailer"]`,
		"rpc.response.metadata.x-sum-bin":  `["AQ"]`,
		"rpc.response.metadata.set-cookie": `["REDACTED"]`,
	}
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{service: svc, serverOptions: []grpcmw.ServerOption{grpcmw.WithOptions(opts...)}, clientOptions: []grpcmw.ClientOption{grpcmw.WithOptions(opts...)}})
		for name, run := range map[string]func(){
			"unary": func() { _, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}) },
			"error": func() { _, _ = v.stub.UnaryCall(testContext(t), asking(codes.NotFound, "")) },
			"stream": func() {
				if cs, err := v.stub.StreamingOutputCall(testContext(t), sized(0)); err == nil {
					_, _ = drain(t, receiver(cs))
				}
			},
		} {
			run()
			client, server := v.pair(t)
			if diff := cmp.Diff(want, captured(client, "rpc.response.metadata.")); diff != "" {
				t.Errorf("%s: client has other metadata (-want +got):\n%s", name, diff)
			}
			want := want
			if !w.stats {
				want = map[string]string{}
			}
			if diff := cmp.Diff(want, captured(server, "rpc.response.metadata.")); diff != "" {
				t.Errorf("%s: server has other metadata (-want +got):\n%s", name, diff)
			}
		}
	})
}

// The caller's own call options keep working, and their slice is not written to.
func TestCallersCallOptions(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{service: &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-where", "header"))
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-where", "trailer"))
			return &testgrpc.SimpleResponse{}, nil
		}}})
		var header, trailer metadata.MD
		var finished bool
		opts := append(make([]grpc.CallOption, 0, 16), grpc.Header(&header), grpc.Trailer(&trailer), grpc.OnFinish(func(error) { finished = true }))
		if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}, opts...); err != nil {
			t.Fatal(err)
		}
		v.pair(t)
		if len(header["x-where"]) != 1 || len(trailer["x-where"]) != 1 || !finished {
			t.Errorf("header %v, trailer %v, finished = %v", header, trailer, finished)
		}
		for _, opt := range opts[3:cap(opts)] {
			if opt != nil {
				if _, static := opt.(grpc.StaticMethodCallOption); !static { // of generated code
					t.Errorf("%T was written into the caller's slice", opt)
				}
			}
		}
	})
}

func TestTraceIDMetadata(t *testing.T) {
	const key = "x-trace-id"
	opt := grpcmw.WithTraceIDMetadata(" X-Trace-Id ")
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
		var nested []grpc.ServerOption
		nested = append(nested, grpc.ChainUnaryInterceptor(grpcmw.UnaryServerInterceptor(opt)), grpc.ChainStreamInterceptor(grpcmw.StreamServerInterceptor(opt)))
		v := newWorld(t, w, setup{recorder: r, serverOptions: []grpcmw.ServerOption{opt}, inner: nested})
		r.Exclude(t, policy.Rules{RPCs: []string{"/grpc.testing.TestService/EmptyCall"}})
		id := []string{callerTrace}
		for _, tt := range []struct {
			name, method    string
			sampled         bool
			header, trailer []string
		}{
			{"ok", unary, true, id, nil},
			{"unsampled", unary, false, id, nil},
			{"failed stream", "grpc.testing.TestService/HalfDuplexCall", true, nil, id},
			{"failed call", "grpc.testing.TestService/UnimplementedCall", true, nil, id},
			{"excluded", "grpc.testing.TestService/EmptyCall", true, nil, nil},
		} {
			var header, trailer metadata.MD
			_ = v.plain.Invoke(traceparent(tt.sampled), "/"+tt.method, &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{}, grpc.Header(&header), grpc.Trailer(&trailer))
			if diff := cmp.Diff([][]string{tt.header, tt.trailer}, [][]string{header[key], trailer[key]}); diff != "" {
				t.Errorf("%s: header and trailer %s differ (-want +got):\n%s", tt.name, key, diff)
			}
		}
		cs, err := testgrpc.NewTestServiceClient(v.plain).FullDuplexCall(traceparent(true))
		if err != nil {
			t.Fatal(err)
		}
		_ = cs.CloseSend()
		header, _ := cs.Header()
		_, _ = drain(t, receiver(cs))
		if diff := cmp.Diff([]string{callerTrace}, header[key]); diff != "" {
			t.Errorf("stream: header %s differs (-want +got):\n%s", key, diff)
		}
	})
}

// The trace id is in the header that a stream sends, and in the trailer of what fails or had its header sent without it.
func TestTraceIDMetadataOfStreams(t *testing.T) {
	const key = "x-trace-id"
	id := []string{callerTrace}
	message, failure := &testgrpc.StreamingOutputCallResponse{}, status.Error(codes.Internal, "")
	for _, tt := range []struct {
		name            string
		handler         func(ss testgrpc.TestService_FullDuplexCallServer) error
		header, trailer []string
	}{
		{"no message", func(testgrpc.TestService_FullDuplexCallServer) error { return nil }, id, nil},
		{"a message", func(ss testgrpc.TestService_FullDuplexCallServer) error { return ss.Send(message) }, id, nil},
		{"header sent first", func(ss testgrpc.TestService_FullDuplexCallServer) error { return ss.SendHeader(nil) }, id, nil},
		{"header sent by the context", func(ss testgrpc.TestService_FullDuplexCallServer) error {
			return grpc.SendHeader(ss.Context(), metadata.Pairs("x", "y"))
		}, nil, id},
		{"fails", func(testgrpc.TestService_FullDuplexCallServer) error { return failure }, nil, id},
		{"fails after a message", func(ss testgrpc.TestService_FullDuplexCallServer) error {
			return errors.Join(ss.Send(message), failure)
		}, id, id},
		{"panics", func(testgrpc.TestService_FullDuplexCallServer) error { panic("boom") }, nil, id},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, sampled := range []bool{true, false} {
				r := spantest.NewRecorder(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
				v := newWorld(t, way{}, setup{
					recorder: r, service: &service{duplex: tt.handler}, outer: recovery(nil, failure),
					serverOptions: []grpcmw.ServerOption{grpcmw.WithTraceIDMetadata(key)},
				})
				cs, err := testgrpc.NewTestServiceClient(v.plain).FullDuplexCall(traceparent(sampled))
				if err != nil {
					t.Fatal(err)
				}
				_, _ = drain(t, receiver(cs))
				header, _ := cs.Header()
				if diff := cmp.Diff([][]string{tt.header, tt.trailer}, [][]string{header[key], cs.Trailer()[key]}); diff != "" {
					t.Errorf("sampled %t: header and trailer differ (-want +got):\n%s", sampled, diff)
				}
			}
		})
	}
}

// A failed call stays one that the client may retry.
func TestTraceIDMetadataLeavesRetries(t *testing.T) {
	const policy = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.001s", "maxBackoff": "0.001s",
		"backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	bothWays(t, func(t *testing.T, w way) {
		var attempts atomic.Int32
		third := func() error {
			if attempts.Add(1) < 3 {
				return status.Error(codes.Unavailable, "try again")
			}
			return nil
		}
		svc := &service{
			unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				return &testgrpc.SimpleResponse{}, third()
			},
			duplex: func(ss testgrpc.TestService_FullDuplexCallServer) error {
				if err := third(); err != nil {
					return err
				}
				return ss.Send(&testgrpc.StreamingOutputCallResponse{})
			},
		}
		v := newWorld(t, w, setup{
			service: svc, serverOptions: []grpcmw.ServerOption{grpcmw.WithTraceIDMetadata("x-trace-id")},
			under: []grpc.DialOption{grpc.WithDefaultServiceConfig(policy)},
		})
		if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil || attempts.Load() != 3 {
			t.Errorf("unary: error %v after %d attempts, want success after 3", err, attempts.Load())
		}
		attempts.Store(0)
		cs, err := v.stub.FullDuplexCall(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		_ = cs.CloseSend()
		if _, err := cs.Recv(); err != nil || attempts.Load() != 3 {
			t.Errorf("stream: error %v after %d attempts, want a message after 3", err, attempts.Load())
		}
		_, _ = drain(t, receiver(cs))
		if header, _ := cs.Header(); len(header["x-trace-id"]) != 1 {
			t.Errorf("stream: header %v, want one trace id", header)
		}
	})
}

// A key that gRPC would put on the wire to the client's despair is not sent.
func TestTraceIDMetadataKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "grpc-trace", "x trace", ":path", "x-träce"} {
		v := newWorld(t, way{}, setup{serverOptions: []grpcmw.ServerOption{grpcmw.WithTraceIDMetadata(key)}})
		var header metadata.MD
		if err := call(t, v.plain, "/"+unary, grpc.Header(&header)); err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		for name, values := range header {
			if len(values) > 0 && len(values[0]) == 32 {
				t.Errorf("%q: sent as %q", key, name)
			}
		}
	}
}
