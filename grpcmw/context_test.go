package grpcmw_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/internal/version"
)

func TestPublicEndpoint(t *testing.T) {
	ofUnary := func(_ context.Context, m string) bool { return m == "/"+unary }
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name   string
			opt    grpcmw.ServerOption
			ctx    context.Context
			method string
			root   bool
			links  int
		}{
			{"static", grpcmw.WithPublicEndpoint(), traceparent(true), unary, true, 1},
			{"static, unsampled caller", grpcmw.WithPublicEndpoint(), traceparent(false), unary, true, 1},
			{"static, no caller", grpcmw.WithPublicEndpoint(), context.Background(), unary, true, 0},
			{"by function, true", grpcmw.WithPublicEndpointFn(ofUnary), traceparent(true), unary, true, 1},
			{"by function, false", grpcmw.WithPublicEndpointFn(ofUnary), traceparent(true), "grpc.testing.TestService/EmptyCall", false, 0},
		} {
			var bag string
			v := newWorld(t, w, setup{serverOptions: []grpcmw.ServerOption{tt.opt}, service: &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				bag = baggage.FromContext(ctx).String()
				return &testgrpc.SimpleResponse{}, nil
			}}})
			ctx := metadata.AppendToOutgoingContext(tt.ctx, "baggage", "tenant=a")
			_ = v.plain.Invoke(ctx, "/"+tt.method, &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{})
			server := v.One(t)
			if server.Parent().IsValid() == tt.root || len(server.Links()) != tt.links {
				t.Errorf("%s: parent %v, %d links; want root = %v, %d", tt.name, server.Parent(), len(server.Links()), tt.root, tt.links)
			}
			if tt.root && server.SpanContext().TraceID().String() == callerTrace {
				t.Errorf("%s: still in the caller's trace", tt.name)
			}
			for _, l := range server.Links() {
				if l.SpanContext.SpanID().String() != callerSpan {
					t.Errorf("%s: link to %v", tt.name, l.SpanContext)
				}
			}
			if tt.method == unary && bag != "tenant=a" {
				t.Errorf("%s: baggage %q in the handler", tt.name, bag)
			}
			if tt.name == "static" {
				spantest.Golden(t, "public_endpoint", []spantest.Span{server}, v.port(), "{port}", peerPort(server), "{client}")
			}
		}
	})
}

func TestExcludedRPCs(t *testing.T) {
	rules := policy.Rules{RPCs: []string{"/grpc.testing.TestService/*", "/no.Such/Method"}}
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name string
			ctx  context.Context
			want string // trace id, "" for any
		}{
			{"caller sampled", traceparent(true), callerTrace},
			{"caller unsampled", traceparent(false), callerTrace},
			{"no caller", context.Background(), ""},
		} {
			r := spantest.NewRecorder(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
			var downstream arrived
			next := newWorld(t, w, setup{recorder: r, service: downstream.service(), serverOptions: []grpcmw.ServerOption{grpcmw.WithExclude(func(string) bool { return true })}})
			var inside trace.SpanContext
			var marked bool
			handle := func(ctx context.Context) {
				inside = trace.SpanContextFromContext(ctx)
				id, ok := suppress.TraceID(ctx)
				marked = ok && id == inside.TraceID()
				_, span := r.Tracer("handler").Start(ctx, "child")
				span.End()
				_, _ = next.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{})
			}
			v := newWorld(t, w, setup{recorder: r, service: &service{
				unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
					handle(ctx)
					return &testgrpc.SimpleResponse{}, nil
				},
				duplex: func(ss testgrpc.TestService_FullDuplexCallServer) error { handle(ss.Context()); return nil },
			}})
			r.Exclude(t, rules)
			check := func(kind string) {
				t.Helper()
				if !inside.IsValid() || inside.IsSampled() || inside.IsRemote() || !marked {
					t.Errorf("%s, %s: handler in %+v, marked = %v", tt.name, kind, inside, marked)
				}
				if tt.want != "" && (inside.TraceID().String() != tt.want || inside.SpanID().String() != callerSpan) {
					t.Errorf("%s, %s: handler in %v, %v; want the caller's", tt.name, kind, inside.TraceID(), inside.SpanID())
				}
				got := downstream.md["traceparent"]
				if len(got) != 1 || got[0][3:35] != inside.TraceID().String() || got[0][53:] != "00" {
					t.Errorf("%s, %s: traceparent %q goes out, want trace %v, flag 00", tt.name, kind, got, inside.TraceID())
				}
			}
			_ = v.plain.Invoke(tt.ctx, "/"+unary, &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{})
			check("unary")
			if cs, err := testgrpc.NewTestServiceClient(v.plain).FullDuplexCall(tt.ctx); err == nil {
				_, _ = drain(t, receiver(cs))
			}
			check("stream")
			_ = call(t, v.plain, "/no.Such/Method")
			v.stop()
			if spans := v.Spans(); len(spans) != 0 {
				t.Errorf("%s: %d spans, want none", tt.name, len(spans))
			}
		}
	})
}

// A reload counts for the next RPC.
func TestExclusionReloaded(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		_ = call(t, v.plain, "/"+unary)
		v.One(t)
		v.Reset()
		v.Exclude(t, policy.Rules{URLs: []string{"TestService"}})
		_ = call(t, v.plain, "/"+unary)
		v.Exclude(t, policy.Rules{})
		_ = call(t, v.plain, "/"+unary)
		v.One(t)
	})
}

func TestClientExclude(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		var a arrived
		r := spantest.NewRecorder(t)
		v := newWorld(t, w, setup{
			recorder: r, service: a.service(),
			serverOptions: []grpcmw.ServerOption{grpcmw.WithExclude(func(string) bool { return true })},
			clientOptions: []grpcmw.ClientOption{grpcmw.WithExclude(nil), grpcmw.WithExclude(func(m string) bool { return m == "/"+unary })},
		})
		// Rules are for servers; this one must not matter to the client.
		v.Exclude(t, policy.Rules{RPCs: []string{"/*"}})
		ctx, parent := r.Tracer("caller").Start(testContext(t), "caller")
		if _, err := v.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		want := "00-" + parent.SpanContext().TraceID().String() + "-" + parent.SpanContext().SpanID().String() + "-00"
		if got := a.md["traceparent"]; len(got) != 1 || got[0] != want {
			t.Errorf("traceparent %q, want %q", got, want)
		}
		cs, err := v.stub.FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = cs.CloseSend()
		_, _ = drain(t, receiver(cs))
		parent.End()
		if got := v.Wait(t, 2); len(spantest.Of(got, trace.SpanKindClient)) != 1 {
			t.Errorf("the call that is not excluded has no span")
		}
	})
}

func TestInstalledTwice(t *testing.T) {
	bothWays(t, func(t *testing.T, outside way) {
		for _, inside := range []way{{}, {stats: true}} {
			r := spantest.NewRecorder(t)
			again := grpcmw.With(countEnds(t, r))
			v := newWorld(t, outside, setup{recorder: r, inner: inside.server(again), under: inside.client(again)})
			if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			v.pair(t)
			cs, err := v.stub.StreamingOutputCall(testContext(t), sized(3))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := drain(t, receiver(cs)); err != nil {
				t.Fatal(err)
			}
			v.pair(t)
			if outside.stats && inside.stats {
				_ = call(t, v.cc, "/no.Such/Method")
				v.pair(t)
			}
		}
	})
}

// Calls of other methods, or on other connections, on the context of a call are calls of their own.
func TestOtherCallsInsideACall(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		other := newWorld(t, w, setup{recorder: r})
		inner := grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if method == "/"+unary {
				_, _ = other.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{})                                     // another connection
				_ = cc.Invoke(ctx, "/grpc.testing.TestService/EmptyCall", &testgrpc.Empty{}, &testgrpc.Empty{}) // another method
			}
			return invoker(ctx, method, req, reply, cc, opts...)
		})
		v := newWorld(t, w, setup{recorder: r, under: []grpc.DialOption{inner}})
		if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		spans := spantest.Of(v.Wait(t, 6), trace.SpanKindClient)
		outer := spans[len(spans)-1]
		for _, s := range spans[:len(spans)-1] {
			if s.Parent().SpanID() != outer.SpanContext().SpanID() {
				t.Errorf("%s is no child of the call it was made in", s.Name())
			}
		}
	})
}

// A handler's own calls go over the network, so the record of its RPC must not hide the next server's.
func TestChainOfServers(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		second := newWorld(t, w, setup{recorder: r})
		first := newWorld(t, w, setup{recorder: r, service: &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			return second.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{})
		}}})
		if _, err := first.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		spans := first.Wait(t, 4)
		for _, s := range spans[1:] {
			if s.SpanContext().TraceID() != spans[0].SpanContext().TraceID() {
				t.Error("more than one trace")
			}
		}
	})
}

func TestScope(t *testing.T) {
	t.Setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "rpc/dup")
	for _, w := range []way{{}, {stats: true}} {
		v := newWorld(t, w, setup{})
		_, _ = v.stub.UnaryCall(testContext(t), asking(codes.Internal, ""))
		client, server := v.pair(t)
		for _, s := range []spantest.Span{client, server} {
			scope := s.InstrumentationScope()
			if scope.Name != "github.com/spanroute/spanroute/grpcmw" || scope.Version != version.Version || scope.SchemaURL != semattr.SchemaURL {
				t.Errorf("scope is %+v", scope)
			}
			if code, _ := s.Attr(semattr.RPCResponseStatusCode); code.Type() != attribute.STRING {
				t.Errorf("%s is a %v, want a string", semattr.RPCResponseStatusCode, code.Type())
			}
			for _, old := range []attribute.Key{"rpc.system", "rpc.service", "rpc.grpc.status_code", "net.peer.name"} {
				if s.Has(old) {
					t.Errorf("old key %s", old)
				}
			}
		}
	}
}

// asked is a sampler that keeps its parameters.
type asked struct{ got []sdktrace.SamplingParameters }

func (a *asked) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	a.got = append(a.got, p)
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
}
func (*asked) Description() string { return "asked" }

func TestSamplerSees(t *testing.T) {
	own := grpcmw.WithAttributes(func(_ context.Context, m string) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("own", m)}
	})
	shared := grpcmw.WithOptions(own, grpcmw.WithCapturedRequestMetadata("x-tenant"))
	for _, w := range []way{{}, {stats: true}} {
		for _, reads := range []bool{true, false} {
			var a asked
			r := spantest.NewRecorder(t, &a)
			r.ReadsAttributes = reads
			r.Allow("own")
			v := newWorld(t, w, setup{recorder: r, serverOptions: []grpcmw.ServerOption{shared, grpcmw.WithPublicEndpoint()}, clientOptions: []grpcmw.ClientOption{shared}})
			ctx := metadata.AppendToOutgoingContext(testContext(t), "x-tenant", "a")
			if _, err := v.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			client, server := v.pair(t)
			for i, s := range []spantest.Span{client, server} {
				p := a.got[i]
				if p.Name != unary || p.Kind != s.SpanKind() {
					t.Errorf("sampler saw %v %q", p.Kind, p.Name)
				}
				start := s.Map()
				for _, late := range []string{"rpc.response.status_code"} {
					delete(start, late)
				}
				if s.SpanKind() == trace.SpanKindClient {
					delete(start, "network.peer.address")
					delete(start, "network.peer.port")
				} else if len(p.Links) != 1 {
					t.Errorf("sampler saw %d links, want one", len(p.Links))
				}
				if !reads {
					if len(p.Attributes) != 0 {
						t.Errorf("%d attributes were built for a sampler that reads none", len(p.Attributes))
					}
					continue
				}
				saw := map[string]string{}
				for _, kv := range p.Attributes {
					saw[string(kv.Key)] = kv.Value.String()
				}
				for key, want := range start {
					if saw[key] != want {
						t.Errorf("%v: sampler saw %s = %q, want %q", s.SpanKind(), key, saw[key], want)
					}
				}
			}
		}
	}
}

func TestAttributesOption(t *testing.T) {
	huge := string(make([]byte, 5000))
	own := grpcmw.WithAttributes(func(context.Context, string) []attribute.KeyValue {
		return []attribute.KeyValue{
			attribute.String("own", "a\xffb"), attribute.String("huge", huge), attribute.StringSlice("list", make([]string, 20)),
			attribute.String("server.address", "mine"), attribute.String("error.type", "mine"), attribute.Int("n", 1),
		}
	})
	bothWays(t, func(t *testing.T, w way) {
		for _, reads := range []bool{true, false} {
			r := spantest.NewRecorder(t)
			r.ReadsAttributes = reads
			r.Allow("own", "huge", "list", "n")
			v := newWorld(t, w, setup{recorder: r, serverOptions: []grpcmw.ServerOption{own, grpcmw.WithAttributes(nil)}, clientOptions: []grpcmw.ClientOption{own}})
			_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
			client, server := v.pair(t)
			for _, s := range []spantest.Span{client, server} {
				wantOutcome(t, s, "OK", "") // an error.type needs an error
				if s.Text("own") != "a\uFFFDb" || s.Text("server.address") != "mine" || len(s.Text("huge")) != 4096 {
					t.Errorf("own = %q, server.address = %q, huge has %d bytes", s.Text("own"), s.Text("server.address"), len(s.Text("huge")))
				}
			}
			_, _ = v.stub.UnaryCall(testContext(t), asking(codes.Internal, ""))
			client, server = v.pair(t)
			wantOutcome(t, client, "INTERNAL", "mine")
			wantOutcome(t, server, "INTERNAL", "mine")
		}
	})
}

// Without With, the otel globals are used, and a provider set later or instead works.
func TestGlobals(t *testing.T) {
	defer func(tp trace.TracerProvider, p propagation.TextMapPropagator) {
		otel.SetTracerProvider(tp)
		otel.SetTextMapPropagator(p)
	}(otel.GetTracerProvider(), otel.GetTextMapPropagator())
	intercept := grpcmw.UnaryServerInterceptor(nil, grpcmw.With(nil))
	serve := func() {
		ctx := metadata.NewIncomingContext(testContext(t), metadata.Pairs("traceparent", "00-"+callerTrace+"-"+callerSpan+"-01"))
		_, _ = intercept(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, func(context.Context, any) (any, error) { return nil, nil })
	}
	serve()
	for range 2 {
		r := spantest.NewRecorder(t)
		otel.SetTracerProvider(r.TracerProvider)
		otel.SetTextMapPropagator(r.Propagation)
		serve()
		if got := r.One(t).Parent().TraceID().String(); got != callerTrace {
			t.Errorf("parent is in trace %s, want %s", got, callerTrace)
		}
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	used, unused := spantest.NewRecorder(t), spantest.NewRecorder(t)
	intercept := grpcmw.UnaryServerInterceptor(
		grpcmw.WithTracerProvider(used.TracerProvider), grpcmw.WithPropagator(propagation.Baggage{}),
		grpcmw.With(unused.Tracing()), grpcmw.WithTracerProvider(nil), grpcmw.WithPropagator(nil))
	ctx := metadata.NewIncomingContext(testContext(t), metadata.Pairs("traceparent", "00-"+callerTrace+"-"+callerSpan+"-01"))
	_, _ = intercept(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, func(context.Context, any) (any, error) { return nil, nil })
	if used.One(t).Parent().IsValid() || len(unused.Spans()) != 0 {
		t.Error("an override was not used")
	}
}
