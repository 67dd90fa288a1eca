package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var commentedOut = regexp.MustCompile(`(?m)^( *)#(\S)`)

// The starter file of each exporter is valid, without warnings, and every setting in it is valid when its # is removed.
func TestStarterFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"zipkin":  "sends to zipkin at http://localhost:9411/api/v2/spans",
		"jaeger":  "sends to jaeger at localhost:6831 over UDP",
		"otlp":    "sends to otlp at http://localhost:4317 over gRPC",
		"OTLP":    "sends to otlp at http://localhost:4317 over gRPC",
		"console": "sends to console",
		"stdout":  "sends to console",
	} {
		code, text, stderr := spanroute(t, nil, "init", name)
		if code != exitOK || stderr != "" {
			t.Fatalf("%s: exit %d, %s", name, code, stderr)
		}
		code, _, stderr = spanroute(t, nil, "validate", "--strict", write(t, text))
		if code != exitOK || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, validated\n%s\nwant %s", name, code, stderr, want)
		}
		all := commentedOut.ReplaceAllString(text, "$1$2")
		if code, _, stderr = spanroute(t, nil, "validate", write(t, all)); code != exitOK {
			t.Errorf("%s: with all settings, exit %d\n%s\n%s", name, code, stderr, all)
		}
		if strings.Count(all, "\n#") > 3 || strings.Count(text, "#") < 8 {
			t.Errorf("%s has few comments:\n%s", name, text)
		}
	}
}

// A file is written once and never changed.
func TestInitWritesANewFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "tracing.yaml")
	_, want, _ := spanroute(t, nil, "init", "zipkin")
	if code, stdout, stderr := spanroute(t, nil, "init", "-o", name, "zipkin"); code != exitOK || stdout+stderr != "" {
		t.Fatalf("exit %d, %s%s", code, stdout, stderr)
	}
	code, _, stderr := spanroute(t, nil, "init", "jaeger", "--out="+name)
	if code != exitProblems || !strings.Contains(stderr, "exists; name a new file") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%v, the file has\n%s\nwant\n%s", err, got, want)
	}
}
