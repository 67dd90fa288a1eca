package config_test

import (
	"testing"

	"github.com/spanroute/spanroute/config"
)

// The exporter memory is for programs that choose it; an operator who selects it probably loses spans.
func TestMemoryIsSuspiciousOnlyWhereAnOperatorSelectsIt(t *testing.T) {
	t.Parallel()
	code := map[string]any{"exporter_type": "memory", "sample_rate": 1}
	tests := []struct {
		name    string
		sources config.Sources
		want    int // warnings
	}{
		{"code, as a default", config.Sources{Defaults: code}, 0},
		{"code, as an override", config.Sources{Overrides: code}, 0},
		{"code, by its alias", config.Sources{Overrides: map[string]any{"exporter_type": []string{"in_memory", "console"}, "sample_rate": 1}}, 0},
		{"code over a file", config.Sources{Overrides: code, Files: []string{write(t, section("exporter_type: zipkin\nsample_rate: 1"))}}, 0},
		{"file", config.Sources{Files: []string{write(t, section("exporter_type: memory\nsample_rate: 1"))}}, 1},
		{"file over code", config.Sources{Defaults: code, Files: []string{write(t, section("exporter_type: [console, memory]"))}}, 1},
		{"variable", config.Sources{Defaults: code, Environ: []string{"SPANROUTE_EXPORTER_TYPE=memory"}}, 1},
		{"variable of OpenTelemetry", config.Sources{Defaults: code, Environ: []string{"OTEL_TRACES_EXPORTER=memory"}}, 1},
		{"flag", config.Sources{Defaults: code, Flags: func(yield func(string, string) bool) { yield("tracing.exporter-type", "memory") }}, 1},
	}
	for _, tt := range tests {
		if tt.sources.Environ == nil {
			tt.sources.Environ = []string{}
		}
		_, ds := config.Diagnose(tt.sources)
		if got := count(ds, config.WarnSuspicious); got != tt.want || len(ds.Errors()) > 0 {
			t.Errorf("%s: %d suspicious, want %d\n%s", tt.name, got, tt.want, lines(ds))
		}
	}
}
