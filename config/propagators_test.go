package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

// The tests of this package link no propagator.
func TestPropagatorsOfAFile(t *testing.T) {
	runAll(t, []situation{
		{name: "the built-in ones in any case", file: "propagators: [Baggage, TraceContext, baggage]", want: values{"propagators": "baggage,tracecontext"}},
		{name: "one that is not linked", file: "propagators: [tracecontext, B3Multi]", kinds: only(config.ErrUnsupported), at: []string{"tracing.yaml:2:31: tracing.propagators:"}},
		{name: "misspelt", file: "propagators: tracecontexd", kinds: only(config.ErrUnknownValue)},
		{name: "misspelt, not linked", file: "propagators: [tracecontext, jaegr]", kinds: only(config.ErrUnknownValue)},
		{name: "without a similar name", file: "propagators: company", kinds: only(config.ErrUnknownValue)},
		{name: "several faults", file: "propagators: [b3, company, nome]", kinds: only(config.ErrUnsupported, config.ErrUnknownValue, config.ErrUnknownValue)},
		{name: "none with another", file: "propagators: [none, baggage]", kinds: only(config.ErrConflict)},
		{name: "an exporter", file: "propagators: zipkin", kinds: only(config.ErrUnknownValue)},
		{name: "in a variable of spanroute", env: []string{"SPANROUTE_PROPAGATORS=ottrace"}, kinds: only(config.ErrUnsupported)},
	})
}

// Only a name that is not similar to a known one can be that of a plugin.
func TestPropagatorsOfPluginsMatchErrUnknown(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"company": true, "b3": false, "tracecontexd": false} {
		_, ds := check(t, section("propagators: "+name))
		if got := errors.Is(ds, registry.ErrUnknown); got != want {
			t.Errorf("%s: ErrUnknown is matched: %t, want %t", name, got, want)
		}
	}
}

func TestRegisteredPropagators(t *testing.T) {
	t.Parallel()
	r := new(registry.Registry)
	load := func(env ...string) *config.Config {
		t.Helper()
		cfg, err := config.Load(config.Sources{Registry: r, Environ: env})
		if err != nil || len(cfg.Warnings) > 0 {
			t.Fatal(err, cfg.Warnings)
		}
		return cfg
	}
	load("OTEL_PROPAGATORS=baggage") // the key table must not be kept for the names that follow
	for _, name := range []string{"b3", "company"} {
		if err := r.RegisterPropagator(name, func() propagation.TextMapPropagator { return propagation.TraceContext{} }); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, env string
		want      []string
	}{
		{"the order is kept", "SPANROUTE_PROPAGATORS=company,B3,baggage", []string{"company", "b3", "baggage"}},
		{"by OTEL_PROPAGATORS, with repetitions and spaces", "OTEL_PROPAGATORS= b3 ,tracecontext,b3", []string{"b3", "tracecontext"}},
		{"none takes precedence in OTEL_PROPAGATORS", "OTEL_PROPAGATORS=b3,none", nil},
	} {
		cfg := load(tt.env)
		if len(tt.want)+len(cfg.Propagators) > 0 && !cmp.Equal(tt.want, cfg.Propagators) {
			t.Errorf("%s: %q, want %q", tt.name, cfg.Propagators, tt.want)
		}
		text := printed(t, cfg)
		again, err := config.Load(config.Sources{Registry: r, Environ: []string{}, Files: []string{write(t, text)}})
		if err != nil || printed(t, again) != text {
			t.Errorf("%s: printed\n%s\nloading it: %v", tt.name, text, err)
		}
		if x, ok := cfg.Explain("propagators"); !ok || x.Value != strings.Join(tt.want, ",") {
			t.Errorf("%s: explained as %q", tt.name, x.Value)
		}
	}
}
