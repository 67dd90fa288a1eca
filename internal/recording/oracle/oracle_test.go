package oracle_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// different are the tests of the SDK that compile and cannot pass.
var different = map[string]string{
	"TestRecordError":                           "the package of the test, which is in the type of an error",
	"TestRecordErrorWithStackTrace":             "the same place",
	"TestSpanCapturesPanic":                     "the package of the SDK, which is in the stack",
	"TestSpanCapturesPanicWithStackTrace":       "the same place",
	"TestRecordingSpanEmptyAttributeViewStable": "the capacity of an empty list",
	"TestNilSpanEnd":                            "nil pointers to spans, which no program has",
}

// minimum is the number of tests that pass with the SDK's version in go.mod.
const minimum = 65

// The tests of the SDK pass on package recording. Each runs in a process of its own, since some leave globals behind.
func TestTheSDKsTests(t *testing.T) {
	s := newSuite(t, "provider_test.go", "span_test.go", "span_limits_test.go", "span_processor_test.go",
		"span_processor_annotator_example_test.go", "span_processor_filter_example_test.go", "trace_test.go", "util_test.go")
	binary := s.compile(t)
	passed := 0
	for name := range strings.FieldsSeq(run(t, binary, "-test.list", ".")) {
		out, err := exec.Command(binary, "-test.run", "^"+name+"$").CombinedOutput()
		switch reason := different[name]; {
		case err == nil && reason != "":
			t.Errorf("%s passes, although it differs in %s", name, reason)
		case err == nil:
			passed++
		case reason == "":
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	slices.Sort(s.removed)
	t.Logf("%d tests of the SDK pass; these functions touch unexported parts: %v", passed, slices.Compact(s.removed))
	if passed < minimum {
		t.Errorf("%d tests of the SDK pass, want %d", passed, minimum)
	}
}
