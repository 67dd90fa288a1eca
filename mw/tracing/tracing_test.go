package tracing_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/mw/tracing"
)

// A pipeline is what a program outside of this module can write.
type pipeline struct {
	provider trace.TracerProvider
	config   tracing.Instrumentation
}

func (p pipeline) TracerProvider() trace.TracerProvider      { return p.provider }
func (p pipeline) Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }
func (p pipeline) Instrumentation() tracing.Instrumentation  { return p.config }

var (
	_ mw.Tracing     = pipeline{}
	_ grpcmw.Tracing = pipeline{}
	_ mw.Tracing     = (*spanroute.Tracing)(nil)
	_ grpcmw.Tracing = (*spanroute.Tracing)(nil)
	_ tracing.Policy = (*policy.Policy)(nil)
	_ tracing.Policy = tracing.NoRules{}
)

// rules are a policy with only the methods that a program needs.
type rules struct{ tracing.NoRules }

func (rules) ExcludesPath(path string) bool    { return path == "/health" }
func (rules) ExcludesRPC(method string) bool   { return method == "/grpc.health.v1.Health/Check" }
func (rules) RedactsQueryKey(name string) bool { return name == "mine" }

// started keeps the number of attributes that a sampler sees.
type started struct{ attributes []int }

func (s *started) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	s.attributes = append(s.attributes, len(p.Attributes))
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
}
func (*started) Description() string { return "started" }

func TestPipelineOfAProgram(t *testing.T) {
	var current tracing.Policy // none at first
	for _, deferred := range []bool{false, true} {
		current = nil
		spans, sampler := tracetest.NewInMemoryExporter(), &started{}
		p := pipeline{
			provider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithSampler(sampler)),
			config:   tracing.Instrumentation{DeferAttributes: deferred, Policy: func() tracing.Policy { return current }},
		}
		web := mw.New(mw.With(p))(http.NotFoundHandler())
		rpc := grpcmw.UnaryServerInterceptor(grpcmw.With(p))
		for _, policy := range []tracing.Policy{nil, rules{}} {
			current = policy
			web.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/health", nil))
			web.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x?mine=1", nil))
			for _, method := range []string{"/grpc.health.v1.Health/Check", "/a.B/C"} {
				_, _ = rpc(context.Background(), nil, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) { return nil, nil })
			}
		}
		var got []string
		for _, s := range spans.GetSpans() {
			got = append(got, s.Name+" "+text(s.Attributes, "url.path")+"?"+text(s.Attributes, "url.query"))
		}
		want := []string{
			"GET /health?", "GET /x?mine=1", "grpc.health.v1.Health/Check ?", "a.B/C ?", // without a policy
			"GET /x?mine=REDACTED", "a.B/C ?",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("deferred %v: spans (-want +got):\n%s", deferred, diff)
		}
		for i, n := range sampler.attributes {
			if (n == 0) != deferred {
				t.Errorf("deferred %v: the sampler sees %d attributes of span %d", deferred, n, i)
			}
		}
	}
}

func TestZeroInstrumentation(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	p := pipeline{provider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))}
	mw.New(mw.With(p))(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/health", nil))
	if got := len(spans.GetSpans()); got != 1 {
		t.Errorf("%d spans, want 1", got)
	}
}

func text(attrs []attribute.KeyValue, key attribute.Key) string {
	for _, kv := range attrs {
		if kv.Key == key {
			return kv.Value.AsString()
		}
	}
	return ""
}
