package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/corpus"
)

// FuzzLoad: no bytes make Load panic or take a second, and every position is inside the file.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "tracing: {}", section(secretFile), section(onOTLP + "otlp: {grpc: {headers: [[a, b], c]}}"),
		"a: &a {b: *a}", "tracing: [", "tracing:\n\t- x", "\ufefftracing: {timeout: 0}", "tracing: {<<: {a: 1}, timeout: ${X}}",
		"tracing: !!binary x", "--- a\n--- b", "tracing: \"\\u0000\"", "tracing:\n  service_name: |\n    a\n    b\n", "? [a]\n: b\n",
		"api_server: {tracing: {type: zipkin}}\r\ntracing: {type: jaeger}\r", bomb(), "tracing: {excluded_urls: ['(', a, ~]}",
	} {
		corpus.Add(f, seed)
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "tracing.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var cfg *config.Config
		var ds config.Diagnostics
		took := spent(func() {
			cfg, ds = config.Diagnose(config.Sources{Files: []string{path}, Environ: []string{"X=1"}, Registry: builtin})
		})
		if took > time.Second {
			t.Errorf("%d bytes take %v, want under 1 s", len(data), took)
		}
		for _, d := range ds {
			inside(t, data, d)
		}
		var b strings.Builder
		if err := ds.WriteText(&b, false); err != nil {
			t.Fatal(err)
		}
		if cfg == nil {
			return
		}
		text := printed(t, cfg)
		if _, again := config.Diagnose(config.Sources{Files: []string{path}, Environ: []string{"X=1"}, Registry: builtin}); again.Error() != ds.Error() {
			t.Errorf("two loads differ:\n%s\n%s", ds, again)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		second, again := config.Diagnose(config.Sources{Files: []string{path}, Environ: []string{"X=1"}, Registry: builtin})
		if second == nil {
			t.Fatalf("what was printed does not load:\n%s\n%s", text, again)
		}
		if twice := printed(t, second); twice != text {
			t.Errorf("printed\n%s\nthen\n%s", text, twice)
		}
	})
}

// inside fails unless d's places are within data.
func inside(t *testing.T, data []byte, d config.Diagnostic) {
	t.Helper()
	ends := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
	lines := strings.Split(ends.Replace(string(data)), "\n")
	for _, s := range append([]config.Origin{d.Origin}, d.Related...) {
		if s.Layer != config.LayerFile || s.Line == 0 {
			continue
		}
		if s.Line > len(lines) || s.Column < 1 {
			t.Fatalf("%s: line %d of %d in %q", d.Error(), s.Line, len(lines), data)
		}
		if s.Column > utf8.RuneCountInString(lines[s.Line-1])+1 {
			t.Fatalf("%s: column %d of %q in %q", d.Error(), s.Column, lines[s.Line-1], data)
		}
	}
}
