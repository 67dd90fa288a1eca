package spanroute_test

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

// counted are settings that count how often they are validated.
type counted struct {
	Path string `koanf:"path" doc:"a path"`
}

var validated int

func (counted) Validate() error { validated++; return nil }

// Start checks only the settings that a program has changed after Load.
func TestStartChecksOnlyChangedSettings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(settings map[string]any)
		path   string // that build receives
		checks int
	}{
		{"unchanged", func(map[string]any) {}, "loaded", 1},
		{"another value", func(s map[string]any) { s["path"] = "changed" }, "changed", 2},
		{"a key removed", func(s map[string]any) { delete(s, "path") }, "", 2},
	} {
		var r registry.Registry
		var built []string
		build := func(_ context.Context, _ registry.BuildContext, s counted) (sdktrace.SpanExporter, error) {
			built = append(built, s.Path)
			return tracetest.NewNoopExporter(), nil
		}
		if err := r.Register(registry.NewFactory("counted", nil, build)); err != nil {
			t.Fatal(err)
		}
		validated = 0
		cfg, err := config.Load(config.Sources{Environ: []string{}, Registry: &r, Overrides: map[string]any{
			"exporter_type": "counted", "sample_rate": 1, "counted": map[string]any{"path": "loaded"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		tt.change(cfg.Exporters["counted"].Settings)
		tracing, err := spanroute.Start(t.Context(), cfg)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		_ = tracing.Shutdown(context.Background())
		if validated != tt.checks || len(built) != 1 || built[0] != tt.path {
			t.Errorf("%s: %d checks, built with %q, want %d and %q", tt.name, validated, built, tt.checks, tt.path)
		}
	}
}
