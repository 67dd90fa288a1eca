package zipkin_test

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/registry/registrytest"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestConformance(t *testing.T) {
	registrytest.Run(t, zipkin.Factory, map[string]any{
		"endpoint":        exportertest.Receive(t, exportertest.Accept).URL,
		"local_node_port": 8080,
		"headers":         settings.Pairs{{Name: "x-api-key", Value: "s3cret-value"}},
	})
}
