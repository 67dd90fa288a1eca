package config_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestSourceNamesTheVariable(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, "tracing:\n\n  sample_rate: ${RATE}\n", "RATE=0.3")
	if got := cfg.Source("sample_rate"); !strings.HasSuffix(got, "tracing.yaml:3:16 via $RATE") {
		t.Errorf("15 Source = %s, want tracing.yaml:3:16 via $RATE", got)
	}
	for key, want := range map[string]string{"timeout": "built-in", "zipkin.url": "built-in", "nonsense": ""} {
		if got := cfg.Source(key); got != want {
			t.Errorf("Source(%s) = %q, want %q", key, got, want)
		}
	}
}

type clash struct {
	C string `koanf:"c" doc:"one"`
}

type clashing struct {
	BC string `koanf:"b_c" doc:"two"`
}

// Two keys whose variables would have one name are a fault of the table, which no file can cause.
func TestTwoKeysWithOneVariable(t *testing.T) {
	t.Parallel()
	r := new(registry.Registry)
	for _, f := range []registry.Factory{
		registry.NewFactory("a_b", nil, discard[clash]), registry.NewFactory("a", nil, discard[clashing]),
	} {
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	_, ds := config.Check(config.Sources{Environ: []string{}, Registry: r})
	wantKinds(t, ds, config.ErrConflict)
}

func discard[S any](context.Context, registry.BuildContext, S) (sdktrace.SpanExporter, error) {
	return tracetest.NewNoopExporter(), nil
}

func TestExporterCalledLikeAKey(t *testing.T) {
	t.Parallel()
	r := new(registry.Registry)
	if err := r.Register(registry.NewFactory("sampling", nil, discard[clash])); err != nil {
		t.Fatal(err)
	}
	_, ds := config.Check(config.Sources{Environ: []string{}, Registry: r})
	wantKinds(t, ds, config.ErrConflict)
}

// Load keeps nothing of the maps that code gives it.
func TestCodeLayersAreCopied(t *testing.T) {
	t.Parallel()
	attributes := map[string]any{"a": "1"}
	list := []string{"/x"}
	s := config.Sources{Environ: []string{}, Registry: kit, Defaults: map[string]any{"resource_attributes": attributes, "excluded_paths": list}}
	first, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	first.ExcludedPaths[0], first.ResourceAttributes[0].Value = "/polluted", "polluted"
	second, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	if second.ExcludedPaths[0] != "/x" || second.ResourceAttributes[0].Value != "1" || list[0] != "/x" {
		t.Errorf("the second load sees %v and %v", second.ExcludedPaths, second.ResourceAttributes)
	}
}

func TestResourceAttributesMerge(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, section("resource_attributes: {a: 1, b: 2}"), "OTEL_RESOURCE_ATTRIBUTES=b=3", "SPANROUTE_RESOURCE_ATTRIBUTES=c=4")
	want := settings.Pairs{{Name: "a", Value: "1"}, {Name: "b", Value: "3"}, {Name: "c", Value: "4"}}
	if !slices.Equal(cfg.ResourceAttributes, want) {
		t.Errorf("attributes %v, want %v", cfg.ResourceAttributes, want)
	}
}

// Loads run side by side, with one registry or another.
func TestLoadConcurrently(t *testing.T) {
	t.Parallel()
	s := []config.Sources{
		{Files: []string{write(t, tenLines)}, Environ: []string{}, Registry: kit},
		{Files: []string{write(t, section("lines: {path: x}"))}, Environ: []string{}, Registry: withPlugin(t)},
	}
	done := make(chan error)
	for i := range 8 {
		go func() {
			_, err := config.Load(s[i%2])
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
