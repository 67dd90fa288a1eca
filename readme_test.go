package spanroute_test

import (
	"os"
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

// The spans in the README are the golden spans of the middleware's tests.
func TestReadmeShowsGoldenSpans(t *testing.T) {
	blocks := regexp.MustCompile("(?s)<!-- golden: (\\S+) -->\n```\n(.*?)```\n").FindAllStringSubmatch(readme(t), -1)
	if len(blocks) < 3 {
		t.Fatalf("the README shows %d golden spans", len(blocks))
	}
	for _, block := range blocks {
		golden, err := os.ReadFile(block[1])
		if err != nil {
			t.Error(err)
			continue
		}
		if want := strings.TrimRight(string(golden), "\n") + "\n"; block[2] != want {
			t.Errorf("README.md shows\n%s\nfor %s, which is\n%s", block[2], block[1], want)
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
