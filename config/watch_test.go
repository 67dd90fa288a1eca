package config_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

// A watched file, with what was applied of it.
type watched struct {
	path    string
	applied chan *config.Config
	watcher *config.Watcher
	logs    *logs
}

type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func watch(t *testing.T, path string, env ...string) *watched {
	t.Helper()
	w := &watched{path: path, applied: make(chan *config.Config, 100), logs: new(logs)}
	w.watcher = config.NewWatcher(config.Sources{
		Files: []string{path}, Environ: append([]string{}, env...), Registry: builtin,
		Logger: slog.New(slog.NewTextHandler(w.logs, nil)),
	}, func(c *config.Config) error {
		w.applied <- c
		return nil
	}).Every(10 * time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.watcher.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v, want nil when ctx ends", err)
		}
	})
	return w
}

// next waits for one more configuration.
func (w *watched) next(t *testing.T) *config.Config {
	t.Helper()
	select {
	case c := <-w.applied:
		return c
	case <-time.After(10 * time.Second):
		t.Fatalf("nothing was applied; log\n%s", w.logs)
		return nil
	}
}

func (w *watched) save(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(w.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rejected waits for the n-th rejection.
func (w *watched) rejected(t *testing.T, n uint64) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); w.watcher.Stats().Rejected < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d rejected, want %d", w.watcher.Stats().Rejected, n)
		}
	}
}

func rate(f float64) string { return fmt.Sprintf("tracing: {sample_rate: %v}\n", f) }

func TestWatchTruncatingSaves(t *testing.T) {
	t.Parallel()
	w := watch(t, write(t, rate(0.5)))
	w.next(t)
	for i := range 50 {
		want := float64(i+1) / 100
		w.save(t, rate(want))
		if c := w.next(t); c.Sampling.SampleRate != want {
			t.Fatalf("save %d applies %v, want %v", i+1, c.Sampling.SampleRate, want)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); w.watcher.Stats().Applied < 51 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // the watcher counts after it has applied
	}
	if s := w.watcher.Stats(); s.Applied != 51 {
		t.Errorf("stats %+v, want 51 applied", s)
	}
}

// A ConfigMap is a directory ..data that is a symbolic link; an update renames a new link over it.
func TestWatchConfigMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	swap := func(i int) {
		version := filepath.Join(dir, fmt.Sprintf("..v%d", i))
		if err := errors.Join(
			os.Mkdir(version, 0o700),
			os.WriteFile(filepath.Join(version, "tracing.yaml"), []byte(rate(float64(i)/10)), 0o600),
			os.Symlink(version, filepath.Join(dir, "..tmp")),
			os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")),
		); err != nil {
			t.Fatal(err)
		}
	}
	swap(1)
	path := filepath.Join(dir, "tracing.yaml")
	if err := os.Symlink(filepath.Join("..data", "tracing.yaml"), path); err != nil {
		t.Fatal(err)
	}
	w := watch(t, path)
	w.next(t)
	for i := 2; i < 5; i++ {
		swap(i)
		if c := w.next(t); c.Sampling.SampleRate != float64(i)/10 {
			t.Errorf("swap %d applies %v", i, c.Sampling.SampleRate)
		}
	}
}

// Cases 66 and 69.
func TestWatchKeepsTheLastGood(t *testing.T) {
	t.Parallel()
	w := watch(t, write(t, "tracing: {sample_rate: 0.5, timeout: 3}\n"))
	w.next(t)
	w.save(t, "tracing: {smaple_rate: 1}\n")
	w.rejected(t, 1)
	w.save(t, "tracing: {sample_rate: 0.7}\n")
	c := w.next(t)
	if c.Sampling.SampleRate != 0.7 || c.Timeout != 10*time.Second {
		t.Errorf("applied %v and %v, want 0.7 and the default timeout", c.Sampling.SampleRate, c.Timeout)
	}
	if n := strings.Count(w.logs.String(), "smaple_rate"); n != 1 {
		t.Errorf("the mistake is logged %d times, want once:\n%s", n, w.logs)
	}
}

func TestWatchRefusesEmptyAndMissing(t *testing.T) {
	t.Parallel()
	w := watch(t, write(t, rate(0.5)))
	w.next(t)
	w.save(t, "")
	w.rejected(t, 1)
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	w.rejected(t, 2)
	w.save(t, rate(0.6))
	if c := w.next(t); c.Sampling.SampleRate != 0.6 {
		t.Errorf("applied %v after the file came back, want 0.6", c.Sampling.SampleRate)
	}
}

func TestWatchTellsWhatIsHidden(t *testing.T) {
	t.Parallel()
	w := watch(t, write(t, rate(0.5)), "SPANROUTE_SAMPLE_RATE=0.1")
	w.next(t)
	w.save(t, rate(0.6))
	w.next(t)
	w.save(t, rate(0.7)) // the second is logged before the third is applied
	w.next(t)
	if want := "tracing.yaml:1:24, overridden by SPANROUTE_SAMPLE_RATE"; !strings.Contains(w.logs.String(), want) {
		t.Errorf("log %s, want %s", w.logs, want)
	}
}

func TestWatchWithoutFiles(t *testing.T) {
	t.Parallel()
	err := config.Watch(t.Context(), config.Sources{Environ: []string{}, Registry: builtin}, func(*config.Config) error { return nil })
	if err == nil {
		t.Error("Watch without files = nil, want an error")
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	base := onOTLP + "service_name: a\n"
	for _, tt := range []struct{ name, file, hot, restart string }{
		{"nothing", base, "[]", "[]"},
		{"rate", strings.Replace(base, "sample_rate: 1", "sample_rate: 0.5", 1), "[sample_rate]", "[]"},
		{"name and patterns", onOTLP + "service_name: b\nexcluded_urls: [x]", "[excluded_urls]", "[service_name]"},
		{"endpoint", base + "otlp: {endpoint: 'http://h:4317'}", "[]", "[otlp.endpoint]"},
		{"timeout", base + "timeout: 3", "[]", "[timeout otlp.timeout]"},
		{"headers", base + "otlp: {grpc: {headers: {a: b}}}", "[]", "[otlp.grpc.headers]"},
		{"exporter", strings.Replace(base, "otlp", "zipkin", 1), "[]", "[exporter_type]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := check(t, section(base))
			after, ds := check(t, section(tt.file))
			if after == nil {
				t.Fatal(lines(ds))
			}
			hot, restart := before.Changed(after)
			if got := fmt.Sprint(hot); got != tt.hot {
				t.Errorf("hot %s, want %s", got, tt.hot)
			}
			if got := fmt.Sprint(restart); got != tt.restart {
				t.Errorf("restart %s, want %s", got, tt.restart)
			}
		})
	}
}

// A file that is half written at one read, and whole at the next, was never seen.
func TestWatchWantsTwoReadsThatAgree(t *testing.T) {
	t.Parallel()
	var applied []float64
	path := write(t, rate(0.5))
	w := config.NewWatcher(config.Sources{Files: []string{path}, Environ: []string{}, Registry: builtin, Logger: slog.New(slog.DiscardHandler)},
		func(c *config.Config) error {
			applied = append(applied, c.Sampling.SampleRate)
			return nil
		})
	for _, text := range []string{rate(0.5), rate(0.5), "tracing: {sample_ra", "", rate(0.1), rate(0.2), rate(0.2), rate(0.2)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.Poll()
	}
	if s := w.Stats(); !slices.Equal(applied, []float64{0.5, 0.2}) || s.Applied != 2 || s.Rejected != 0 {
		t.Errorf("applied %v, stats %+v", applied, s)
	}
}
