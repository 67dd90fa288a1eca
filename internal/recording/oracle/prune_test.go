package oracle_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A suite is a set of test files of the SDK, which are compiled as if they were in package trace of this module.
type suite struct {
	dir     string // of temporary files
	files   map[string][]string
	removed []string // functions that do not compile
}

// newSuite reads test files of the SDK.
func newSuite(t *testing.T, names ...string) *suite {
	t.Helper()
	from := strings.TrimSpace(run(t, "go", "list", "-m", "-f", "{{.Dir}}", "go.opentelemetry.io/otel/sdk"))
	s := &suite{dir: t.TempDir(), files: make(map[string][]string)}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(from, "trace", name))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(renamed.Replace(string(text)), "\n")
		for i, line := range lines {
			if strings.Contains(line, `/internal/`) && strings.HasPrefix(line, "\t\"go.opentelemetry.io/") {
				lines[i] = ""
			}
		}
		s.files[name] = lines
	}
	return s
}

// renamed replaces what the tests read of unexported parts.
var renamed = strings.NewReplacer("s.(*snapshot)", "snapshotOf(s)", "stp.isShutdown.Load()", "isShutDown(stp)")

// compileError is a line of the compiler.
var compileError = regexp.MustCompile(`(?m)^\S*?([a-z_]+_test\.go):(\d+):\d+: (.*)$`)

// compile removes what does not compile, until the rest does, and returns the test binary.
func (s *suite) compile(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(s.dir, "sdk.test")
	for range 30 {
		out, err := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay", s.overlay(t), "-o", binary, "./trace").CombinedOutput()
		if err == nil {
			return binary
		}
		faults := compileError.FindAllStringSubmatch(string(out), -1)
		if len(faults) == 0 {
			t.Fatalf("go test -c: %v\n%s", err, out)
		}
		for _, fault := range faults {
			line, _ := strconv.Atoi(fault[2])
			s.remove(t, fault[1], line)
		}
	}
	t.Fatal("the tests of the SDK do not compile, however many are removed")
	return ""
}

// overlay writes the files and returns the file for go test -overlay.
func (s *suite) overlay(t *testing.T) string {
	t.Helper()
	replace := make(map[string]string)
	here, err := filepath.Abs("trace")
	if err != nil {
		t.Fatal(err)
	}
	for name, lines := range s.files {
		file := filepath.Join(s.dir, name)
		write(t, file, []byte(strings.Join(lines, "\n")))
		replace[filepath.Join(here, name)] = file
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.dir, "overlay.json")
	write(t, file, data)
	return file
}

// remove empties the lines of the import or the declaration at a line, so that the others keep their numbers.
func (s *suite) remove(t *testing.T, name string, line int) {
	t.Helper()
	lines := s.files[name]
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, strings.Join(lines, "\n"), parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		from, to := files.Position(decl.Pos()).Line, files.Position(decl.End()).Line
		if line < from || line > to {
			continue
		}
		if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			from, to = line, line
		} else if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
			s.removed = append(s.removed, f.Name.Name)
		}
		for i := from; i <= to; i++ {
			lines[i-1] = ""
		}
	}
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(fmt.Errorf("%s %v: %w", name, args, err))
	}
	return string(out)
}
