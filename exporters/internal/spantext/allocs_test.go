//go:build !race

package spantext_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

func TestCleanPathDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 1024)
	values := []attribute.Value{
		attribute.StringValue("héllo \"wörld\""), attribute.IntValue(7), attribute.BoolValue(true),
		attribute.Float64Value(0.25), {},
	}
	res := resource.NewSchemaless(attribute.String("service.name", "MySvc"))
	got := testing.AllocsPerRun(100, func() {
		for _, v := range values {
			_, _ = spantext.AppendValue(buf, v, 5)
			_, _ = spantext.AppendJSON(buf, v, 0)
			_, _ = spantext.AppendQuotedValue(buf, v, 0)
		}
		_, _ = spantext.ServiceName(res)
	})
	if got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func TestArrayCostsItsCopy(t *testing.T) {
	buf := make([]byte, 0, 1024)
	v := attribute.StringSliceValue([]string{"a", "b", "c", "d"})
	got := testing.AllocsPerRun(100, func() { _, _ = spantext.AppendValue(buf, v, 0) })
	if got > 1 {
		t.Errorf("%v allocations for an array, want the 1 of AsStringSlice", got)
	}
}
