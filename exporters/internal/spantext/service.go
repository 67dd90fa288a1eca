package spantext

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanroute/spanroute/internal/service"
)

// ServiceKey is the resource attribute that names the service (semantic conventions 1.37.0).
const ServiceKey attribute.Key = "service.name"

// ServiceName returns the service name of a resource, which may be nil: its service.name, or
// unknown_service:<executable> where that is missing or empty. No limit cuts it.
func ServiceName(res *resource.Resource) (string, Repair) {
	v, ok := res.Set().Value(ServiceKey)
	if !ok {
		return UnknownService(), 0
	}
	if v.Type() != attribute.STRING {
		text, r := AppendValue(nil, v, 0)
		return orUnknown(string(text)), r
	}
	name, r := Clean(v.AsString())
	return orUnknown(name), r
}

func orUnknown(name string) string {
	if name == "" {
		return UnknownService()
	}
	return name
}

// UnknownService returns the name of a service without a name: unknown_service:<executable>.
func UnknownService() string { return service.Unknown() }
