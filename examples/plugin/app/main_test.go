package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

func TestTheProgramWritesItsSpan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spans.txt")
	err := run(t.Context(), config.Sources{
		Files:    []string{"tracing.yaml"},
		Environ:  []string{"SPANROUTE_LINES_PATH=" + path},
		Defaults: map[string]any{"sample_rate": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.HasSuffix(string(text), " \"one span\"\n") {
		t.Errorf("the file holds %q, %v", text, err)
	}
}
