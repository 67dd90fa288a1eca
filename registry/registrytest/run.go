package registrytest

import (
	"testing"

	"github.com/spanroute/spanroute/registry"
)

// Run checks the factory f with valid, a section that f accepts and can open: what a configuration file has below
// tracing.<name>. Nil stands for a section that sets nothing. Run does not change valid.
func Run(t *testing.T, f registry.Factory, valid map[string]any) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			why := c.why
			if _, err := newSubject(f, valid); err != nil {
				why = "a factory that cannot be registered, or does not accept the section given to Run, cannot be checked"
			}
			for _, fault := range c.faults(f, valid) {
				t.Errorf("%s\nwhy: %s", fault, why)
			}
		})
	}
}

// A check examines one rule. It returns faults instead of failing a test, so that the tests of this package see them.
type check struct {
	name string
	why  string // the reason of the rule
	run  func(*subject)
}

// faults runs the check with a subject of its own.
func (c check) faults(f registry.Factory, valid map[string]any) []string {
	s, err := newSubject(f, valid)
	if err != nil {
		return []string{err.Error()}
	}
	c.run(s)
	return s.faults
}

var checks = []check{
	{"every key has a doc", "the doc tag is all that `spanroute exporters <name>` can print about a key", documented},
	{"secrets are tagged", "only a key with secret:\"true\" is masked in messages, printed configurations and explain", secretsTagged},
	{"defaults decode into themselves", "a printed configuration holds the defaults and must load again", defaultsDecode},
	{"unknown keys are refused", "a misspelt key that is ignored silently is found weeks later, when spans are missing", unknownKeys},
	{"wrong types are refused", "an operator must learn which key has the wrong value", wrongTypes},
	{"completion is pure", "config completes a section, prints the result and may read it again: that must yield the same exporter, and notices need a place", completes},
	{"prepare has no effect", "a program prepares all its exporters before it opens any, and opens none of them after a fault: nothing may be left behind", prepareIsPure},
	{"two openings are independent", "a program may have two destinations of one type, and opens the new one before it shuts down the old", independent},
	{"empty export is nil", "an export without spans has nothing that could go wrong, and must not cost a request", emptyExport},
	{"exports at once", "span processors call an exporter from several goroutines", exportsAtOnce},
	{"odd spans", "spans contain what untrusted clients send: an odd span must not harm other spans or the process", oddSpans},
	{"cancelled context", "the caller of a context that has ended has no more time: the process is waiting to exit", cancelledContext},
	{"shutdown", "defer statements and signal handlers call shutdown, often both; spans that are exported later must not be lost silently", shutdown},
	{"nothing is left", "an exporter that leaves goroutines or files behind leaks with every restart of its destination", nothingIsLeft},
	{"secrets stay secret", "errors and log lines are copied to other systems", secretsStaySecret},
}
