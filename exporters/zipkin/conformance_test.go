package zipkin_test

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/registrytest"
)

func TestConformance(t *testing.T) {
	registrytest.Run(t, zipkin.Factory, map[string]any{
		"endpoint":        receive(t, accept).URL,
		"local_node_port": 8080,
		"headers":         registry.Pairs{{Name: "x-api-key", Value: "s3cret-value"}},
	})
}
