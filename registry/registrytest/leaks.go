package registrytest

import (
	"os"
	"time"

	"go.uber.org/goleak"
)

// state is what a process has open: goroutines and, where the system tells, descriptors.
type state struct {
	goroutines goleak.Option
	files      int // -1: unknown
}

func snapshot() state {
	return state{goroutines: goleak.IgnoreCurrent(), files: descriptors()}
}

// compare reports what has come since and does not go away. Goroutines and sockets may take a moment to
// end after the call that ended them, hence the patience.
func (before state) compare(s *subject, what string) {
	if err := goleak.Find(before.goroutines); err != nil {
		s.faultf("%s leaves goroutines: %v", what, err)
	}
	if before.files < 0 {
		return
	}
	after := descriptors()
	for range 20 {
		if after <= before.files {
			return
		}
		time.Sleep(10 * time.Millisecond)
		after = descriptors()
	}
	s.faultf("%s leaves %d open files or sockets", what, after-before.files)
}

func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}
