package delivery

import (
	"log/slog"
	"sync"
	"sync/atomic"
)

// afterwards counts the spans that come once Shutdown was called. It has no lock, so that a program that goes on
// ending spans does not hold up Shutdown, and pays next to nothing afterwards.
type afterwards struct {
	begun  atomic.Bool
	spans  atomic.Uint64 // ended and dropped, in addition to those in the accounts
	logged sync.Once
}

// late counts a span if Shutdown was called, and reports whether it was.
func (e *engine) late() bool {
	if !e.after.begun.Load() {
		return false
	}
	e.countLate()
	return true
}

// countLate counts a span that came too late. The first one is logged, by a goroutine that ends with the line,
// since that of the journal ends with Shutdown.
func (e *engine) countLate() {
	e.after.spans.Add(1)
	e.after.logged.Do(func() {
		go e.write(line{slog.LevelWarn, "dropping spans that end after shutdown", []slog.Attr{
			slog.String("hint", "end spans before Shutdown is called"),
		}})
	})
}
