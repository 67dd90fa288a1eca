package lines_test

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/lines"
	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/registrytest"
)

func TestConformance(t *testing.T) {
	registrytest.Run(t, lines.Factory, map[string]any{"path": filepath.Join(t.TempDir(), "spans.txt")})
}

// A file, a variable or a flag can select and configure the plugin by its name.
func TestChosenByName(t *testing.T) {
	for name, sources := range map[string]func(t *testing.T, path string) config.Sources{
		"file": func(t *testing.T, path string) config.Sources {
			file := filepath.Join(t.TempDir(), "tracing.yaml")
			text := "tracing: {exporter_type: lines, sample_rate: 1, lines: {path: " + path + "}}\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return config.Sources{Files: []string{file}, Environ: []string{}}
		},
		"variable": func(_ *testing.T, path string) config.Sources {
			return config.Sources{Environ: []string{
				"SPANROUTE_EXPORTER_TYPE=LINES", "SPANROUTE_SAMPLE_RATE=1", "SPANROUTE_LINES_PATH=" + path,
			}}
		},
		"flag": func(t *testing.T, path string) config.Sources {
			set := flag.NewFlagSet("app", flag.ContinueOnError)
			config.RegisterFlags(set)
			if err := set.Parse([]string{"--tracing.exporter-type=lines", "--tracing.sample-rate=1", "--tracing.lines.path=" + path}); err != nil {
				t.Fatal(err)
			}
			return config.Sources{Environ: []string{}, Flags: config.FlagsOf(set)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "spans.txt")
			cfg, err := config.Load(sources(t, path))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			tracing, err := spanroute.Start(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, span := tracing.TracerProvider().Tracer("test").Start(ctx, "by "+name)
			span.End()
			if err := tracing.Shutdown(ctx); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			want := span.SpanContext().TraceID().String() + ` "by ` + name + "\"\n"
			if err != nil || string(text) != want {
				t.Errorf("the file holds %q, %v, want %q", text, err, want)
			}
			stats := tracing.Stats().Exporters[0]
			if stats.Name != "lines" || stats.Ended != 1 || stats.Delivered != 1 {
				t.Errorf("accounts %+v, want one span delivered by lines", stats)
			}
		})
	}
}

// A plugin gets the same diagnostics from its struct tags as a built-in exporter.
func TestMistakesAreAnsweredLikeTheKits(t *testing.T) {
	for _, tt := range []struct {
		name    string
		environ []string
		kind    error
		want    string
	}{
		{"misspelt type", []string{"SPANROUTE_EXPORTER_TYPE=linse"}, config.ErrUnknownValue, `did you mean "lines"?`},
		{"misspelt variable", []string{"SPANROUTE_LINES_PAHT=x"}, config.ErrUnknownKey, "SPANROUTE_LINES_PATH"},
	} {
		_, err := config.Load(config.Sources{Environ: tt.environ})
		if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s with %s", tt.name, err, tt.kind, tt.want)
		}
	}
}

func TestAFileThatCannotBeOpenedStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "directory")
	cfg, err := config.Load(config.Sources{Environ: []string{"SPANROUTE_EXPORTER_TYPE=lines", "SPANROUTE_SAMPLE_RATE=1", "SPANROUTE_LINES_PATH=" + path}})
	if err != nil {
		t.Fatal(err)
	}
	tracing, err := spanroute.Start(context.Background(), cfg)
	if tracing != nil || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "path") {
		t.Errorf("Start = %v, %v, want an error about the key path", tracing, err)
	}
}

func TestItIsListedWithItsKeys(t *testing.T) {
	d, err := registry.Default().Describe("lines")
	if err != nil || len(d.Keys) != 1 || d.Keys[0].Path != "path" || d.Keys[0].Default != "spans.txt" {
		t.Errorf("Describe = %+v, %v", d, err)
	}
}

// The documentation promises an exporter in at most 40 lines, including imports, without comments and blank lines.
func TestItIsShort(t *testing.T) {
	text, err := os.ReadFile("lines.go")
	if err != nil {
		t.Fatal(err)
	}
	code := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			code++
		}
	}
	if code > 40 {
		t.Errorf("lines.go has %d lines of code, want at most 40", code)
	}
}
