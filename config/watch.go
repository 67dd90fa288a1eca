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

	"github.com/spanroute/spanroute/internal/configfile"
)

// pollInterval is the time between two reads of the files. Notifications of the file system are not used: they miss
// replaced files, swapped symbolic links and network mounts.
const pollInterval = 250 * time.Millisecond

// Watch reads the files of sources every 250 ms until ctx ends, and calls apply with each new configuration, the first
// one included. New bytes count when two successive reads agree. Files that cannot be loaded, such as an empty or a
// missing one, change nothing and are logged once. apply runs on Watch's goroutine, one call at a time. Watch returns nil
// when ctx has ended, and at once with an error if sources name no file or name /dev/stdin, which can be read once only.
func Watch(ctx context.Context, sources Sources, apply func(*Config) error) error {
	return newWatcher(sources, apply).run(ctx)
}

// A watcher is one [Watch].
//
// How it works: each poll reads all files completely, at most 1 MiB of each, and compares them with the previous poll.
// Only contents that two successive polls agree on are handled, so that a file is never loaded while it is being written,
// and several saves between two polls are one change. New contents are loaded and checked as at start. If that fails, or
// if apply returns an error, the last good configuration stays, the problems are logged, and the same contents are not
// tried again. seen and settled hold the bytes of the previous poll and those that were handled last.
type watcher struct {
	sources  Sources
	apply    func(*Config) error
	interval time.Duration

	seen    []read  // of the last poll
	settled []read  // handled, applied or not
	last    *Config // last applied

	mu    sync.Mutex
	stats reloadStats
}

// reloadStats counts what a watcher did.
type reloadStats struct {
	Applied  uint64 // configurations that apply accepted, the first one included
	Rejected uint64 // contents that could not be loaded or that apply refused
}

// A read holds the bytes of one file at one poll.
type read struct {
	file
	err error
}

// newWatcher returns a watcher that has read nothing; tests shorten its interval.
func newWatcher(sources Sources, apply func(*Config) error) *watcher {
	return &watcher{sources: sources, apply: apply, interval: pollInterval}
}

// run polls until ctx ends. The first poll comes at once and the second after one interval, so that the first
// configuration is applied after 250 ms.
func (w *watcher) run(ctx context.Context) error {
	names := w.sources.paths(w.sources.environ())
	if len(names) == 0 {
		return errors.New("no file to watch")
	}
	if slices.Contains(names, configfile.Stdin) {
		return errors.New(configfile.Stdin + " cannot be watched; name a file")
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

// poll reads all files once and handles their contents if they are new and did not change since the last poll.
func (w *watcher) poll(names []string) {
	now := make([]read, len(names))
	for i, name := range names {
		data, err := configfile.Read(name)
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

// sameReads reports whether two polls found the same bytes. Two failures are the same whatever their causes, so that
// each is logged once.
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

// handle loads and applies new contents. apply gets complete configurations only; one that it refuses is not applied in
// part.
func (w *watcher) handle(reads []read) {
	files := make([]file, len(reads))
	for i, r := range reads {
		if problem := r.refused(); problem != "" {
			w.rejected("configuration file refused, keeping the last good one", "file", r.name, "problem", problem)
			return
		}
		files[i] = r.file
	}
	cfg, all := diagnose(&w.sources, files, nil)
	if cfg == nil {
		w.rejected("configuration refused, keeping the last good one", "errors", len(all.Errors()))
		for _, d := range all.Errors() {
			w.sources.logger().Error(d.sentence(), "place", d.place(), "kind", string(d.Kind))
		}
		return
	}
	if err := w.apply(cfg); err != nil {
		w.rejected("configuration refused, keeping the last good one", "error", err)
		return
	}
	w.report(cfg)
	w.last = cfg
	w.count(func(s *reloadStats) { s.Applied++ })
}

// refused returns why the contents of a file are not considered, "" if they are.
func (r read) refused() string {
	switch {
	case r.err != nil:
		return configfile.Reason(r.err)
	case len(bytes.TrimSpace(r.data)) == 0:
		return "the file is empty"
	}
	return ""
}

// rejected counts and logs contents that are not applied.
func (w *watcher) rejected(message string, args ...any) {
	w.count(func(s *reloadStats) { s.Rejected++ })
	w.sources.logger().Error(message, args...)
}

func (w *watcher) count(change func(*reloadStats)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.stats)
}

// report logs the warnings that are new, and changes that a higher layer hides. The warnings of the first
// configuration are those of the start.
//
// Repeating all warnings after each save would hide the new ones.
func (w *watcher) report(cfg *Config) {
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
	for _, k := range next.origins.table.Keys {
		winner := next.origins.merged.effective(k.Path)
		before, after := c.inFiles(k.Path), next.inFiles(k.Path)
		if winner == nil || winner.origin.Layer == LayerFile || winner.origin.Layer == LayerDefaults || after == nil {
			continue
		}
		if before == nil || !same(before.value, after.value) {
			log.Info(fmt.Sprintf("changed in %s, overridden by %s", after.origin, winner.origin), "key", k.Path)
		}
	}
}

// inFiles returns the highest entry for path that is from a file, nil if no file sets it.
func (c *Config) inFiles(path string) (last *entry) {
	for _, e := range c.origins.merged.stacks[path] {
		if e.origin.Layer == LayerFile {
			last = e
		}
	}
	return last
}
