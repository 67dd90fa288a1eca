package grpcmw_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/sampling"
)

const (
	sentinel = "s3ntinel"
	// chosenTrace is a trace id that an untrusted client chooses: every ratio above 0 keeps it.
	chosenTrace = "00000000000000000000000000000001"
)

func TestUntrustedCallersDoNotSample(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name      string
			cfg       sampling.Config
			low, high int // bounds of what is kept
		}{
			{"respected, rate 0", sampling.Config{}, 100, 100},
			{"ignored, rate 0", sampling.Config{RemoteParent: sampling.Ignore}, 0, 0},
			{"ignored, rate 1", sampling.Config{RemoteParent: sampling.Ignore, SampleRate: 1}, 100, 100},
			{"chosen trace id, traceidratio", sampling.Config{Sampler: sampling.TraceIDRatio, SampleRate: 0.001}, 100, 100},
			{"chosen trace id, traceidratio, ignored", sampling.Config{Sampler: sampling.TraceIDRatio, SampleRate: 0.001, RemoteParent: sampling.Ignore}, 0, 10},
		} {
			sampler, err := sampling.New(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			var kept int
			service := &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				sc := trace.SpanContextFromContext(ctx)
				if sc.TraceID().String() != chosenTrace {
					t.Errorf("%s: the handler is in trace %v, want the caller's", tt.name, sc.TraceID())
				}
				if sc.IsSampled() {
					kept++
				}
				return &testgrpc.SimpleResponse{}, nil
			}}
			v := newWorld(t, w, setup{recorder: spantest.NewRecorder(t, sampler), service: service})
			ctx := metadata.AppendToOutgoingContext(testContext(t), "traceparent", "00-"+chosenTrace+"-"+callerSpan+"-01")
			for range 100 {
				if _, err := testgrpc.NewTestServiceClient(v.plain).UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
					t.Fatal(err)
				}
			}
			if kept < tt.low || kept > tt.high {
				t.Errorf("%s: %d of 100 calls are kept, want %d to %d", tt.name, kept, tt.low, tt.high)
			}
			v.stop()
		}
	})
}

func TestPanicMessages(t *testing.T) {
	redacted := policy.Rules{RedactPanicMessages: true}
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name  string
			opts  []grpcmw.ServerOption
			rules policy.Rules
			want  bool // the value is recorded
		}{
			{"by default", nil, policy.Rules{}, true},
			{"the option", []grpcmw.ServerOption{grpcmw.WithoutPanicMessages()}, policy.Rules{}, false},
			{"the configuration", nil, redacted, false},
		} {
			// The recovery answers with the value, as many do, so that it comes back in the status that is sent.
			outer := grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
				defer func() { err = status.Errorf(codes.Internal, "panic: %v", recover()) }()
				return handler(ctx, req)
			})
			v := newWorld(t, w, setup{service: panicking(&boom{sentinel}), serverOptions: tt.opts, outer: []grpc.ServerOption{outer}})
			v.Exclude(t, tt.rules)
			_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
			_, server := v.pair(t)
			wantOutcome(t, server, "INTERNAL", "*grpcmw_test.boom")
			if n := len(server.Events()); n != 1 {
				t.Fatalf("%s: %d events, want one", tt.name, n)
			}
			all := spantest.Render(server) + fmt.Sprint(server.Events()[0].Attributes)
			if got := strings.Contains(all, sentinel); got != tt.want {
				t.Errorf("%s: the value is in the span = %t, want %t:\n%s", tt.name, got, tt.want, all)
			}
			v.stop()
		}
	})
}

func TestPanicMessagesOfClients(t *testing.T) {
	for _, opts := range [][]grpcmw.ClientOption{nil, {grpcmw.WithoutPanicMessages()}} {
		r := spantest.NewRecorder(t)
		call := grpcmw.UnaryClientInterceptor(append([]grpcmw.ClientOption{grpcmw.With(r.Tracing())}, opts...)...)
		func() {
			defer func() { _ = recover() }()
			_ = call(testContext(t), "/a.B/C", nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				panic(sentinel)
			})
		}()
		s := r.One(t)
		all := spantest.Render(s) + fmt.Sprint(s.Events()[0].Attributes)
		if got, want := strings.Contains(all, sentinel), len(opts) == 0; got != want {
			t.Errorf("the value is in the span = %t, want %t:\n%s", got, want, all)
		}
	}
}

func TestRemoteBaggage(t *testing.T) {
	own, _ := baggage.NewMember("mine", "1")
	ownBag, _ := baggage.New(own)
	exclude := grpcmw.WithExclude(func(string) bool { return true })
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name, want string // baggage that goes out
			opts       []grpcmw.ServerOption
			own        bool // the handler adds baggage of its own
		}{
			{"kept", "tenant=t1", nil, false},
			{"kept at a public endpoint", "tenant=t1", []grpcmw.ServerOption{grpcmw.WithPublicEndpoint()}, false},
			{"dropped", "", []grpcmw.ServerOption{grpcmw.WithoutRemoteBaggage()}, false},
			{"dropped at a public endpoint", "", []grpcmw.ServerOption{grpcmw.WithPublicEndpoint(), grpcmw.WithoutRemoteBaggage()}, false},
			{"dropped, and the service's own sent", "mine=1", []grpcmw.ServerOption{grpcmw.WithPublicEndpoint(), grpcmw.WithoutRemoteBaggage()}, true},
			{"dropped from an excluded call", "", []grpcmw.ServerOption{grpcmw.WithoutRemoteBaggage(), exclude}, false},
		} {
			r := spantest.NewRecorder(t)
			var sent metadata.MD
			client := grpcmw.UnaryClientInterceptor(grpcmw.With(r.Tracing()))
			proxy := &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				md, _ := metadata.FromIncomingContext(ctx)
				if got := md.Get("x-other"); len(got) != 1 || got[0] != "kept" {
					t.Errorf("%s: x-other = %v, want all other metadata to be kept", tt.name, got)
				}
				if tt.own {
					ctx = baggage.ContextWithBaggage(ctx, ownBag)
				}
				ctx = metadata.NewOutgoingContext(ctx, md) // as a proxy does
				return &testgrpc.SimpleResponse{}, client(ctx, "/a.B/C", nil, nil, nil, func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
					sent, _ = metadata.FromOutgoingContext(ctx)
					return nil
				})
			}}
			v := newWorld(t, w, setup{recorder: r, service: proxy, serverOptions: tt.opts})
			ctx := metadata.AppendToOutgoingContext(testContext(t), "traceparent", "00-"+chosenTrace+"-"+callerSpan+"-01", "baggage", "tenant=t1", "x-other", "kept",
				"uberctx-tenant", "t1", "ot-baggage-tenant", "t1", "jaeger-baggage", "tenant=t1")
			if _, err := testgrpc.NewTestServiceClient(v.plain).UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(sent.Get("baggage"), ","); got != tt.want {
				t.Errorf("%s: baggage %q went out, want %q", tt.name, got, tt.want)
			}
			for _, key := range []string{"uberctx-tenant", "ot-baggage-tenant", "jaeger-baggage"} {
				if got, want := len(sent.Get(key)) == 1, tt.want == "tenant=t1"; got != want {
					t.Errorf("%s: %s went out: %t, want %t", tt.name, key, got, want)
				}
			}
			v.stop()
		}
	})
}

func TestSecretMetadataNames(t *testing.T) {
	names := []string{
		"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token", "x-goog-api-key", "x-vault-token",
		"private-token", "x-amz-security-token", "x-csrf-token", "authorization-bin", "x-forwarded-client-cert", "grpcgateway-authorization",
	}
	pairs := []string{"x-tenant", "t1"}
	want := map[string]string{"rpc.request.metadata.x-tenant": `["t1"]`}
	for _, name := range names {
		pairs = append(pairs, name, sentinel)
		want["rpc.request.metadata."+name] = `["REDACTED"]`
	}
	bothWays(t, func(t *testing.T, w way) {
		shared := grpcmw.WithOptions(grpcmw.WithCapturedRequestMetadata(names...), grpcmw.WithCapturedRequestMetadata("x-tenant"))
		v := newWorld(t, w, setup{
			serverOptions: []grpcmw.ServerOption{shared},
			clientOptions: []grpcmw.ClientOption{shared, grpcmw.WithUnredactedMetadata("Private-Token")},
		})
		if _, err := v.stub.UnaryCall(metadata.AppendToOutgoingContext(testContext(t), pairs...), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		client, server := v.pair(t)
		for key, value := range want {
			if got := server.Map()[key]; got != value {
				t.Errorf("server: %s = %s, want %s", key, got, value)
			}
			if key == "rpc.request.metadata.private-token" {
				value = `["` + sentinel + `"]`
			}
			if got := client.Map()[key]; got != value {
				t.Errorf("client: %s = %s, want %s", key, got, value)
			}
		}
	})
}
