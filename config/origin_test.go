package config_test

import (
	"strings"
	"testing"
)

func TestSourceNamesTheVariable(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, "tracing:\n\n  sample_rate: ${RATE}\n", "RATE=0.3")
	if got := cfg.Source("sample_rate"); !strings.HasSuffix(got, "tracing.yaml:3:16 via $RATE") {
		t.Errorf("Source = %s, want tracing.yaml:3:16 via $RATE", got)
	}
	for key, want := range map[string]string{"timeout": "built-in", "zipkin.url": "built-in", "nonsense": ""} {
		if got := cfg.Source(key); got != want {
			t.Errorf("Source(%s) = %q, want %q", key, got, want)
		}
	}
}
