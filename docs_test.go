package spanroute_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
)

// pages returns the specification, by file name below the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	if err != nil || len(names) < 8 {
		t.Fatalf("docs has the pages %v, %v, want at least 8", names, err)
	}
	all := make(map[string]string, len(names))
	for _, name := range names {
		all[filepath.ToSlash(name)] = readText(t, name)
	}
	return all
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	codeSpan = regexp.MustCompile("`[^`\n]+`")
	link     = regexp.MustCompile(`\]\(([^()\s]+)\)|(?m:^\[[^\]]+\]:\s+(\S+)$)`)
)

// linksOf returns the targets of a page that are not on another host.
func linksOf(text string) (targets []string) {
	text = codeSpan.ReplaceAllString(fence.ReplaceAllString(text, ""), "")
	for _, found := range link.FindAllStringSubmatch(text, -1) {
		if target := found[1] + found[2]; !strings.Contains(target, "://") {
			targets = append(targets, target)
		}
	}
	return targets
}

var (
	heading   = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchorsOf returns the anchors of a page's headings, as GitHub derives them.
func anchorsOf(text string) (anchors []string) {
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(h[1]), "")
		anchors = append(anchors, strings.ReplaceAll(slug, " ", "-"))
	}
	return anchors
}

func TestDocsLinksResolve(t *testing.T) {
	all := pages(t)
	for _, name := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md"} {
		all[name] = readText(t, name)
	}
	checked := 0
	for name, text := range all {
		for _, target := range linksOf(text) {
			checkLink(t, name, target)
			checked++
		}
	}
	if checked < 60 {
		t.Errorf("%d links are checked, want at least 60", checked)
	}
}

// checkLink checks a link of the page name: the file it leads to, and the heading there.
func checkLink(t *testing.T, name, target string) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	to := name
	if file != "" {
		to = path.Join(path.Dir(name), file)
	}
	if _, err := os.Stat(filepath.FromSlash(to)); err != nil {
		t.Errorf("%s links to %s: %v", name, target, err)
		return
	}
	if anchor != "" && !slices.Contains(anchorsOf(readText(t, to)), anchor) {
		t.Errorf("%s links to %s: %s has no such heading", name, target, to)
	}
}

func TestDocsMapListsEveryPage(t *testing.T) {
	all := pages(t)
	targets := linksOf(all["docs/README.md"])
	for name := range all {
		if page := path.Base(name); page != "README.md" && !slices.Contains(targets, page) {
			t.Errorf("docs/README.md does not list %s", page)
		}
	}
}

func TestDocsPagesHaveOneTitle(t *testing.T) {
	for name, text := range pages(t) {
		text = fence.ReplaceAllString(text, "")
		if titles := regexp.MustCompile(`(?m)^# `).FindAllString(text, -1); len(titles) != 1 || !strings.HasPrefix(text, "# ") {
			t.Errorf("%s has %d titles, want one on the first line", name, len(titles))
		}
	}
}

// keyName is a dotted name in backticks, also with a value (sampling.dropped: record) or for a section (sampling.*).
var keyName = regexp.MustCompile("`([a-z][a-z0-9_]*)((?:\\.[a-z][a-z0-9_]*)*)(\\.\\*|: [a-z0-9_]+)?`")

// A dotted name whose first part is a section of the configuration is a key, a part of the path of one, or an old name.
func TestDocsKeysExist(t *testing.T) {
	known, sections := keyPaths()
	checked := 0
	for name, text := range pages(t) {
		for _, found := range keyName.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			section, rest := found[1], found[2]
			if rest == "" && found[3] != ".*" || !sections[section] {
				continue
			}
			if checked++; !known[section+rest] {
				t.Errorf("%s mentions the key %s, which does not exist", name, section+rest)
			}
		}
	}
	if checked < 50 {
		t.Errorf("%d keys are checked, want at least 50", checked)
	}
}

// keyPaths returns the keys of the configuration with their old names and the paths that lead to them, and the names
// of the outermost sections.
func keyPaths() (known, sections map[string]bool) {
	known, sections = map[string]bool{}, map[string]bool{}
	for _, k := range config.Table(nil) {
		for _, name := range append(k.Aliases, k.Path) {
			parts := strings.Split(name, ".")
			sections[parts[0]] = sections[parts[0]] || len(parts) > 1
			for n := range parts {
				known[strings.Join(parts[:n+1], ".")] = true
			}
		}
	}
	return known, sections
}

func TestDocsVariablesExist(t *testing.T) {
	known := map[string]bool{"SPANROUTE_CONFIG": true}
	for _, k := range config.Table(nil) {
		known[k.Env] = true
	}
	for name, text := range pages(t) {
		for _, variable := range regexp.MustCompile(`SPANROUTE_[A-Z0-9_]+`).FindAllString(text, -1) {
			if !known[variable] {
				t.Errorf("%s mentions the variable %s, which does not exist", name, variable)
			}
		}
	}
}
