package otlp_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/otlp"
	"github.com/spanroute/spanroute/registry"
)

// Without spanroute.Start, an application can open the exporter itself and hand it to any tracer provider.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Method, r.URL.Path, string(body[:17]))
	}))
	defer server.Close()

	var exporters registry.Registry
	if err := exporters.Register(otlp.Factory); err != nil {
		fmt.Println(err)
	}
	open, err := exporters.Prepare("otlp", map[string]any{"protocol": "http/json", "endpoint": server.URL + "/v1/traces"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	exporter, err := open(ctx, registry.BuildContext{Delivery: delivery.Options{Logger: slog.Default()}, Source: func(string) string { return "code" }})
	if err != nil {
		fmt.Println(err)
		return
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	_, span := provider.Tracer("example").Start(ctx, "work")
	span.End()
	fmt.Println(provider.Shutdown(ctx))
	// Output:
	// POST /v1/traces {"resourceSpans":
	// <nil>
}
