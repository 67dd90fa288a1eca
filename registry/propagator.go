package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// A newPropagator returns a propagator. It has no effects.
type newPropagator = func() propagation.TextMapPropagator

// builtInPropagators are the propagators that every registry has: those that the OpenTelemetry API contains.
var builtInPropagators = []struct {
	name string
	new  newPropagator
}{
	{"tracecontext", func() propagation.TextMapPropagator { return propagation.TraceContext{} }},
	{"baggage", func() propagation.TextMapPropagator { return propagation.Baggage{} }},
}

var ownPropagators = catalog{"propagator", "registry/propagators/", map[string]string{
	"b3":      "b3",
	"b3multi": "b3",
	"jaeger":  "jaeger",
	"xray":    "xray",
	"ottrace": "ottrace",
}}

// PropagatorPackages returns the import paths of the packages that register the other propagators of OTEL_PROPAGATORS, by
// the name of the propagator, whether or not the program imports them.
func PropagatorPackages() map[string]string {
	paths := map[string]string{}
	for name := range ownPropagators.packages {
		paths[name] = ownPropagators.importPath(name)
	}
	return paths
}

// RegisterPropagator adds a propagator to [Default]. It is for init only, and panics if the name is registered already or
// if the propagator is invalid.
func RegisterPropagator(name string, propagator func() propagation.TextMapPropagator) {
	process.mustRegisterPropagator(name, propagator)
}

func (r *Registry) mustRegisterPropagator(name string, propagator newPropagator) {
	if err := r.RegisterPropagator(name, propagator); err != nil {
		panic("spanroute: " + err.Error())
	}
}

// RegisterPropagator adds a propagator, or returns [ErrInvalid] or [ErrDuplicate] and adds nothing. Operators select it by
// name with the key propagators. The name is case-insensitive. The names of propagators are separate from those of
// exporters.
//
// The function is called once for each start of a pipeline, and must have no effects. The result is used by all
// requests at once. The Fields of a propagator are the headers that it owns: they are removed from an outgoing request
// before Inject is called.
func (r *Registry) RegisterPropagator(name string, propagator func() propagation.TextMapPropagator) error {
	name = strings.ToLower(name)
	if fault := propagatorFault(name, propagator); fault != "" {
		return &registerError{fmt.Sprintf("propagator %q: %s", name, fault), ErrInvalid}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.propagator(name) != nil {
		return &registerError{fmt.Sprintf("propagator %q is already registered", name), ErrDuplicate}
	}
	if r.propagators == nil {
		r.propagators = map[string]newPropagator{}
	}
	r.propagators[name] = propagator
	return nil
}

// propagatorFault returns the reason why a propagator cannot be registered, "" if it can.
func propagatorFault(name string, propagator newPropagator) string {
	switch {
	case !nameSyntax.MatchString(name):
		return "the name is not of the form [a-z][a-z0-9_]*"
	case name == "none":
		return `the name "none" means no propagator`
	case propagator == nil:
		return "it has no function"
	}
	return ""
}

// propagator returns the function of a propagator, nil for an unknown name. The caller holds the lock.
func (r *Registry) propagator(name string) newPropagator {
	for _, p := range builtInPropagators {
		if p.name == name {
			return p.new
		}
	}
	return r.propagators[name]
}

// PropagatorNames returns tracecontext, baggage and the registered names, which are sorted.
func (r *Registry) PropagatorNames() []string {
	var names []string
	for _, p := range builtInPropagators {
		names = append(names, p.name)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return append(names, slices.Sorted(maps.Keys(r.propagators))...)
}

// Propagator returns a propagator by its name, case-insensitively. The error of a name that is not registered is
// [ErrUnknown].
func (r *Registry) Propagator(name string) (p propagation.TextMapPropagator, err error) {
	lower := strings.ToLower(name)
	r.mu.RLock()
	create := r.propagator(lower)
	r.mu.RUnlock()
	if create == nil {
		names := r.PropagatorNames()
		return nil, ownPropagators.unknown(name, slices.Clone(names), names)
	}
	defer func() {
		if v := recover(); v != nil {
			p, err = nil, fmt.Errorf("propagator %q: panic: %v", lower, v)
		}
	}()
	if p = create(); isNil(p) {
		return nil, fmt.Errorf("propagator %q: the function returned nil", lower)
	}
	return p, nil
}
