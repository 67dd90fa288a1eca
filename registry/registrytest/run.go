package registrytest

import (
	"testing"

	"github.com/spanroute/spanroute/registry"
)

// Run checks the factory f. valid is a section that f accepts and can open, as a file would have it below
// tracing.<name>; nil means the defaults do. It is not changed.
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

// check is one rule. It returns faults instead of failing a test, so that the kit's own tests see them.
type check struct {
	name string
	why  string
	run  func(*subject)
}

func (c check) faults(f registry.Factory, valid map[string]any) []string {
	s, err := newSubject(f, valid)
	if err != nil {
		return []string{err.Error()}
	}
	c.run(s)
	return s.faults
}

var checks = []check{
	{"every key has a doc", "the doc tag is all that `spanroute exporters <name>` can tell a user about a key", documented},
	{"secrets are tagged", "only a key with secret:\"true\" is masked in messages, printed configurations and explain", secretsTagged},
	{"defaults decode into themselves", "a printed configuration holds the defaults and must load again", defaultsDecode},
	{"unknown keys are refused", "a misspelt key that is passed over in silence is found weeks later, by missing spans", unknownKeys},
	{"wrong types are refused", "a user must learn which key holds the wrong value, not that something is wrong", wrongTypes},
	{"completion is pure", "config completes a section once, prints the result and may read it again: it must be the same exporter, and notices need a place", completes},
	{"prepare has no effect", "a program prepares all its exporters before it opens any, and on a fault it opens none: nothing may be left behind", prepareIsPure},
	{"two openings are independent", "a program may have two destinations of one type, and opens the new one before it shuts down the old", independent},
	{"empty export is nil", "an export without spans has nothing that could go wrong, and must not cost a request", emptyExport},
	{"exports at once", "span processors call an exporter from several goroutines", exportsAtOnce},
	{"odd spans", "spans are made from what strangers send: one odd span must not take its neighbours or the process with it", oddSpans},
	{"cancelled context", "a context that has ended means the caller has no more time; the process is waiting to exit", cancelledContext},
	{"shutdown", "shutdown is called from defer and from signal handlers, often both; what is exported later must not be lost in silence", shutdown},
	{"nothing is left", "an exporter that leaves goroutines or files behind leaks with every restart of its destination", nothingIsLeft},
	{"secrets stay secret", "errors and log lines end up in other people's systems", secretsStaySecret},
}
