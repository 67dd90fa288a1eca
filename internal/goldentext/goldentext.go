// Package goldentext compares texts with files, for tests:
//
//	var rows goldentext.Rows
//	for _, tt := range tests {
//		rows.Add(tt.name, parse(tt.input).Error())
//	}
//	rows.Check(t)
//
// The messages of a package are in one file, testdata/texts.golden, in which each test has a section. A change of words is
// then one difference that can be read from top to bottom. Run the tests with -update to write the files, and read the
// difference before it is committed. Only tests may import the package.
package goldentext

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Update reports whether the tests run with -update. A package must not define a flag of this name of its own.
func Update() bool { return *update }

// Rows are the rows of a table of texts. The zero value is empty. Rows are not safe for concurrent use.
type Rows struct{ text strings.Builder }

// Add appends a row: the situation, or the input, and the text that belongs to it. A text may have several lines.
func (r *Rows) Add(name, text string) {
	fmt.Fprintf(&r.text, "== %s\n%s\n\n", name, strings.TrimRight(text, "\n"))
}

// AddError is like Add with the text of err. It reports an error of the test if err is nil.
func (r *Rows) AddError(t testing.TB, name string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", name)
		return
	}
	r.Add(name, err.Error())
}

// Check compares the rows with the section of the test in testdata/texts.golden.
func (r *Rows) Check(t testing.TB) {
	t.Helper()
	Check(t, "texts", r.text.String())
}

// mark begins a section, followed by the name of its test.
const mark = "#### "

// files guards the golden files of the process. begun holds those that -update has written.
var files = struct {
	sync.Mutex
	begun map[string]bool
}{begun: map[string]bool{}}

// Check compares text with the section of the test in testdata/<subject>.golden. Line ends after the text do not matter. It is
// safe for concurrent use.
//
// How it works. With -update the section is replaced, and the sections are sorted by the names of the tests. A run of all
// tests begins an empty file, so that the sections of tests that no longer exist disappear; a run with -run keeps them.
func Check(t testing.TB, subject, text string) {
	t.Helper()
	file := filepath.Join("testdata", subject+".golden")
	text = strings.TrimRight(text, "\n") + "\n"
	files.Lock()
	defer files.Unlock()
	all, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := write(file, all, t.Name(), text); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(all[t.Name()], text); diff != "" {
		t.Errorf("%s differs; if the change is wanted, run go test -update (-want +got):\n%s", file, diff)
	}
}

// read returns the sections of a file by the names of their tests, none for a file that does not exist.
func read(file string) (map[string]string, error) {
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	sections := map[string]string{}
	for section := range strings.SplitSeq("\n"+string(data), "\n"+mark) {
		if name, text, _ := strings.Cut(section, "\n"); name != "" {
			sections[name] = strings.TrimRight(text, "\n") + "\n"
		}
	}
	return sections, nil
}

// write writes the sections with text as that of the named test.
func write(file string, sections map[string]string, name, text string) error {
	if all := flag.Lookup("test.run").Value.String() == ""; all && !files.begun[file] {
		sections = map[string]string{}
	}
	files.begun[file] = true
	sections[name] = text
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		fmt.Fprintf(&b, "%s%s\n%s\n", mark, name, sections[name])
	}
	return errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, []byte(strings.TrimRight(b.String(), "\n")+"\n"), 0o644))
}
