package jaeger_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spanroute/spanroute/exporters/delivery"
	_ "github.com/spanroute/spanroute/exporters/jaeger"
	"github.com/spanroute/spanroute/registry"
)

// A program without a configuration file opens the exporter by itself. Nothing is dialled until the
// first span ends.
func Example() {
	open, err := registry.Default().Prepare("jaeger", map[string]any{
		"protocol":           "grpc",
		"collector_endpoint": "http://localhost:14250",
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	exporter, err := open(ctx, registry.BuildContext{Delivery: delivery.Options{Logger: slog.Default()}})
	if err != nil {
		panic(err)
	}
	fmt.Println(exporter.Shutdown(ctx))
	// Output: <nil>
}

// A fault names the key and what to do.
func Example_mistake() {
	_, err := registry.Default().Prepare("jaeger", map[string]any{
		"thrift": map[string]any{"agent_prot": 6831},
	})
	fmt.Println(err)
	// Output: thrift.agent_prot: unknown key; did you mean "agent_port"?
}
