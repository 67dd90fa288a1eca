package config_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// written collects the texts of all tests by golden file and name of the test, for -update.
var written = struct {
	sync.Mutex
	files map[string]map[string]string
}{files: map[string]map[string]string{}}

// golden compares text with what testdata/<subject>.golden holds for the running test. The subject is the name of the
// test's file, as in <subject>_test.go.
func golden(t *testing.T, text string) {
	t.Helper()
	file := goldenFile()
	written.Lock()
	defer written.Unlock()
	if written.files[file] == nil {
		written.files[file] = map[string]string{}
	}
	text = strings.TrimRight(text, "\n") + "\n"
	written.files[file][t.Name()] = text
	if *update {
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenSections(string(data))[t.Name()], text); diff != "" {
		t.Errorf("%s differs; if the change is wanted, run go test -update (-want +got):\n%s", file, diff)
	}
}

func goldenFile() string {
	for skip := 2; ; skip++ {
		_, file, _, ok := runtime.Caller(skip)
		base := filepath.Base(file)
		if !ok {
			return "testdata/texts.golden"
		}
		if base != "golden_test.go" && base != "harness_test.go" {
			return filepath.Join("testdata", strings.TrimSuffix(base, "_test.go")+".golden")
		}
	}
}

const goldenMark = "#### "

// goldenSections takes a golden file apart by the names of tests.
func goldenSections(file string) map[string]string {
	sections := map[string]string{}
	for section := range strings.SplitSeq("\n"+file, "\n"+goldenMark) {
		name, text, _ := strings.Cut(section, "\n")
		sections[name] = strings.TrimRight(text, "\n") + "\n"
	}
	return sections
}

// writeGolden writes the golden files, if -update is set. Sections of tests that did not run stay.
func writeGolden() error {
	if !*update {
		return nil
	}
	for file, sections := range written.files {
		if data, err := os.ReadFile(file); err == nil && flag.Lookup("test.run").Value.String() != "" {
			for name, text := range goldenSections(string(data)) {
				if _, ran := sections[name]; !ran && name != "" {
					sections[name] = text
				}
			}
		}
		names := make([]string, 0, len(sections))
		for name := range sections {
			names = append(names, name)
		}
		slices.Sort(names)
		var b strings.Builder
		for _, name := range names {
			fmt.Fprintf(&b, "%s%s\n%s\n", goldenMark, name, strings.TrimRight(sections[name], "\n"))
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}
