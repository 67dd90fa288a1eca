package tracing_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/mw/tracing"
)

// healthChecks are rules that exclude /health.
type healthChecks struct{ tracing.NoRules }

func (healthChecks) ExcludesPath(path string) bool { return path == "/health" }

// ownPipeline is a pipeline that a program builds from the SDK.
type ownPipeline struct{ provider *sdktrace.TracerProvider }

func (p ownPipeline) TracerProvider() trace.TracerProvider    { return p.provider }
func (ownPipeline) Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }
func (ownPipeline) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{Policy: func() tracing.Policy { return healthChecks{} }}
}

func Example() {
	spans := tracetest.NewInMemoryExporter()
	p := ownPipeline{sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))}
	handler := mw.New(mw.With(p))(http.NotFoundHandler())
	for _, path := range []string{"/health", "/orders"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	fmt.Println(len(spans.GetSpans()), "span")
	// Output: 1 span
}
