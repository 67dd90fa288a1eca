package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/sampling"
)

// An Explanation describes a key's effective value, its origin, and the values it overrides.
//
// A value that spanroute completed, such as an endpoint without a path, is shown completed, with the origin of the
// value that was written. The default of a key that no layer sets has the origin built-in.
type Explanation struct {
	Key    string
	Value  string // as text, secrets masked; empty when unset
	Origin Origin
	Hides  []Hidden // highest layer first
}

// Hidden is a value that another one overrides.
type Hidden struct {
	Origin Origin
	Value  string // as text, secrets masked
	Joined bool   // higher values add to it instead: resource_attributes
}

// String returns the explanation as several lines, each with its line end.
func (x Explanation) String() string {
	var b strings.Builder
	value := x.Value
	if value == "" {
		value = "(unset)"
	}
	fmt.Fprintf(&b, "%s = %s\n  from  %s\n", x.Key, value, x.Origin)
	for _, h := range x.Hides {
		verb := "hides"
		if h.Joined {
			verb = "joins"
		}
		fmt.Fprintf(&b, "  %s %s = %s\n", verb, h.Origin, h.Value)
	}
	return b.String()
}

// Explain returns where the value of key comes from and what it overrides. The key is a path from the section, canonical or
// an alias. It is false for a key that does not exist, and for a Config that [Load] did not make.
func (c *Config) Explain(key string) (Explanation, bool) {
	if c.origins == nil {
		return Explanation{}, false
	}
	k, _ := c.origins.table.Lookup(strings.TrimPrefix(key, "tracing."))
	if k == nil {
		return Explanation{}, false
	}
	return c.explain(k), true
}

// explain reads the stack of k: its top is the effective entry, the others are overridden. Values that a more general
// key removed come after them.
func (c *Config) explain(k *keytable.Key) Explanation {
	m := c.origins.merged
	x := Explanation{Key: k.Path, Value: c.effective(k)}
	stack := slices.Clone(m.stacks[k.Path])
	if e := m.effective("sampling.sampler"); e != nil && e.origin.reason != "" && k.Format == "rate" {
		x.Value, x.Origin = "1", e.origin // the sampler keeps every trace that begins here
	}
	if n := len(stack); k.Format == "rate" && sampling.IsRemote(c.Sampling.Sampler) {
		x.Value, x.Origin = c.remoteRate()
	} else if n > 0 {
		x.Origin = stack[n-1].origin
		stack = stack[:n-1]
	} else if e := m.selectedBy(k); e != nil && (x.Value != "" || k.Format == "timeout") {
		x.Origin = e.origin
	}
	stack = append(slices.Clone(m.cleared[k.Path]), stack...)
	for _, e := range slices.Backward(stack) {
		x.Hides = append(x.Hides, Hidden{
			Origin: e.origin, Value: shownValue(k, e.value, e.origin.Via), Joined: k.Format == "attributes",
		})
	}
	x.Value = secret.Redact(x.Value, c.origins.secrets...)
	for i := range x.Hides {
		x.Hides[i].Value = secret.Redact(x.Hides[i].Value, c.origins.secrets...)
	}
	return x
}

// effective returns the value in force as text: the completed value, else the one that was set, else the default. A
// secret is masked in each of these cases.
func (c *Config) effective(k *keytable.Key) string {
	if k.Exporter == "" {
		value := commonSchema.Values(c)[k.Path]
		if v, ok := value.(int); ok && v < 0 {
			return "no limit"
		}
		via := ""
		if e := c.origins.merged.effective(k.Path); e != nil {
			via = e.origin.Via
		}
		return shownValue(k, value, via)
	}
	if k.Format == "timeout" {
		if x, ok := c.Exporters[k.Exporter]; ok {
			return shownValue(k, x.Timeout, "")
		}
	}
	e := c.origins.merged.effective(k.Path)
	if value, ok := c.origins.merged.values[k.Path]; ok && e != nil {
		return shownValue(k, value, e.origin.Via)
	} else if ok { // completed
		return shownValue(k, value, "")
	}
	if e != nil { // set, and taken out because nothing uses it
		return shownValue(k, e.value, e.origin.Via)
	}
	if k.Default == nil {
		return ""
	}
	return shownValue(k, k.Default, "")
}

// Keys returns the keys that some layer sets, in the order of the documentation.
func (c *Config) Keys() []string {
	if c.origins == nil {
		return nil
	}
	return c.origins.merged.paths(c.origins.table)
}

// Ignored returns the OTEL_* variables that were not used, with the reasons.
func (c *Config) Ignored() Diagnostics {
	if c.origins == nil {
		return nil
	}
	return slices.Clone(c.origins.ignored)
}

// Source returns where the value of key comes from: "tracing.yaml:3:16", "SPANROUTE_TIMEOUT", "built-in". The key is
// a path from the section, canonical or an alias; one that does not exist is "".
func (c *Config) Source(key string) string {
	if c.origins == nil {
		if _, _, known := commonSchema.Lookup(key); known {
			return "built-in"
		}
		return ""
	}
	x, ok := c.Explain(key)
	if !ok {
		return ""
	}
	return x.Origin.String()
}
