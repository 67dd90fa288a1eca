package all_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	_ "github.com/spanroute/spanroute/exporters/all"
	"github.com/spanroute/spanroute/registry"
)

func TestEveryExporterIsRegistered(t *testing.T) {
	t.Parallel()
	want := []string{"console", "jaeger", "memory", "otlp", "zipkin"}
	if diff := cmp.Diff(want, registry.Default().Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for alias, name := range map[string]string{"stdout": "console", "in_memory": "memory", "Zipkin": "zipkin"} {
		if d, err := registry.Default().Describe(alias); err != nil || d.Name != name {
			t.Errorf("Describe(%q) = %q, %v, want %q", alias, d.Name, err, name)
		}
	}
}
