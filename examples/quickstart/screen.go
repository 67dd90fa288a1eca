package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spanroute/spanroute"
)

// screen writes the output of the program. On a terminal, the line of counts stays below all other output; otherwise it
// is an ordinary line that is printed when it changes.
type screen struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	counts   string
}

func newScreen(out io.Writer) *screen {
	file, ok := out.(*os.File)
	if !ok {
		return &screen{out: out}
	}
	info, err := file.Stat()
	return &screen{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

const eraseLine = "\r\x1b[K"

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal || s.counts == "" {
		return s.out.Write(p)
	}
	if _, err := fmt.Fprint(s.out, eraseLine, string(p), s.counts); err != nil {
		return 0, err
	}
	return len(p), nil
}

// show replaces the line of counts.
func (s *screen) show(counts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if counts == s.counts {
		return
	}
	s.counts = counts
	if s.terminal {
		fmt.Fprint(s.out, eraseLine, counts)
	} else {
		fmt.Fprintln(s.out, counts)
	}
}

// leave ends the line of counts; later output is printed below it.
func (s *screen) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal && s.counts != "" {
		fmt.Fprintln(s.out)
	}
	s.counts = ""
}

// refresh is the interval between updates of the counts: short enough for a terminal, long enough for a log.
func (s *screen) refresh() time.Duration {
	if s.terminal {
		return 250 * time.Millisecond
	}
	return 5 * time.Second
}

// countsOf returns the counts of all exporters in one line.
func countsOf(t *spanroute.Tracing) string {
	var parts []string
	for _, x := range t.Stats().Exporters {
		parts = append(parts, fmt.Sprintf("%s: %d ended, %d delivered, %d dropped", x.Name, x.Ended, x.Delivered, x.DroppedTotal()))
	}
	if len(parts) == 0 {
		return "no exporter: spans go nowhere"
	}
	return strings.Join(parts, "; ")
}
