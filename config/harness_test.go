package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
	"github.com/spanroute/spanroute/internal/corpus"
	"github.com/spanroute/spanroute/registry"
)

// builtin is the registry of the exporters of spanroute.
var builtin = registry.Default()

// write puts text into a file called tracing.yaml and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	return writeAs(t, "tracing.yaml", text)
}

func writeAs(t testing.TB, name, text string) string {
	t.Helper()
	corpus.Add(t, text)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// section indents text under tracing.
func section(text string) string {
	return "tracing:\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
}

// check loads one file of this text with this environment, NAME=value.
func check(t testing.TB, text string, env ...string) (*config.Config, config.Diagnostics) {
	t.Helper()
	s := config.Sources{Environ: append([]string{}, env...), Registry: builtin}
	if text != "" {
		corpus.Add(t, text, env...)
		s.Files = []string{write(t, text)}
	}
	return config.Diagnose(s)
}

// kinds lists what was diagnosed, errors first, as "error unknown_key" or "warning alias".
func kinds(ds config.Diagnostics) []string {
	out := []string{}
	for _, d := range ds {
		out = append(out, string(d.Kind))
	}
	return out
}

// lines are the diagnostics without the directory of the file.
func lines(ds config.Diagnostics) string {
	var out []string
	for _, d := range ds {
		line := d.Error()
		if d.Origin.Layer == config.LayerFile {
			line = strings.ReplaceAll(line, filepath.Dir(d.Origin.Name)+string(filepath.Separator), "")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// has reports whether ds has n diagnostics of this kind.
func count(ds config.Diagnostics, kind config.Kind) int {
	n := 0
	for _, d := range ds {
		if d.Kind == kind {
			n++
		}
	}
	return n
}

// wantKinds fails unless exactly these kinds were diagnosed, in any order.
func wantKinds(t *testing.T, ds config.Diagnostics, want ...config.Kind) {
	t.Helper()
	got := kinds(ds)
	var names []string
	for _, k := range want {
		names = append(names, string(k))
	}
	slices.Sort(got)
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("diagnosed %v, want %v:\n%s", got, names, lines(ds))
	}
}

// A situation is one row of a table: an input with what is expected of it. The texts of the diagnostics are in the golden
// file of the test's subject.
type situation struct {
	name  string
	file  string            // under tracing
	raw   string            // a whole file instead
	env   []string          // NAME=value
	kinds []config.Kind     // all that is diagnosed, in any order
	want  map[string]string // effective values by key
	at    []string          // the diagnostics that have these places and keys, "tracing.yaml:2:3: tracing.type:"
}

// run checks the situation and returns the text of its diagnostics.
func (s situation) run(t *testing.T) string {
	text := s.raw
	if s.file != "" {
		text = section(s.file)
	}
	cfg, ds := check(t, text, s.env...)
	wantKinds(t, ds, s.kinds...)
	for _, want := range s.at {
		if got := lines(ds); !strings.Contains("\n"+got, "\n"+want) {
			t.Errorf("diagnosed\n%s\nwant %s", got, want)
		}
	}
	for key, want := range s.want {
		if cfg == nil {
			t.Fatalf("no configuration:\n%s", lines(ds))
		}
		if x, ok := cfg.Explain(key); !ok || x.Value != want {
			t.Errorf("%s = %q, want %q", key, x.Value, want)
		}
	}
	return lines(ds)
}

// runAll runs the situations of a table and compares the texts of their diagnostics with the golden file.
func runAll(t *testing.T, rows []situation) {
	t.Parallel()
	var texts strings.Builder
	seen := map[string]bool{}
	for _, s := range rows {
		if seen[s.name] {
			t.Errorf("two situations are called %q", s.name)
		}
		seen[s.name] = true
		t.Run(s.name, func(t *testing.T) {
			if text := s.run(t); text != "" {
				texts.WriteString("== " + s.name + "\n" + text + "\n")
			}
		})
	}
	golden(t, texts.String())
}

// values is a literal of wanted values.
type values = map[string]string

// only is a literal of kinds.
func only(kinds ...config.Kind) []config.Kind { return kinds }
