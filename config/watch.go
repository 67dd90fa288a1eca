package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// pollInterval is how often files are read. They are read, not watched: notifications miss replaced files, swapped
// symbolic links and network mounts, all of which reading sees.
const pollInterval = 250 * time.Millisecond

// Watch reads the files of sources every 250 ms until ctx ends, and calls apply with each new configuration, the
// first one included. New bytes count when two successive reads agree. What cannot be loaded, an empty file and a
// missing one among them, changes nothing and is logged once. apply runs on Watch's goroutine, one call at a time.
// Watch returns nil when ctx has ended, and at once with an error if sources name no file or name /dev/stdin, which
// can be read once only. To count reloads, use a [Watcher].
func Watch(ctx context.Context, sources Sources, apply func(*Config) error) error {
	return NewWatcher(sources, apply).Run(ctx)
}

// A Watcher is one [Watch] that can be asked how it goes.
type Watcher struct {
	sources  Sources
	apply    func(*Config) error
	interval time.Duration

	seen    []read  // of the last poll
	settled []read  // handled, well or not
	last    *Config // last applied

	mu    sync.Mutex
	stats ReloadStats
}

// ReloadStats counts what a [Watcher] did.
type ReloadStats struct {
	Applied  uint64    // configurations that apply accepted, the first one included
	Rejected uint64    // contents that could not be loaded or that apply refused
	Last     time.Time // of the last of both; zero before
}

// A read is what one file held at one poll.
type read struct {
	file
	err error
}

// NewWatcher makes a Watcher; Run starts it.
func NewWatcher(sources Sources, apply func(*Config) error) *Watcher {
	return &Watcher{sources: sources, apply: apply, interval: pollInterval}
}

// Stats may be called at any time from any goroutine.
func (w *Watcher) Stats() ReloadStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

// Run is [Watch]. It must not be called twice.
func (w *Watcher) Run(ctx context.Context) error {
	names := w.sources.paths(w.sources.environ())
	if len(names) == 0 {
		return errors.New("no file to watch")
	}
	if slices.Contains(names, stdin) {
		return errors.New(stdin + " cannot be watched; name a file")
	}
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		w.poll(names)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// poll reads all files once and handles them if they are new and at rest.
func (w *Watcher) poll(names []string) {
	now := make([]read, len(names))
	for i, name := range names {
		data, err := readFile(name)
		now[i] = read{file{name, i + 1, data}, err}
	}
	rested := sameReads(now, w.seen)
	w.seen = now
	if !rested || sameReads(now, w.settled) {
		return
	}
	w.settled = now
	w.handle(now)
}

func sameReads(a, b []read) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].data, b[i].data) || (a[i].err == nil) != (b[i].err == nil) {
			return false
		}
	}
	return true
}

func (w *Watcher) handle(reads []read) {
	files := make([]file, len(reads))
	for i, r := range reads {
		if problem := r.refused(); problem != "" {
			w.rejected("configuration file refused, the last good one stays", "file", r.name, "problem", problem)
			return
		}
		files[i] = r.file
	}
	cfg, all := check(&w.sources, files, nil)
	if cfg == nil {
		w.rejected("configuration refused, the last good one stays", "errors", len(all.Errors()))
		for _, d := range all.Errors() {
			w.sources.logger().Error(d.sentence(), "place", d.place(), "kind", string(d.Kind))
		}
		return
	}
	if err := w.apply(cfg); err != nil {
		w.rejected("configuration refused, the last good one stays", "error", err)
		return
	}
	w.report(cfg)
	w.last = cfg
	w.count(func(s *ReloadStats) { s.Applied++ })
}

// refused says why a file is not looked into at all.
func (r read) refused() string {
	switch {
	case r.err != nil:
		return reason(r.err)
	case len(bytes.TrimSpace(r.data)) == 0:
		return "the file is empty"
	}
	return ""
}

func (w *Watcher) rejected(message string, args ...any) {
	w.count(func(s *ReloadStats) { s.Rejected++ })
	w.sources.logger().Error(message, args...)
}

func (w *Watcher) count(change func(*ReloadStats)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.stats)
	w.stats.Last = time.Now()
}

// report logs the warnings that are new, and changes that a higher layer hides. The warnings of the first
// configuration are those of the start.
func (w *Watcher) report(cfg *Config) {
	if w.last == nil {
		return
	}
	known := map[string]bool{}
	for _, d := range w.last.Warnings {
		known[d.sentence()] = true
	}
	log := w.sources.logger()
	for _, d := range cfg.Warnings {
		if !known[d.sentence()] {
			log.Warn(d.sentence(), "place", d.place(), "kind", string(d.Kind))
		}
	}
	w.last.hiddenChanges(cfg, log)
}

// hiddenChanges logs keys that changed in a file without effect, because a higher layer sets them.
func (c *Config) hiddenChanges(next *Config, log *slog.Logger) {
	for _, k := range next.origins.table.keys {
		winner := next.origins.merged.winner(k.path)
		before, after := c.inFiles(k.path), next.inFiles(k.path)
		if winner == nil || winner.source.Layer == LayerFile || winner.source.Layer == LayerDefaults || after == nil {
			continue
		}
		if before == nil || !same(before.value, after.value) {
			log.Info(fmt.Sprintf("changed in %s, %s wins", after.source, winner.source), "key", k.path)
		}
	}
}

// inFiles is the highest entry of path that a file made, nil if there is none.
func (c *Config) inFiles(path string) (last *entry) {
	for _, e := range c.origins.merged.stacks[path] {
		if e.source.Layer == LayerFile {
			last = e
		}
	}
	return last
}
