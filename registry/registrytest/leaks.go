package registrytest

import (
	"os"
	"time"

	"go.uber.org/goleak"
)

// A state records what the process has open: goroutines, and descriptors if the system lists them.
type state struct {
	goroutines goleak.Option
	files      int // -1: unknown
}

func snapshot() state {
	return state{goroutines: goleak.IgnoreCurrent(), files: descriptors()}
}

// compare adds faults for goroutines and descriptors that were opened since before and stay open. It waits for a short
// time, because a goroutine or socket may end after the call that ends it.
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

// descriptors counts the open descriptors. It returns -1 on systems that do not list them.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}
