package spanroute_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/jaeger"
	_ "github.com/spanroute/spanroute/exporters/otlp"
	_ "github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/registry"
)

// keeper is an exporter that stores the spans it receives.
type keeper struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

func (k *keeper) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, spans...)
	return nil
}

func (k *keeper) Shutdown(context.Context) error { return nil }

func (k *keeper) names() (names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.spans {
		names = append(names, s.Name())
	}
	return names
}

func (k *keeper) only(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.spans) != 1 {
		t.Fatalf("%d spans were exported, want 1", len(k.spans))
	}
	return k.spans[0]
}

// hanging is an exporter that ignores its context: exports return only after release is closed.
type hanging struct{ release chan struct{} }

func (h hanging) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { <-h.release; return nil }

func (h hanging) Shutdown(context.Context) error { <-h.release; return nil }

// holder keeps a file open and a goroutine running until it is shut down.
type holder struct {
	keeper
	file *os.File
	stop chan struct{}
}

func (h *holder) Shutdown(context.Context) error {
	close(h.stop)
	return h.file.Close()
}

type testSettings struct {
	Path string `koanf:"path" doc:"file that the exporter keeps open"`
}

// factories returns the exporter types that these tests configure.
func factories(t *testing.T, keep *keeper, release chan struct{}) *registry.Registry {
	t.Helper()
	defaults := func() testSettings { return testSettings{Path: os.DevNull} }
	r := new(registry.Registry)
	for _, f := range []registry.Factory{
		registry.NewFactory("keep", defaults, func(context.Context, registry.BuildContext, testSettings) (sdktrace.SpanExporter, error) {
			return keep, nil
		}),
		registry.NewFactory("hang", defaults, func(context.Context, registry.BuildContext, testSettings) (sdktrace.SpanExporter, error) {
			return hanging{release}, nil
		}),
		registry.NewFactory("broken", defaults, func(context.Context, registry.BuildContext, testSettings) (sdktrace.SpanExporter, error) {
			return nil, errors.New("the backend is painted on")
		}),
		registry.NewFactory("hold", defaults, func(_ context.Context, _ registry.BuildContext, s testSettings) (sdktrace.SpanExporter, error) {
			file, err := os.Open(s.Path)
			if err != nil {
				return nil, err
			}
			h := &holder{file: file, stop: make(chan struct{})}
			go func() { <-h.stop }()
			return h, nil
		}),
	} {
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// load reads the section given as a map. It does not read the environment.
func load(t *testing.T, known *registry.Registry, section map[string]any) *config.Config {
	t.Helper()
	cfg, err := config.Load(config.Sources{Registry: known, Overrides: section, Environ: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// start starts a Tracing with one exporter, a keeper.
func start(t *testing.T, section map[string]any, opts ...spanroute.Option) (*spanroute.Tracing, *keeper) {
	t.Helper()
	keep := new(keeper)
	section["exporter_type"] = "keep"
	tracing, err := spanroute.Start(t.Context(), load(t, factories(t, keep, nil), section), append(opts, spanroute.WithLogger(slog.New(slog.DiscardHandler)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracing.Shutdown(context.Background()) })
	return tracing, keep
}

func flush(t *testing.T, tracing *spanroute.Tracing) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := tracing.ForceFlush(ctx); err != nil {
		t.Fatal(err)
	}
}

// balanced fails the test unless every span is accounted for.
func balanced(t *testing.T, tracing *spanroute.Tracing) {
	t.Helper()
	for _, x := range tracing.Stats().Exporters {
		if x.Ended+x.Adopted != x.Delivered+x.DroppedTotal()+x.Queued+x.Spooled {
			t.Errorf("%s: the account does not balance: %+v", x.Name, x.Stats)
		}
	}
}

// logBuffer is a log that tests can read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
