package grpcmw_test

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/instrumentation"
)

const (
	callerState = "vendor=1,other=2"
	callerBag   = "tenant=t1"
)

// TestCallersContextGoesOn calls a traced server whose handler makes a call through a traced client, and looks at what
// arrives behind it. The trace id, the tracestate and the baggage of the caller must be there whether or not a span is
// recorded.
func TestCallersContextGoesOn(t *testing.T) {
	t.Run("spanroute's propagator", func(t *testing.T) { testCallersContext(t, instrumentation.NewW3C(true)) })
	t.Run("another propagator", func(t *testing.T) {
		testCallersContext(t, propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	})
}

func TestCallersContextGoesOnWithAnUnknownSpanKey(t *testing.T) {
	grpcmw.WithoutSpanKey(func() { t.Run("propagators", TestCallersContextGoesOn) })
}

func testCallersContext(t *testing.T, p propagation.TextMapPropagator) {
	tests := []struct {
		name, flags string
		provider    trace.TracerProvider // nil: the recorder's
		server      []grpcmw.ServerOption
		client      []grpcmw.ClientOption
		wantFlags   string
	}{
		{name: "sampled", flags: "01", wantFlags: "01"},
		{name: "unsampled by the caller", flags: "00", wantFlags: "00"},
		{name: "unsampled by the service", flags: "01", provider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), wantFlags: "00"},
		{name: "without an SDK", flags: "01", provider: noop.NewTracerProvider(), wantFlags: "01"},
		{name: "excluded at the server", flags: "01", server: []grpcmw.ServerOption{grpcmw.WithExclude(func(string) bool { return true })}, wantFlags: "00"},
		{name: "excluded at the client", flags: "01", client: []grpcmw.ClientOption{grpcmw.WithExclude(func(string) bool { return true })}, wantFlags: "00"},
	}
	propagator := grpcmw.WithPropagator(p)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, w way) {
				var arrived metadata.MD
				backend := newWorld(t, w, setup{service: &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
					arrived, _ = metadata.FromIncomingContext(ctx)
					return &testgrpc.SimpleResponse{}, nil
				}}, clientOptions: append(shared(propagator, tt.provider), tt.client...)})
				front := newWorld(t, w, setup{service: &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
					wantInContext(t, ctx)
					return backend.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{})
				}}, serverOptions: append(sharedByServer(propagator, tt.provider), tt.server...)})
				ctx := metadata.AppendToOutgoingContext(testContext(t),
					"traceparent", "00-"+callerTrace+"-"+callerSpan+"-"+tt.flags, "tracestate", callerState, "baggage", callerBag)
				if _, err := testgrpc.NewTestServiceClient(front.plain).UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
					t.Fatal(err)
				}

				parent := strings.Join(arrived["traceparent"], " ")
				if !strings.HasPrefix(parent, "00-"+callerTrace+"-") || !strings.HasSuffix(parent, "-"+tt.wantFlags) {
					t.Errorf("traceparent = %q, want the trace %s with flags %s", parent, callerTrace, tt.wantFlags)
				}
				if got := strings.Join(arrived["tracestate"], " "); got != callerState {
					t.Errorf("tracestate = %q, want %q", got, callerState)
				}
				if got := strings.Join(arrived["baggage"], " "); got != callerBag {
					t.Errorf("baggage = %q, want %q", got, callerBag)
				}
			})
		})
	}
}

func shared(propagator grpcmw.Option, p trace.TracerProvider) []grpcmw.ClientOption {
	if p == nil {
		return []grpcmw.ClientOption{propagator}
	}
	return []grpcmw.ClientOption{propagator, grpcmw.WithTracerProvider(p)}
}

func sharedByServer(propagator grpcmw.Option, p trace.TracerProvider) []grpcmw.ServerOption {
	if p == nil {
		return []grpcmw.ServerOption{propagator}
	}
	return []grpcmw.ServerOption{propagator, grpcmw.WithTracerProvider(p)}
}

// wantInContext checks that a handler finds the caller's context.
func wantInContext(t *testing.T, ctx context.Context) {
	t.Helper()
	sc := trace.SpanContextFromContext(ctx)
	if sc.TraceID().String() != callerTrace || sc.TraceState().String() != callerState {
		t.Errorf("the handler's span context is %v with %q, want the trace %s with %q", sc.TraceID(), sc.TraceState(), callerTrace, callerState)
	}
	if got := baggage.FromContext(ctx).String(); got != callerBag {
		t.Errorf("the handler's baggage is %q, want %q", got, callerBag)
	}
}
