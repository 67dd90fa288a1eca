package service_test

import (
	"testing"

	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanroute/spanroute/internal/service"
)

func TestUnknownIsTheNameOfTheSDK(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "")
	want, _ := resource.Default().Set().Value("service.name")
	if got := service.Unknown(); got != want.AsString() {
		t.Errorf("Unknown() = %q, want %q", got, want.AsString())
	}
}
