package config

import "time"

// Every sets how often w reads, so that tests need not wait for a quarter of a second.
func (w *Watcher) Every(interval time.Duration) *Watcher {
	w.interval = interval
	return w
}

// TableFaults lists two keys of the default registry that share a name.
func TableFaults() []string { return tableOf((&Sources{}).registry()).faults }

// Poll reads once, for tests that choose the moment. It is not for a Watcher that runs.
func (w *Watcher) Poll() { w.poll(w.sources.paths(w.sources.environ())) }

// CheckBytes is Check of one file with this content.
func CheckBytes(sources Sources, data []byte) (*Config, Diagnostics) {
	return check(&sources, []file{{"tracing.yaml", 1, data}}, nil)
}
