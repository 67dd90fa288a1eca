package delivery

import (
	"log/slog"
	"sync"
	"sync/atomic"
)

// lateSpans counts the spans that end after Shutdown was called. It has no lock, so that a program that continues to end
// spans does not delay Shutdown.
type lateSpans struct {
	begun  atomic.Bool
	spans  atomic.Uint64 // ended and dropped, in addition to those in the account
	logged sync.Once
}

// count counts a span. The first one is logged by a goroutine that ends with the line, because that of l ends with
// Shutdown.
func (s *lateSpans) count(l *logThrottle) {
	s.spans.Add(1)
	s.logged.Do(func() {
		go l.write(line{slog.LevelWarn, "dropping spans that end after shutdown", []slog.Attr{
			slog.String("hint", "end spans before Shutdown is called"),
		}})
	})
}
