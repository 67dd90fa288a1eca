package e2e_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

// load reads a configuration file with that text, as an operator would write it, and the variables, and nothing else.
func load(t *testing.T, text string, environ ...string) *config.Config {
	t.Helper()
	cfg, err := config.Load(config.Sources{Files: []string{write(t, text)}, Environ: append([]string{}, environ...)})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// write returns a file with that text.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// destination is one exporter opened from a configuration, without tracer: tests give it spans of their own making.
type destination struct {
	delivery.Destination
	t *testing.T
}

// open opens the exporter of the file with that text as spanroute.Start does.
func open(t *testing.T, text string) destination {
	t.Helper()
	cfg := load(t, text)
	if len(cfg.ExporterTypes) != 1 {
		t.Fatalf("the file names %v, want one exporter", cfg.ExporterTypes)
	}
	name := cfg.ExporterTypes[0]
	opener, err := registry.Default().Prepare(name, cfg.Exporters[name].Settings)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	exporter, err := opener(t.Context(), registry.BuildContext{
		MaxTagValueLength: max(0, cfg.MaxTagValueLength),
		Source:            cfg.Source,
		Delivery: delivery.Options{
			ID: name, Timeout: cfg.Timeout, QueueBytes: cfg.Delivery.QueueBytes,
			BatchSize: cfg.Batch.MaxExportBatchSize, BatchDelay: cfg.Batch.ScheduleDelay, Logger: logger,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	queue, ok := exporter.(delivery.Destination)
	if !ok {
		t.Fatalf("%s has no queue: its losses cannot be counted", name)
	}
	d := destination{queue, t}
	t.Cleanup(d.finish)
	t.Cleanup(d.watch())
	return d
}

// watch checks the account again and again until stop is called: it must balance at every instant.
func (d destination) watch() (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for every := time.NewTicker(2 * time.Millisecond); ; {
			balanced(d.t, d.Stats())
			select {
			case <-stopping:
				every.Stop()
				return
			case <-every.C:
			}
		}
	}()
	return func() { close(stopping); <-stopped }
}

// finish shuts down and checks the account: no span is queued afterwards.
func (d destination) finish() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = d.Shutdown(ctx) // the account records the spans that were left
	if s := balanced(d.t, d.Stats()); s.Queued != 0 {
		d.t.Errorf("%d spans are queued after Shutdown", s.Queued)
	}
}

// give hands over spans as the span processor does.
func (d destination) give(spans []sdktrace.ReadOnlySpan) {
	for _, s := range spans {
		d.Enqueue(s)
	}
}

// deliver hands over spans and waits until every one is delivered; anything else fails the test.
func (d destination) deliver(spans []sdktrace.ReadOnlySpan) delivery.Stats {
	d.t.Helper()
	d.give(spans)
	flush(d.t, d)
	s := balanced(d.t, d.Stats())
	if s.Delivered != s.Ended {
		d.t.Fatalf("%d of %d spans delivered, dropped %v, last error %q", s.Delivered, s.Ended, s.Dropped, s.LastError)
	}
	return s
}

func flush(t *testing.T, x interface{ ForceFlush(context.Context) error }) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := x.ForceFlush(ctx); err != nil {
		t.Fatal(err)
	}
}

// balanced fails the test unless every span is accounted for.
func balanced(t *testing.T, s delivery.Stats) delivery.Stats {
	t.Helper()
	if s.Ended != s.Delivered+s.DroppedTotal()+s.Queued {
		t.Errorf("%d ended, %d delivered, dropped %v, %d queued: the account does not balance", s.Ended, s.Delivered, s.Dropped, s.Queued)
	}
	return s
}

// start calls spanroute.Start with a file with that text, and checks all accounts at the end of the test.
func start(t *testing.T, text string, opts ...spanroute.Option) *spanroute.Tracing {
	t.Helper()
	return startConfig(t, load(t, text), opts...)
}

// startConfig is start with a configuration.
func startConfig(t *testing.T, cfg *config.Config, opts ...spanroute.Option) *spanroute.Tracing {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	tracing, err := spanroute.Start(t.Context(), cfg, append(opts, spanroute.WithLogger(logger))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = tracing.Shutdown(ctx)
		for _, x := range tracing.Stats().Exporters {
			if s := balanced(t, x.Stats); s.Queued != 0 {
				t.Errorf("%s: %d spans are queued after Shutdown", x.Name, s.Queued)
			}
		}
	})
	return tracing
}

// testWriter is a log that shows up where the test that it belongs to fails.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}
