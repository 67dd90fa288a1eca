package oracle_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/corpus"
)

const root = "../.."

// Every file in the tests of the module gets the same verdict from the schema and from config.Load, with the exceptions that
// are listed.
func TestFilesOfTests(t *testing.T) {
	dir := t.TempDir() // where package corpus puts the files
	run := exec.Command("go", "test", "-count=1", "./config", "./cli", ".")
	run.Dir, run.Env = root, append(os.Environ(), corpus.Variable+"="+dir)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cases, err := corpus.Read(dir)
	if err != nil || len(cases) < 500 {
		t.Fatalf("%d files, %v, want at least 500", len(cases), err)
	}
	counts := map[string]int{}
	for _, c := range cases {
		for _, name := range judge(t, builtIn(), config.Sources{Environ: c.Environ}, c.Text).check(t) {
			counts[name]++
		}
	}
	t.Logf("%d files, exceptions %v", len(cases), counts)
}

// The files of the repository, and the code blocks of its pages.
func TestFilesOfTheRepository(t *testing.T) {
	files := 0
	for name, text := range yamlFiles(t) {
		t.Run(name, func(t *testing.T) { judge(t, builtIn(), config.Sources{}, text).check(t) })
		files++
	}
	if files < 20 {
		t.Errorf("%d files, want at least 20", files)
	}
}

var block = regexp.MustCompile("(?ms)^```(?:yaml|json)\n(.*?)^```")

// yamlFiles returns the YAML and JSON files of the repository, and the code blocks of its pages, by name.
func yamlFiles(t *testing.T) map[string][]byte {
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (d.Name() == ".git" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return err
		}
		ext := filepath.Ext(path)
		if ext != ".yaml" && ext != ".yml" && ext != ".md" && ext != ".json" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if ext != ".md" {
			files[path] = text
			return nil
		}
		for i, found := range block.FindAllSubmatch(text, -1) {
			files[path+"#"+string(rune('a'+i))] = found[1]
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Each exception is one: the schema accepts the example, and config.Load refuses it with one of the kinds.
func TestExceptions(t *testing.T) {
	for _, e := range exceptions {
		for _, text := range e.examples {
			v := judge(t, builtIn(), config.Sources{Environ: e.environ}, []byte(text))
			errs := v.diagnostics.Errors()
			if v.instance != nil || v.schema != nil || len(errs) == 0 {
				t.Errorf("%s: schema %v, config.Load %v, want the second alone\n%s", e.name, v.schema, errs, text)
			}
			for _, d := range errs {
				if got := inexpressible(text, d); got != e.name {
					t.Errorf("%s: %v is %q\n%s", e.name, d, got, text)
				}
			}
		}
	}
}

// What the schema refuses in addition.
func TestStrictness(t *testing.T) {
	for _, s := range strictnesses {
		for _, text := range s.examples {
			v := judge(t, builtIn(), config.Sources{}, []byte(text))
			if v.schema == nil || len(v.diagnostics.Errors()) > 0 || stricter(v.text, v.diagnostics) != s.name {
				t.Errorf("%s: schema %v, config.Load %v, want a refusal of the schema alone\n%s", s.name, v.schema, v.diagnostics, text)
			}
		}
	}
}

// docs/config.md lists the exceptions.
func TestPageListsTheExceptions(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{notJSON: ""}
	for _, e := range exceptions {
		var kinds []string
		for _, k := range e.kinds {
			kinds = append(kinds, "`"+string(k)+"`")
		}
		rows[e.name] = strings.Join(kinds, ", ")
	}
	for _, s := range strictnesses {
		rows[s.name] = ""
		if s.kind != "" {
			rows[s.name] = "`" + string(s.kind) + "`"
		}
	}
	for name, kinds := range rows {
		if row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(name) + `[^|]*\|([^|]*)\|`).FindSubmatch(page); row == nil || !strings.Contains(string(row[1]), kinds) {
			t.Errorf("docs/config.md has no row %q with the kinds %s", name, kinds)
		}
	}
}
