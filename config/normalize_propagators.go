package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// normalizePropagators replaces names by the registered ones, without repetitions. Other names than none cannot be
// combined with none; in OTEL_* variables none takes precedence, and unknown names are ignored.
func normalizePropagators(t *keytable.Table, r *report, e *entry) bool {
	names, ok, none := []string{}, true, false
	for i, written := range e.value.([]string) {
		name := strings.ToLower(written)
		switch err := propagatorFault(t, written); {
		case name == "none":
			none = true
		case err != nil:
			r.refuse(e, e.item(i), err)
			ok = ok && e.ofOTel()
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	if none && len(names) > 0 && !e.ofOTel() {
		r.refuse(e, e.origin, settings.Errorf(ErrConflict, "%q cannot be combined with %s", "none", phrase.Words(names, "and")).WithHint("remove one"))
		return false
	}
	if none {
		names = []string{}
	} else if len(names) == 0 && e.ofOTel() {
		r.warn(WarnIgnored, e, e.origin, "none of the propagators is available", "the variable is ignored ("+availablePropagators(t)+")")
	}
	e.value = names
	return ok && (len(names) > 0 || none || !e.ofOTel())
}

// propagatorFault returns the fault of a name that is not registered, nil for a registered one.
func propagatorFault(t *keytable.Table, written string) error {
	name, packages := strings.ToLower(written), registry.PropagatorPackages()
	if slices.Contains(t.Propagators, name) {
		return nil
	}
	if importPath := packages[name]; importPath != "" {
		return settings.Errorf(ErrUnsupported, "propagator %s is not linked into this program", phrase.Quote(name)).
			WithHint("import " + importPath + " or registry/propagators/all")
	}
	fault := settings.Errorf(ErrUnknownValue, "unknown propagator %s", phrase.Quote(written))
	known := slices.Concat(t.Propagators, []string{"none"}, slices.Sorted(maps.Keys(packages)))
	if hint := phrase.DidYouMean(name, known); hint != "" {
		return fault.WithHint(hint + " (" + availablePropagators(t) + ")")
	}
	return noSimilarName{fault.WithHint(availablePropagators(t))}
}

// availablePropagators lists the registered propagators, for hints.
func availablePropagators(t *keytable.Table) string {
	return "available: " + strings.Join(t.Propagators, ", ") + ", none"
}
