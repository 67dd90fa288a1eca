// Package examples_test runs every Go example and loads every file beside them.
package examples_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
)

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return files
}

func documents(t *testing.T, file string) (docs []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var doc map[string]any
		switch err := decoder.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return docs
		case err != nil:
			t.Fatalf("%s: %v", file, err)
		}
		docs = append(docs, doc)
	}
}

// path walks nested maps and returns nil for a missing key.
func path(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func list(v any) []any { l, _ := v.([]any); return l }

func text(v any) string { s, _ := v.(string); return s }

// load returns the configuration of file under the given variables; it must not have warnings.
func load(t *testing.T, file string, environ ...string) *config.Config {
	t.Helper()
	cfg, err := config.Load(config.Sources{Files: []string{file}, Environ: environ})
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, warning := range cfg.Warnings {
		t.Errorf("%s: %v", file, warning)
	}
	if want := []string{"/readyz", "/livez", "/healthz", "/metrics"}; !gocmp.Equal(cfg.ExcludedPaths, want) || len(cfg.ExcludedURLs) > 0 {
		t.Errorf("%s: excludes the paths %q and searches for %q, want the paths %q alone", file, cfg.ExcludedPaths, cfg.ExcludedURLs, want)
	}
	return cfg
}

func TestConfigFilesLoad(t *testing.T) {
	want := map[string]string{"jaeger/tracing.yaml": "jaeger", "zipkin/tracing.yaml": "zipkin", "collector/tracing.yaml": "otlp"}
	for _, file := range glob(t, "*/tracing.yaml") {
		cfg := load(t, file, []string{}...)
		if got := cfg.ExporterTypes; !gocmp.Equal(got, []string{want[file]}) || cfg.Sampling.SampleRate != 1 {
			t.Errorf("%s: exporters %v at rate %v", file, got, cfg.Sampling.SampleRate)
		}
	}
}

// pinned matches an image with a version. "latest" is not a version.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9]+(\.[0-9]+)+$`)

func TestComposeFiles(t *testing.T) {
	want := map[string]struct {
		keys []string
		to   any
	}{
		"jaeger/compose.yaml":    {[]string{"thrift", "agent_host_name"}, "jaeger"},
		"zipkin/compose.yaml":    {[]string{"endpoint"}, "http://zipkin:9411/api/v2/spans"},
		"collector/compose.yaml": {[]string{"endpoint"}, "http://collector:4317"},
	}
	for _, file := range glob(t, "*/compose.yaml") {
		docs := documents(t, file)
		services, _ := docs[0]["services"].(map[string]any)
		for name, service := range services {
			image, build := text(path(service, "image")), path(service, "build")
			if build == nil && !pinned.MatchString(image) {
				t.Errorf("%s: %s runs %q, want a pinned image", file, name, image)
			}
			checkMajor(t, file, image)
			checkComposeService(t, file, name, service)
			for _, other := range list(path(service, "depends_on")) {
				if _, ok := services[text(other)]; !ok {
					t.Errorf("%s: %s depends on %v, which is not a service", file, name, other)
				}
			}
			for _, volume := range list(path(service, "volumes")) {
				source, _, _ := strings.Cut(text(volume), ":")
				if _, err := os.Stat(filepath.Join(filepath.Dir(file), source)); err != nil {
					t.Errorf("%s: %s: %v", file, name, err)
				}
			}
		}
		if dockerfile := text(path(services["quickstart"], "build", "dockerfile")); dockerfile != "" {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), text(path(services["quickstart"], "build", "context")), dockerfile)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		var environ []string
		for name, value := range path(services["quickstart"], "environment").(map[string]any) {
			environ = append(environ, name+"="+text(value))
		}
		cfg := load(t, filepath.Join(filepath.Dir(file), "tracing.yaml"), environ...)
		if got := path(cfg.Exporters[cfg.ExporterTypes[0]].Settings, want[file].keys...); got != want[file].to {
			t.Errorf("%s: the variables lead to %v = %v, want %v", file, want[file].keys, got, want[file].to)
		}
	}
}

// spansOf runs a Go example whose exporter is the console and returns its span lines.
func spansOf(t *testing.T, args ...string) (lines []map[string]any) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"run"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.String())
	}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var span map[string]any
		if err := json.Unmarshal([]byte(line), &span); err != nil {
			t.Fatalf("%v printed %q: %v", args, line, err)
		}
		lines = append(lines, span)
	}
	return lines
}

func names(spans []map[string]any) (names []string) {
	for _, span := range spans {
		names = append(names, text(span["name"])+" "+cmp.Or(text(span["kind"]), "internal"))
	}
	slices.Sort(names)
	return names
}

func TestChiExample(t *testing.T) {
	t.Parallel()
	want := []string{
		"GET /api/v1/users/{id} client", "GET /api/v1/users/{id} server", "GET /api/v1/users/{id} server",
		"GET /api/v1/users/{id}/friends server",
	}
	spans := spansOf(t, "./chi", "--once")
	if diff := gocmp.Diff(want, names(spans)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for _, span := range spans {
		if line, _ := json.Marshal(span); bytes.Contains(line, []byte("hunter2")) {
			t.Errorf("a redacted query value is in %s", line)
		}
	}
}

func TestGRPCExample(t *testing.T) {
	t.Parallel()
	want := []string{"round trip internal", "think internal"}
	for _, method := range []string{"Both", "ClientStream", "ServerStream", "Unary"} {
		want = append(want, "examples.Echo/"+method+" client", "examples.Echo/"+method+" server")
	}
	want = append(want, "grpc.health.v1.Health/Check client") // the configuration excludes server spans only
	slices.Sort(want)
	if diff := gocmp.Diff(want, names(spansOf(t, "./grpc"))); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}
