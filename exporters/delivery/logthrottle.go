package delivery

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// A logThrottle decides what is logged, and logs it.
//
// How it works. The engine reports failures, recoveries and drops while it holds its lock, which guards the state here,
// too. A line becomes due at once for the first failure of an outage and for the first drop of each reason in loggedAtOnce;
// everything else waits for a line that comes at most once a minute and contains the totals since the last one. A goroutine
// of its own writes the lines, so that neither Enqueue nor a sender waits for a log handler.
type logThrottle struct {
	mu           *sync.Mutex // of the engine
	queued       func() int  // called with mu held
	logger       *slog.Logger
	id, endpoint string

	since       time.Time // start of the present outage; zero without one
	logged      bool      // a line about the outage was written
	retries     uint64    // before the outage
	outageDrops drops
	lastError   string
	hint        string

	unlogged drops           // since the last line
	first    map[Reason]bool // reasons whose first drop was logged
	last     time.Time       // of the last line that comes once a minute
	warned   time.Time       // of the last warning of the receiver
	lines    []line          // to be written

	wakeup  chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

type drops map[Reason]uint64

type line struct {
	level slog.Level
	text  string
	attrs []slog.Attr
}

const (
	// maxLines bounds the lines that wait for a handler that does not return. Later ones are discarded.
	maxLines = 64
	// linePause is the minimum time between two warnings about the same problem.
	linePause = time.Minute
)

// loggedAtOnce lists the reasons that mean a fault of the spans or of the receiver. Drops of other reasons follow from an
// outage or a burst.
var loggedAtOnce = []Reason{DropRejected, DropTooLarge, DropInvalid, DropEncode, DropPartial, DropPanic}

func newLogThrottle(o Options, mu *sync.Mutex, queued func() int) *logThrottle {
	l := &logThrottle{
		mu: mu, queued: queued, logger: o.Logger, id: o.ID, endpoint: o.Endpoint,
		unlogged: drops{}, outageDrops: drops{}, first: map[Reason]bool{},
		wakeup: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go l.run()
	return l
}

func (l *logThrottle) wake() {
	select {
	case l.wakeup <- struct{}{}:
	default:
	}
}

// cause records why spans are about to be dropped, or were not delivered.
func (l *logThrottle) cause(err error, hint string) {
	if err != nil {
		l.lastError, l.hint = Excerpt(err.Error()), hint
	}
}

func (l *logThrottle) drop(reason Reason, n int) {
	if reason == DropShutdown {
		return // Shutdown logs the total
	}
	l.unlogged[reason] += uint64(n)
	if !l.since.IsZero() {
		l.outageDrops[reason] += uint64(n)
	}
	if !l.first[reason] && slices.Contains(loggedAtOnce, reason) {
		l.first[reason] = true
		l.add(slog.LevelWarn, "dropping spans", slog.String("reason", string(reason)), slog.Int("spans", n),
			slog.String("error", l.lastError), slog.String("hint", l.hint))
		l.unlogged[reason] -= uint64(n)
	}
	l.wake()
}

func (l *logThrottle) add(level slog.Level, text string, attrs ...slog.Attr) {
	if len(l.lines) < maxLines {
		l.lines = append(l.lines, line{level, text, attrs})
	}
	l.wake()
}

// failed records a failed attempt. The first one begins an outage.
func (l *logThrottle) failed(now time.Time, out Outcome, retries uint64) {
	l.cause(out.Err, out.Hint)
	if l.since.IsZero() {
		l.since, l.logged, l.retries = now, false, retries
		clear(l.outageDrops)
		l.wake()
	}
}

// recovered ends an outage, and logs that if its beginning was logged.
func (l *logThrottle) recovered(retries uint64) {
	if l.logged {
		l.add(slog.LevelInfo, "delivery recovered",
			slog.Duration("after", time.Since(l.since).Round(time.Millisecond)),
			slog.Uint64("retries", retries-l.retries), l.outageDrops.attr())
		clear(l.unlogged) // the line contains all of them
	}
	l.since, l.logged = time.Time{}, false
}

// warning records what a receiver reported along with a success. It is logged at most once a minute.
func (l *logThrottle) warning(out Outcome) {
	l.cause(out.Err, out.Hint)
	now := time.Now()
	if !l.warned.IsZero() && now.Before(l.warned.Add(linePause)) {
		return
	}
	l.warned = now
	l.add(slog.LevelWarn, "receiver warning", slog.String("error", l.lastError), slog.String("hint", out.Hint))
}

// due adds the line that comes once a minute if it is time for one, and returns when it will be; zero means never. At the
// end of the destination, over, everything that is not logged yet is due.
func (l *logThrottle) due(now time.Time, over bool) time.Time {
	pending := l.unlogged.total() > 0
	if !pending && (l.since.IsZero() || over) {
		return time.Time{}
	}
	if next := l.last.Add(linePause); !over && !l.last.IsZero() && now.Before(next) {
		return next
	}
	text := "dropping spans"
	if !l.since.IsZero() {
		text, l.logged = "not delivering spans", true
	}
	l.add(slog.LevelWarn, text, slog.String("error", l.lastError), slog.String("hint", l.hint),
		slog.Int("waiting", l.queued()), l.unlogged.attr())
	clear(l.unlogged)
	l.last = now
	return now.Add(linePause)
}

// run writes the lines. It returns when stop is closed and every line is written.
func (l *logThrottle) run() {
	defer close(l.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for over := false; ; {
		next := l.writeDue(over)
		if over {
			return
		}
		timer.Stop()
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-l.wakeup:
		case <-timer.C:
		case <-l.stop:
			over = true
		}
	}
}

// writeDue writes the lines that are due and returns the time of the next one.
func (l *logThrottle) writeDue(over bool) time.Time {
	l.mu.Lock()
	next := l.due(time.Now(), over)
	lines := l.lines
	l.lines = nil
	l.mu.Unlock()
	for _, line := range lines {
		l.write(line)
	}
	return next
}

// write passes one line to the program's handler and ignores its panics.
func (l *logThrottle) write(line line) {
	defer func() { _ = recover() }()
	attrs := make([]slog.Attr, 0, len(line.attrs)+2)
	attrs = append(attrs, slog.String("exporter", l.id))
	if l.endpoint != "" {
		attrs = append(attrs, slog.String("endpoint", l.endpoint))
	}
	for _, a := range line.attrs {
		if !a.Equal(slog.String(a.Key, "")) && !a.Equal(slog.Attr{}) {
			attrs = append(attrs, a)
		}
	}
	l.logger.LogAttrs(context.Background(), line.level, line.text, attrs...)
}

func (d drops) total() uint64 {
	var n uint64
	for _, v := range d {
		n += v
	}
	return n
}

// attr returns the drops by reason in alphabetical order, or an empty attribute.
func (d drops) attr() slog.Attr {
	if d.total() == 0 {
		return slog.Attr{}
	}
	var list []any
	for _, reason := range slices.Sorted(d.reasons) {
		list = append(list, slog.Uint64(string(reason), d[reason]))
	}
	return slog.Group("dropped", list...)
}

// reasons iterates over the reasons with drops.
func (d drops) reasons(yield func(Reason) bool) {
	for reason, n := range d {
		if n > 0 && !yield(reason) {
			return
		}
	}
}
