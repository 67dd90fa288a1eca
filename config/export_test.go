package config

import (
	"context"
	"time"
)

// Watcher is the watcher of Watch, for tests that choose the moment of each poll.
type Watcher = watcher

// ReloadStats counts what a Watcher did.
type ReloadStats = reloadStats

// NewWatcher makes a Watcher; Run starts it.
func NewWatcher(sources Sources, apply func(*Config) error) *Watcher {
	return newWatcher(sources, apply)
}

// Every sets how often w reads, so that tests need not wait for a quarter of a second.
func (w *watcher) Every(interval time.Duration) *watcher {
	w.interval = interval
	return w
}

// TableFaults lists two keys of the default registry that share a name.
func TableFaults() []string { return tableOf((&Sources{}).registry()).Faults }

// Run is Watch.
func (w *watcher) Run(ctx context.Context) error { return w.run(ctx) }

// Stats returns the counts of a Watcher.
func (w *watcher) Stats() ReloadStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

// Poll reads once, for tests that choose the moment. It is not for a Watcher that runs.
func (w *watcher) Poll() { w.poll(w.sources.paths(w.sources.environ())) }

// DiagnoseBytes is Diagnose of one file with this content.
func DiagnoseBytes(sources Sources, data []byte) (*Config, Diagnostics) {
	return diagnose(&sources, []file{{"tracing.yaml", 1, data}}, nil)
}
