package config_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/goldentext"
)

// golden compares text with what testdata/<subject>.golden holds for the running test. The subject is the name of the
// test's file, as in <subject>_test.go.
func golden(t *testing.T, text string) {
	t.Helper()
	goldentext.Check(t, subject(), text)
}

// subject returns the name of the file of the running test without its ending.
func subject() string {
	for skip := 2; ; skip++ {
		_, file, _, ok := runtime.Caller(skip)
		base := filepath.Base(file)
		if !ok {
			return "texts"
		}
		if base != "golden_test.go" && base != "harness_test.go" {
			return strings.TrimSuffix(base, "_test.go")
		}
	}
}
