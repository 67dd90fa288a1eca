package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExamples runs the quickstart's demonstration with each example's configuration, word for word, and reads
// the traces from Jaeger. The Collector of the example is left out: Jaeger takes the same OTLP on the same port.
func TestExamples(t *testing.T) {
	quickstart := program(t, "./examples/quickstart")
	for _, example := range []string{"jaeger", "zipkin", "collector"} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			service := "quickstart-" + example
			demo := exec.Command(quickstart, "--demo", "--config", "../examples/"+example+"/tracing.yaml", "--tracing.service-name", service)
			if out, err := demo.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			traces, err := jaeger.Traces(t.Context(), service, len(demoRoots))
			if err != nil {
				t.Fatal(err)
			}
			var roots []string
			for _, trace := range traces {
				for _, s := range trace {
					if s.Parent == "" {
						roots = append(roots, s.Name)
					}
				}
			}
			slices.Sort(roots)
			if diff := cmp.Diff(demoRoots, roots); diff != "" {
				t.Errorf("the roots of its traces (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSend runs the command over every transport and finds the trace that it reports as delivered.
func TestSend(t *testing.T) {
	command := program(t, "./cmd/spanroute")
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "tracing.yaml")
			if err := os.WriteFile(file, []byte("tracing: "+tr.file), 0o600); err != nil {
				t.Fatal(err)
			}
			sends(t, exec.Command(command, "send", file), counterFunc(tr.count))
		})
	}
}

// program builds a program of this repository.
func program(t *testing.T, path string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), filepath.Base(path))
	build := exec.Command("go", "build", "-o", binary, path)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// demoRoots are the root spans that the demonstration promises, sorted.
var demoRoots = []string{"GET", "GET /orders/{id}", "GET /orders/{id}", "GET /orders/{id}/watch", "POST /checkout"}
