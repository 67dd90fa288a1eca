package delivery

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// A journal decides what is logged. Its state is guarded by the engine's lock; the lines are
// written by a goroutine of its own, so that neither Enqueue nor a sender waits for a handler.
type journal struct {
	since     time.Time // when the present outage began; zero: none
	logged    bool      // a line about it was written
	retries   uint64    // before the outage
	lost      drops     // during the outage
	lastError string
	hint      string

	news   drops           // since the last line
	first  map[string]bool // reasons whose first drop was logged
	last   time.Time       // the last line of those that come once a minute
	warned time.Time       // the last time a receiver's warning was logged
	lines  []line          // to be written

	poke    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

type drops map[string]uint64

type line struct {
	level slog.Level
	text  string
	attrs []slog.Attr
}

// maxLines bounds the lines that wait for a handler that does not return; later ones are left out.
const maxLines = 64

// linePause is the least time between two warnings about the same trouble.
const linePause = time.Minute

// The first drop of each of these reasons is logged at once, because it means a fault of the spans or of the receiver.
// Drops of other reasons follow from an outage or a burst.
var loggedAtOnce = []string{DropRejected, DropTooLarge, DropInvalid, DropEncode, DropPartial, DropPanic}

func (j *journal) start(e *engine) {
	j.news, j.lost, j.first = drops{}, drops{}, map[string]bool{}
	j.poke, j.stop, j.stopped = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go e.writeLines()
}

func (j *journal) wake() {
	select {
	case j.poke <- struct{}{}:
	default:
	}
}

// cause notes why spans are about to be dropped, or were not delivered.
func (j *journal) cause(err error, hint string) {
	if err != nil {
		j.lastError, j.hint = Excerpt(err.Error()), hint
	}
}

func (j *journal) drop(reason string, n int) {
	if reason == DropShutdown {
		return // Shutdown logs the total
	}
	j.news[reason] += uint64(n)
	if !j.since.IsZero() {
		j.lost[reason] += uint64(n)
	}
	if !j.first[reason] && slices.Contains(loggedAtOnce, reason) {
		j.first[reason] = true
		j.add(slog.LevelWarn, "spans are dropped", slog.String("reason", reason), slog.Int("spans", n),
			slog.String("error", j.lastError), slog.String("hint", j.hint))
		j.news[reason] -= uint64(n)
	}
	j.wake()
}

func (j *journal) add(level slog.Level, text string, attrs ...slog.Attr) {
	if len(j.lines) < maxLines {
		j.lines = append(j.lines, line{level, text, attrs})
	}
	j.wake()
}

// failed notes a failed attempt; the first one begins an outage.
func (j *journal) failed(now time.Time, out Outcome, retries uint64) {
	j.cause(out.Err, out.Hint)
	if j.since.IsZero() {
		j.since, j.logged, j.retries = now, false, retries
		clear(j.lost)
		j.wake()
	}
}

// recovered ends an outage, and logs that if its beginning was logged.
func (j *journal) recovered(retries uint64) {
	if j.logged {
		j.add(slog.LevelInfo, "spans are delivered again",
			slog.Duration("after", time.Since(j.since).Round(time.Millisecond)),
			slog.Uint64("retries", retries-j.retries), j.lost.attr())
		clear(j.news) // all of it is in the totals
	}
	j.since, j.logged = time.Time{}, false
}

// due adds the minute's line if it is time for one, and returns when it will be; zero: never.
// At the end of the destination what was not logged yet is due at once.
func (j *journal) due(now time.Time, queued int, over bool) time.Time {
	untold := j.news.total() > 0
	if !untold && (j.since.IsZero() || over) {
		return time.Time{}
	}
	if next := j.last.Add(linePause); !over && !j.last.IsZero() && now.Before(next) {
		return next
	}
	text := "spans are dropped"
	if !j.since.IsZero() {
		text, j.logged = "spans are not delivered", true
	}
	j.add(slog.LevelWarn, text, slog.String("error", j.lastError), slog.String("hint", j.hint),
		slog.Int("waiting", queued), j.news.attr())
	clear(j.news)
	j.last = now
	return now.Add(linePause)
}

// writeLines is the journal's goroutine. It ends when stop is closed and all is written.
func (e *engine) writeLines() {
	defer close(e.log.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for over := false; ; {
		next := e.writeDue(over)
		if over {
			return
		}
		timer.Stop()
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-e.log.poke:
		case <-timer.C:
		case <-e.log.stop:
			over = true
		}
	}
}

// writeDue writes what there is to write and returns when to look again.
func (e *engine) writeDue(over bool) time.Time {
	e.mu.Lock()
	next := e.log.due(time.Now(), e.waitingAndInFlight(), over)
	lines := e.log.lines
	e.log.lines = nil
	e.mu.Unlock()
	for _, l := range lines {
		e.write(l)
	}
	return next
}

// write hands one line to the application's handler, whose panics stay here.
func (e *engine) write(l line) {
	defer func() { _ = recover() }()
	attrs := make([]slog.Attr, 0, len(l.attrs)+2)
	attrs = append(attrs, slog.String("exporter", e.o.ID))
	if e.o.Endpoint != "" {
		attrs = append(attrs, slog.String("endpoint", e.o.Endpoint))
	}
	for _, a := range l.attrs {
		if !a.Equal(slog.String(a.Key, "")) && !a.Equal(slog.Attr{}) {
			attrs = append(attrs, a)
		}
	}
	e.o.Logger.LogAttrs(context.Background(), l.level, l.text, attrs...)
}

func (d drops) total() uint64 {
	var n uint64
	for _, v := range d {
		n += v
	}
	return n
}

// attr is the drops by reason in alphabetical order, or nothing.
func (d drops) attr() slog.Attr {
	if d.total() == 0 {
		return slog.Attr{}
	}
	var list []any
	for _, reason := range slices.Sorted(keysOf(d)) {
		list = append(list, slog.Uint64(reason, d[reason]))
	}
	return slog.Group("dropped", list...)
}

func keysOf(d drops) func(func(string) bool) {
	return func(yield func(string) bool) {
		for reason, n := range d {
			if n > 0 && !yield(reason) {
				return
			}
		}
	}
}
