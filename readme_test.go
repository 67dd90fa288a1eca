package spanroute_test

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The spans in docs/spans.md are the golden spans of the middleware's tests.
func TestDocsShowGoldenSpans(t *testing.T) {
	text, err := os.ReadFile("docs/spans.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)<!-- golden: (\\S+) -->\n```\n(.*?)```\n").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("docs/spans.md shows %d golden spans", len(blocks))
	}
	for _, block := range blocks {
		golden, err := os.ReadFile(block[1])
		if err != nil {
			t.Error(err)
			continue
		}
		if want := strings.TrimRight(string(golden), "\n") + "\n"; block[2] != want {
			t.Errorf("docs/spans.md shows\n%s\nfor %s, which is\n%s", block[2], block[1], want)
		}
	}
}

func TestReadmeConfigurationLoads(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readme(t), -1)
	if len(blocks) == 0 {
		t.Fatal("the README shows no configuration")
	}
	for _, block := range blocks {
		file := filepath.Join(t.TempDir(), "tracing.yaml")
		if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(config.Sources{Files: []string{file}, Environ: []string{}})
		if err != nil || len(cfg.Warnings) > 0 {
			t.Errorf("the README's configuration: %v, %v", err, cfg.Warnings)
		} else if len(cfg.ExcludedURLs) > 0 {
			t.Errorf("the README's configuration searches paths for %q, which excludes more than health checks; use excluded_paths", cfg.ExcludedURLs)
		}
	}
}

// The editor line of the README leads to a file of the repository.
func TestReadmeShowsTheEditorLine(t *testing.T) {
	line := regexp.MustCompile(`# yaml-language-server: \$schema=https://raw\.githubusercontent\.com/spanroute/spanroute/main/(\S+)`).FindStringSubmatch(readme(t))
	if line == nil {
		t.Fatal("the README shows no editor line")
	}
	text, err := os.ReadFile(line[1])
	if err != nil || !strings.Contains(string(text), "https://json-schema.org/draft/2020-12/schema") {
		t.Errorf("%s is not a JSON Schema: %v", line[1], err)
	}
}

func TestReadmeLinksLeadSomewhere(t *testing.T) {
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(readme(t), -1) {
		if _, err := os.Stat(link[1]); err != nil {
			t.Errorf("the README links to %s: %v", link[1], err)
		}
	}
}

// Every key of the README's tables is in the key table.
func TestReadmeKeysExist(t *testing.T) {
	keys, err := os.ReadFile("config/KEYS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(readme(t), "| key | default | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := regexp.MustCompile("(?m)^\\| `([a-z0-9_.]+)`").FindAllStringSubmatch(table, -1)
	if len(rows) < 10 {
		t.Fatalf("the README's table has %d rows", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(string(keys), "| `"+row[1]+"` |") {
			t.Errorf("the README names the key %s, which config/KEYS.md does not", row[1])
		}
	}
}

// The README's program builds in a module of its own, with the dependencies of this module.
func TestReadmeProgramBuilds(t *testing.T) {
	_, rest, _ := strings.Cut(readme(t), "```go\npackage main\n")
	program, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the README has no program")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Replace(string(mod), "module "+module, "module example.org/orders", 1) +
		"\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + here + "\n"
	dir := t.TempDir()
	for name, content := range map[string]string{"go.mod": own, "go.sum": string(sum), "main.go": "package main\n" + program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vet := exec.Command("go", "vet", ".")
	vet.Dir, vet.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if formatted, err := format.Source([]byte("package main\n" + program)); err != nil || string(formatted) != "package main\n"+program {
		t.Errorf("the program is not formatted: %v", err)
	}
}
