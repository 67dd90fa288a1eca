package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// header is a propagator that writes one header.
type header string

func (h header) Inject(_ context.Context, c propagation.TextMapCarrier) { c.Set(string(h), "1") }
func (header) Extract(ctx context.Context, _ propagation.TextMapCarrier) context.Context {
	return ctx
}
func (h header) Fields() []string { return []string{string(h)} }

func newHeader() propagation.TextMapPropagator { return header("x-trace") }

func withPropagators(t *testing.T, names ...string) *registry.Registry {
	t.Helper()
	var r registry.Registry
	for _, name := range names {
		if err := r.RegisterPropagator(name, newHeader); err != nil {
			t.Fatal(err)
		}
	}
	return &r
}

func TestPropagatorsByName(t *testing.T) {
	r := withPropagators(t, "Zed", "company")
	if diff := cmp.Diff([]string{"tracecontext", "baggage", "company", "zed"}, r.PropagatorNames()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if len(r.Names()) != 0 {
		t.Errorf("exporters %q, want none: the names are separate", r.Names())
	}
	for name, want := range map[string]propagation.TextMapPropagator{
		"tracecontext": propagation.TraceContext{}, "TraceContext": propagation.TraceContext{},
		"baggage": propagation.Baggage{}, "company": header("x-trace"), "ZED": header("x-trace"),
	} {
		if got, err := r.Propagator(name); got != want || err != nil {
			t.Errorf("Propagator(%q) = %T, %v, want %T", name, got, err, want)
		}
	}
	if err := r.Register(factory("company")); err != nil {
		t.Errorf("an exporter with the name of a propagator: %v", err)
	}
}

func TestPropagatorsThatCannotWork(t *testing.T) {
	none := func() propagation.TextMapPropagator { return nil }
	var texts goldentext.Rows
	for _, tt := range []struct {
		name, propagator string
		new              func() propagation.TextMapPropagator
		is               error
	}{
		{"an empty name", "", newHeader, registry.ErrInvalid},
		{"a name with a dash", "x-trace", newHeader, registry.ErrInvalid},
		{"the name none", "None", newHeader, registry.ErrInvalid},
		{"no function", "company", nil, registry.ErrInvalid},
		{"a name that is taken", "TAKEN", none, registry.ErrDuplicate},
		{"a built-in name", "tracecontext", none, registry.ErrDuplicate},
	} {
		r := withPropagators(t, "taken")
		err := r.RegisterPropagator(tt.propagator, tt.new)
		texts.AddError(t, tt.name, err)
		if !errors.Is(err, tt.is) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.is)
		}
		if got := len(r.PropagatorNames()); got != 3 {
			t.Errorf("%s: registered in spite of the error", tt.name)
		}
	}
	for name, create := range map[string]func() propagation.TextMapPropagator{
		"nil": none, "typed nil": func() propagation.TextMapPropagator { return (*pointerPropagator)(nil) },
		"panic": func() propagation.TextMapPropagator { panic("no headers") },
	} {
		var r registry.Registry
		if err := r.RegisterPropagator("company", create); err != nil {
			t.Fatal(err)
		}
		p, err := r.Propagator("company")
		if p != nil || err == nil {
			t.Errorf("%s: Propagator = %v, %v, want an error", name, p, err)
		}
	}
	texts.Check(t)
}

type pointerPropagator struct{ header }

func TestUnknownPropagatorsGetTheKnownOnes(t *testing.T) {
	all := withPropagators(t, "b3", "b3multi", "jaeger", "ottrace", "xray")
	var texts goldentext.Rows
	for _, tt := range []struct {
		r    *registry.Registry
		name string
		kind settings.Kind
	}{
		{all, "b33", settings.ErrUnknownValue},
		{all, "trace_context", settings.ErrUnknownValue},
		{all, "datadog", settings.ErrUnknownValue},
		{all, "none", settings.ErrUnknownValue},
		{new(registry.Registry), "jaegr", settings.ErrUnknownValue},
		{new(registry.Registry), "Jaeger", settings.ErrUnsupported},
		{new(registry.Registry), "b3multi", settings.ErrUnsupported},
		{new(registry.Registry), "xray", settings.ErrUnsupported},
		{new(registry.Registry), "ottrace", settings.ErrUnsupported},
	} {
		p, err := tt.r.Propagator(tt.name)
		texts.AddError(t, fmt.Sprintf("%q of %q", tt.name, tt.r.PropagatorNames()), err)
		if p != nil || !errors.Is(err, registry.ErrUnknown) || !errors.Is(err, tt.kind) {
			t.Errorf("%q: %v, %v, want ErrUnknown and %s", tt.name, p, err, tt.kind)
		}
	}
	texts.Check(t)
}

func TestPackagesOfPropagators(t *testing.T) {
	const parent = "github.com/spanroute/spanroute/registry/propagators/"
	want := map[string]string{
		"b3": parent + "b3", "b3multi": parent + "b3", "jaeger": parent + "jaeger", "xray": parent + "xray", "ottrace": parent + "ottrace",
	}
	if diff := cmp.Diff(want, registry.PropagatorPackages()); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestDefaultRegistryPanicsOnADuplicatePropagator(t *testing.T) {
	defer func() {
		if r := recover(); r != `spanroute: propagator "baggage" is already registered` {
			t.Errorf("panic %v", r)
		}
	}()
	registry.RegisterPropagator("baggage", newHeader)
}
