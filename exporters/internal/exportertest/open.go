package exportertest

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

// Place is the source that diagnostics of an opened exporter name for each key.
const Place = "app.yaml:3:5"

// An Exporter is the exporter that a package tests.
type Exporter struct {
	Name    string
	Factory registry.Factory
}

// Prepare checks a section with a registry that has only this exporter.
func (e Exporter) Prepare(section map[string]any) (registry.Opener, error) {
	var r registry.Registry
	if err := r.Register(e.Factory); err != nil {
		return nil, err
	}
	return r.Prepare(e.Name, section)
}

// Open builds the exporter as the root package does, and shuts it down when the test ends. Retries come soon. A batch that is
// not full is sent by [Flush] only, so that a test that counts requests does not depend on time; see Soon.
func (e Exporter) Open(t testing.TB, section map[string]any, change ...func(*registry.BuildContext)) delivery.Destination {
	t.Helper()
	open, err := e.Prepare(section)
	if err != nil {
		t.Fatal(err)
	}
	common := registry.BuildContext{
		Source: func(string) string { return Place },
		Delivery: delivery.Options{
			ID: e.Name, BatchDelay: time.Hour, Retry: delivery.RetryOptions{Initial: 20 * time.Millisecond},
			Logger: slog.New(slog.DiscardHandler),
		},
	}
	for _, f := range change {
		f(&common)
	}
	x, err := open(context.Background(), common)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = x.Shutdown(ctx) // the context has ended: what is queued is dropped
	})
	return x.(delivery.Destination)
}

// Soon makes the exporter send batches that are not full, for a test that does not flush.
func Soon(c *registry.BuildContext) { c.Delivery.BatchDelay = time.Millisecond }

// Timeout sets the time limit of an attempt.
func Timeout(d time.Duration) func(*registry.BuildContext) {
	return func(c *registry.BuildContext) { c.Delivery.Timeout = d }
}

// Flush exports spans and waits until each is delivered or dropped.
func Flush(t testing.TB, x delivery.Destination, spans ...sdktrace.ReadOnlySpan) delivery.Stats {
	t.Helper()
	if err := x.ExportSpans(context.Background(), spans); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := x.ForceFlush(ctx); err != nil {
		t.Fatalf("%v: %+v", err, x.Stats())
	}
	return Account(t, x)
}

// Account returns the accounts and checks that they add up.
func Account(t testing.TB, x delivery.Destination) delivery.Stats {
	t.Helper()
	s := x.Stats()
	if s.Ended != s.Delivered+s.DroppedTotal()+s.Queued {
		t.Errorf("accounts do not add up: %+v", s)
	}
	return s
}

// Failing makes the exporter send what is queued and waits until an attempt has failed.
func Failing(t testing.TB, x delivery.Destination) delivery.Stats {
	t.Helper()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = x.ForceFlush(ended) // starts the attempt and does not wait
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if s := Account(t, x); s.LastError != "" {
			return s
		}
	}
	t.Fatal("no failure within 20 s")
	return delivery.Stats{}
}

// FailsOnce exports spans and waits until an attempt has failed.
func FailsOnce(t testing.TB, x delivery.Destination, spans ...sdktrace.ReadOnlySpan) delivery.Stats {
	t.Helper()
	if err := x.ExportSpans(context.Background(), spans); err != nil {
		t.Fatal(err)
	}
	return Failing(t, x)
}

// LogTo sends the log of an exporter to b. Read b only after Shutdown.
func LogTo(b *strings.Builder) func(*registry.BuildContext) {
	return func(c *registry.BuildContext) { c.Delivery.Logger = slog.New(slog.NewTextHandler(&locked{b: b}, nil)) }
}

// A locked builder is safe for the goroutines of an exporter.
type locked struct {
	mu sync.Mutex
	b  *strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
