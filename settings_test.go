package spanroute_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// Every key of the configuration that concerns delivery is passed to the exporter.
func TestExporterReceivesTheConfiguration(t *testing.T) {
	var received registry.BuildContext
	known := new(registry.Registry)
	if err := known.Register(registry.NewFactory("keep", func() testSettings { return testSettings{} },
		func(_ context.Context, common registry.BuildContext, _ testSettings) (sdktrace.SpanExporter, error) {
			received = common
			return new(keeper), nil
		})); err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	tracing, err := spanroute.Start(t.Context(), load(t, known, map[string]any{
		"exporter_type": "keep", "timeout": 7, "max_tag_value_length": 99,
		"batch":    map[string]any{"schedule_delay": 1, "export_timeout": 2, "max_queue_size": 4000, "max_export_batch_size": 300},
		"delivery": map[string]any{"queue_bytes": 5000, "retry": map[string]any{"initial": 3, "max": 4, "probe": 0, "max_elapsed": 0, "max_retry_after": 6}},
	}), spanroute.WithLogger(logger))
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.Background())
	want := delivery.Options{
		ID: "keep", QueueBytes: 5000, BatchSize: 300, MaxQueueSize: 4000, BatchDelay: time.Second, Timeout: 7 * time.Second,
		ExportTimeout: 2 * time.Second, Logger: logger,
		Retry: delivery.RetryOptions{Initial: 3 * time.Second, Max: 4 * time.Second, Probe: -1, MaxElapsed: -1, MaxRetryAfter: 6 * time.Second},
	}
	if diff := cmp.Diff(want, received.Delivery, cmp.Comparer(func(a, b *slog.Logger) bool { return a == b })); diff != "" {
		t.Errorf("delivery options (-want +got):\n%s", diff)
	}
	if received.Timeout() != 7*time.Second || received.MaxTagValueLength != 99 {
		t.Errorf("timeout %v, max_tag_value_length %d; want 7s and 99", received.Timeout(), received.MaxTagValueLength)
	}
}

// batch.max_queue_size limits the queue of every exporter if it is set; its default limits only the queues of wrapped
// exporters.
func TestMaxQueueSize(t *testing.T) {
	for name, row := range map[string]struct {
		file    string
		environ []string
		code    int
		queued  map[string]uint64
	}{
		"not set":               {queued: map[string]uint64{"silent": 3000, "foreign": 2048}},
		"file":                  {file: "tracing: {batch: {max_queue_size: 700}}", queued: map[string]uint64{"silent": 700, "foreign": 700}},
		"file, as the default":  {file: "tracing: {batch: {max_queue_size: 2048}}", queued: map[string]uint64{"silent": 2048, "foreign": 2048}},
		"variable":              {environ: []string{"OTEL_BSP_MAX_QUEUE_SIZE=600"}, queued: map[string]uint64{"silent": 600, "foreign": 600}},
		"code":                  {code: 550, queued: map[string]uint64{"silent": 550, "foreign": 550}},
		"less than a batch":     {environ: []string{"SPANROUTE_BATCH_MAX_QUEUE_SIZE=5"}, queued: map[string]uint64{"silent": 5, "foreign": 5}},
		"more than the default": {file: "tracing: {batch: {max_queue_size: 2500}}", queued: map[string]uint64{"silent": 2500, "foreign": 2500}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := config.Load(config.Sources{
				Registry: silentExporters(t), Environ: row.environ,
				Files:     []string{write(t, row.file)},
				Overrides: map[string]any{"exporter_type": "silent,foreign", "sample_rate": 1},
			})
			if err != nil {
				t.Fatal(err)
			}
			if row.code > 0 {
				cfg.Batch.MaxQueueSize = row.code
			}
			tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			for range 3000 {
				span(tracing, "work")
			}
			for _, x := range tracing.Stats().Exporters {
				if want := row.queued[x.Name]; x.Queued != want || x.Dropped["queue_full"] != 3000-want {
					t.Errorf("%s: %d queued, dropped %v, want %d queued and the rest queue_full", x.Name, x.Queued, x.Dropped, want)
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = tracing.Shutdown(ctx)
			balanced(t, tracing)
		})
	}
}

// write returns the path of a file with text, or with a minimal section if text is empty.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tracing.yaml")
	if text == "" {
		text = "tracing: {service_name: shop}"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSpanLimitsOfTheConfiguration(t *testing.T) {
	tracing, keep := start(t, map[string]any{"sample_rate": 1, "limits": map[string]any{
		"attribute_count": 1, "event_count": 2, "link_count": 3, "event_attribute_count": 4, "link_attribute_count": 5,
	}})
	var many []attribute.KeyValue
	for _, key := range strings.Split("abcdefgh", "") {
		many = append(many, attribute.Bool(key, true))
	}
	link := trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}), Attributes: many}
	_, s := tracing.TracerProvider().Tracer("").Start(t.Context(), "work", trace.WithAttributes(many...), trace.WithLinks(link, link, link, link))
	for range 4 {
		s.AddEvent("e", trace.WithAttributes(many...))
	}
	s.End()
	flush(t, tracing)
	got := keep.only(t)
	counts := []int{len(got.Attributes()), len(got.Events()), len(got.Links()), len(got.Events()[0].Attributes), len(got.Links()[0].Attributes)}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, counts); diff != "" {
		t.Errorf("attributes, events, links, attributes of an event, of a link (-want +got):\n%s", diff)
	}
}

// Every fault of an exporter's settings contains the full key and its source, also if it is found when the exporter is
// opened.
func TestFaultsOfAnExporterNameTheirKeys(t *testing.T) {
	key := func(name string) error { return &settings.KeyError{Key: name, Err: errors.New(name + " is bad")} }
	tests := []struct {
		name     string
		section  map[string]any
		validate error
		build    error
		want     string
	}{
		{"one", map[string]any{"path": 7}, nil, nil, "override: faulty.path: 7 is not text; quote it"},
		{"several types", map[string]any{"path": 7, "mode": true}, nil, nil,
			"built-in: faulty.mode: true is not text; quote it\noverride: faulty.path: 7 is not text; quote it"},
		{"several of Validate", map[string]any{"path": "x"}, errors.Join(key("mode"), key("path")), nil,
			"built-in: faulty.mode: mode is bad\noverride: faulty.path: path is bad"},
		{"without a key", map[string]any{"path": "x"}, errors.Join(key("mode"), errors.New("the two do not fit")), nil,
			"built-in: faulty.mode: mode is bad\nfaulty: the two do not fit"},
		{"wrapped", map[string]any{"path": "x"}, fmt.Errorf("check: %w", errors.Join(key("mode"), key("path"))), nil,
			"built-in: faulty.mode: mode is bad\noverride: faulty.path: path is bad"},
		{"two causes in one", map[string]any{"path": "x"}, fmt.Errorf("%w and %w", io.EOF, fs.ErrNotExist), nil,
			"faulty: EOF and file does not exist"},
		{"several of build", map[string]any{"path": "x"}, nil, errors.Join(key("mode"), key("path")),
			"open exporter \"faulty\": built-in: faulty.mode: mode is bad\noverride: faulty.path: path is bad"},
	}
	for _, tt := range tests {
		var r registry.Registry
		if err := r.Register(registry.NewFactory("faulty", nil, func(context.Context, registry.BuildContext, faulty) (sdktrace.SpanExporter, error) {
			return nil, tt.build
		})); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(config.Sources{Environ: []string{}, Registry: &r, Overrides: map[string]any{
			"exporter_type": "faulty", "sample_rate": 1, "faulty": map[string]any{"path": "as loaded"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		x := cfg.Exporters["faulty"]
		x.Settings = tt.section // changed after the checks of config
		cfg.Exporters["faulty"] = x
		setFault(tt.validate)
		_, err = spanroute.Start(t.Context(), cfg)
		setFault(nil)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: Start = %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// faulty are settings whose Validate returns faultOf.
type faulty struct {
	Path string `koanf:"path" doc:"a path"`
	Mode string `koanf:"mode" doc:"a mode"`
}

var faultOf error

func setFault(err error) { faultOf = err }

func (faulty) Validate() error { return faultOf }

// After Shutdown, new spans are not recorded, even if the context of Shutdown had ended.
func TestNothingIsRecordedAfterShutdown(t *testing.T) {
	for _, over := range []bool{false, true} {
		tracing, _ := start(t, map[string]any{"sample_rate": 1})
		ctx, cancel := context.WithCancel(context.Background())
		if over {
			cancel()
		}
		_ = tracing.Shutdown(ctx)
		cancel()
		if _, s := tracing.TracerProvider().Tracer("test").Start(context.Background(), "late"); s.IsRecording() {
			t.Errorf("a span records after Shutdown, its context over: %t", over)
		}
	}
}

// A processor that hangs does not block a Shutdown without a deadline forever.
func TestShutdownWithoutDeadlineIsBounded(t *testing.T) {
	g := &guest{hold: make(chan struct{}), waiting: make(chan struct{}, 1)}
	defer close(g.hold)
	tracing, _ := start(t, map[string]any{"batch": map[string]any{"export_timeout": "20ms"}}, spanroute.WithSpanProcessor(g))
	if err := tracing.Shutdown(context.Background()); err == nil || !strings.HasPrefix(err.Error(), "span processor: ") {
		t.Errorf("Shutdown = %v, want the processor named after batch.export_timeout", err)
	}
}

// Concurrent calls of Apply are serialized and each counts once. This test is most useful with -race.
func TestApplyFromSeveralGoroutines(t *testing.T) {
	tracing, _ := start(t, map[string]any{})
	var group sync.WaitGroup
	for i := range 8 {
		cfg := config.Default()
		cfg.Sampling.SampleRate = float64(i+1) / 10
		group.Go(func() {
			if err := tracing.Apply(cfg); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := tracing.Stats().Reloads; got.Applied != 8 || got.Rejected != 0 {
		t.Errorf("reloads %+v, want 8 applied", got)
	}
}

// Errors of several components are joined in configured order, each with its name.
func TestShutdownJoinsErrorsInOrder(t *testing.T) {
	tracing, _ := start(t, map[string]any{}, spanroute.WithSpanProcessor(new(counting)), spanroute.WithSpanProcessor(grumpy{new(guest)}))
	want := "span processor: " + io.ErrClosedPipe.Error() + "\nspan processor: panic with a string"
	if err := tracing.Shutdown(context.Background()); err == nil || err.Error() != want {
		t.Errorf("Shutdown = %v, want %s", err, want)
	}
}
