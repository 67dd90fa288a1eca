package sampling

import (
	"errors"
	"slices"
	"time"

	"github.com/spanroute/spanroute/internal/glob"
	"github.com/spanroute/spanroute/registry/settings"
)

// A Rule decides about new traces that match all of its fields. The fields of a match describe the local root, or, with Span,
// any span of the local trace. In a list, one item must match; patterns are globs, in which * stands for any
// characters. A rule needs one field of a match, and one action.
//
// A rule is decided when the local root starts, if the fields that it has are known then: Path, Method, RPC, Kind, Header
// and Attributes that are set at the start. Span, Status, SlowerThan, and a Route that the router finds later, are
// decided when the span ends; the sampled flag that callees receive is then that of the rate.
type Rule struct {
	Name string `koanf:"name" doc:"name in the attribute spanroute.sampling.rule; unset: rule-<number>"`

	Path       []string          `koanf:"path" doc:"globs over the path of an HTTP request"`
	Route      []string          `koanf:"route" doc:"globs over the route of an HTTP request"`
	Method     []string          `koanf:"method" doc:"HTTP methods"`
	RPC        []string          `koanf:"rpc" doc:"globs over the gRPC method, as /pkg.Service/Method"`
	Span       []string          `koanf:"span" doc:"globs over the name of any span"`
	Kind       []string          `koanf:"kind" enum:"server,client,producer,consumer,internal" doc:"kinds of the span"`
	Header     map[string]string `koanf:"header" doc:"globs over values of request headers or metadata, by name"`
	Attributes map[string]string `koanf:"attributes" doc:"globs over values of attributes, by name"`
	Status     string            `koanf:"status" enum:"error,ok,unset" doc:"status of the span at its end"`
	SlowerThan time.Duration     `koanf:"slower_than" range:"0.." doc:"minimum duration of the span"`

	Rate  *float64 `koanf:"rate" range:"0..1" doc:"share of the traces to keep"`
	Keep  bool     `koanf:"keep" doc:"true: rate 1"`
	Drop  bool     `koanf:"drop" doc:"true: rate 0"`
	Limit float64  `koanf:"limit" range:"0.." doc:"bound of what the rule keeps, in traces per second; 0: none"`
}

// Validate returns a fault for a rule without a field of a match, and one without exactly one action.
func (r *Rule) Validate() error {
	var faults []error
	if r.matchesAll() {
		faults = append(faults, &settings.KeyError{Err: settings.Errorf(settings.ErrMissing, "the rule matches everything").
			WithHint("set path, route, method, rpc, span, kind, header, attributes, status or slower_than, or use sample_rate")})
	}
	actions := 0
	for _, set := range []bool{r.Rate != nil, r.Keep, r.Drop} {
		if set {
			actions++
		}
	}
	switch {
	case actions == 0 && r.Limit == 0:
		faults = append(faults, &settings.KeyError{Err: settings.Errorf(settings.ErrMissing, "the rule has no action").WithHint("set rate, keep, drop or limit")})
	case actions > 1:
		faults = append(faults, &settings.KeyError{Err: settings.Errorf(settings.ErrConflict, "rate, keep and drop exclude one another").WithHint("keep one")})
	case r.Drop && r.Limit > 0:
		faults = append(faults, &settings.KeyError{Key: "limit", Err: settings.Errorf(settings.ErrConflict, "conflicts with drop").WithHint("keep one")})
	}
	return errors.Join(faults...)
}

func (r *Rule) matchesAll() bool {
	return len(r.Path)+len(r.Route)+len(r.Method)+len(r.RPC)+len(r.Span)+len(r.Kind)+len(r.Header)+len(r.Attributes) == 0 &&
		r.Status == "" && r.SlowerThan == 0
}

// rate returns the share of traces that the rule keeps.
func (r *Rule) rate() float64 {
	switch {
	case r.Drop:
		return 0
	case r.Rate != nil:
		return *r.Rate
	}
	return 1
}

// Covers reports whether r matches all that other matches, so that other never decides if r comes first.
func (r *Rule) Covers(other *Rule) bool {
	if (len(r.Span) > 0) != (len(other.Span) > 0) || r.Status != "" && r.Status != other.Status || r.SlowerThan > other.SlowerThan {
		return false
	}
	lists := [][2][]string{
		{r.Path, other.Path}, {r.Route, other.Route}, {r.Method, other.Method}, {r.RPC, other.RPC}, {r.Span, other.Span}, {r.Kind, other.Kind},
	}
	for _, l := range lists {
		if len(l[0]) > 0 && (len(l[1]) == 0 || slices.ContainsFunc(l[1], func(item string) bool { return !anyGlob(l[0], item) })) {
			return false
		}
	}
	for _, m := range [][2]map[string]string{{r.Header, other.Header}, {r.Attributes, other.Attributes}} {
		for name, pattern := range m[0] {
			if value, ok := m[1][name]; !ok || !glob.Match(pattern, value) {
				return false
			}
		}
	}
	return true
}
