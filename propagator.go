package spanroute

import (
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/registry"
)

// newPropagator returns the configured propagator. It has no effects. A propagator that reads headers later in the list
// overrides the span context of an earlier one. The order of tracecontext and baggage makes no difference.
func newPropagator(cfg *config.Config) (propagation.TextMapPropagator, error) {
	names := slices.DeleteFunc(slices.Clone(cfg.Propagators), func(name string) bool { return name == "none" })
	if onlyW3C(names) { // mw and grpcmw recognize this type
		return instrumentation.NewW3C(slices.Contains(names, "baggage")), nil
	}
	known := cfg.Registry()
	if known == nil {
		known = registry.Default()
	}
	var all []propagation.TextMapPropagator
	var errs []error
	for _, name := range names {
		p, err := known.Propagator(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("propagators: %w", err))
			continue
		}
		all = append(all, p)
	}
	if len(all) == 1 {
		return all[0], errors.Join(errs...)
	}
	return propagation.NewCompositeTextMapPropagator(all...), errors.Join(errs...)
}

// onlyW3C reports whether names are tracecontext, and perhaps baggage.
func onlyW3C(names []string) bool {
	return slices.Contains(names, "tracecontext") && !slices.ContainsFunc(names, func(name string) bool {
		return name != "tracecontext" && name != "baggage"
	})
}
