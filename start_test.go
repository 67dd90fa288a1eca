package spanroute_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
)

func span(tracing *spanroute.Tracing, name string, opts ...trace.SpanStartOption) {
	_, s := tracing.TracerProvider().Tracer("test").Start(context.Background(), name, opts...)
	s.End()
}

func TestSpansReachTheExporter(t *testing.T) {
	tracing, keep := start(t, map[string]any{
		"sample_rate": 1, "service_name": "shop", "resource_attributes": map[string]any{"deployment.environment.name": "test"},
		"max_tag_value_length": 5,
	})
	span(tracing, "work", trace.WithAttributes(attribute.String("long", "abcdefgh")))
	flush(t, tracing)

	got := keep.only(t)
	if got.Name() != "work" || !got.SpanContext().IsSampled() {
		t.Errorf("exported %q, sampled %t", got.Name(), got.SpanContext().IsSampled())
	}
	if want := []attribute.KeyValue{attribute.String("long", "abcde")}; !cmp.Equal(got.Attributes(), want, cmp.Comparer(func(a, b attribute.KeyValue) bool { return a == b })) {
		t.Errorf("attributes %v, want %v", got.Attributes(), want)
	}
	set := got.Resource().Set()
	for key, want := range map[attribute.Key]string{
		"service.name": "shop", "deployment.environment.name": "test", "telemetry.sdk.language": "go", "telemetry.sdk.name": "opentelemetry",
	} {
		if value, _ := set.Value(key); value.AsString() != want {
			t.Errorf("resource %s = %q, want %q", key, value.AsString(), want)
		}
	}
	balanced(t, tracing)
}

func TestNothingIsSampledByDefault(t *testing.T) {
	tracing, keep := start(t, map[string]any{})
	span(tracing, "work")
	flush(t, tracing)
	if names := keep.names(); len(names) > 0 {
		t.Errorf("exported %v, want nothing at the default rate", names)
	}
}

func TestDefaultServiceName(t *testing.T) {
	tracing, keep := start(t, map[string]any{"sample_rate": 1})
	span(tracing, "work")
	flush(t, tracing)
	value, _ := keep.only(t).Resource().Set().Value("service.name")
	if !strings.HasPrefix(value.AsString(), "unknown_service:") || len(value.AsString()) == len("unknown_service:") {
		t.Errorf("service.name = %q, want unknown_service:<executable>", value.AsString())
	}
}

// The SDK merges this variable into every resource. Package config decides whether the variable applies, and this
// configuration is loaded without an environment.
func TestResourceIsNotTakenFromTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "leaked=yes")
	t.Setenv("OTEL_SERVICE_NAME", "leaked")
	tracing, keep := start(t, map[string]any{"sample_rate": 1, "service_name": "shop"})
	span(tracing, "work")
	flush(t, tracing)
	set := keep.only(t).Resource().Set()
	if set.HasValue("leaked") {
		t.Errorf("resource %v contains attributes of the environment", set.ToSlice())
	}
	if name, _ := set.Value("service.name"); name.AsString() != "shop" {
		t.Errorf("service.name = %q, want shop", name.AsString())
	}
}

func TestSpanLimitsAreNotTakenFromTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "1")
	t.Setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0")
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	tracing, keep := start(t, map[string]any{"sample_rate": 1})
	span(tracing, "work", trace.WithAttributes(attribute.String("long", "abcdefgh")))
	flush(t, tracing)
	if got := keep.only(t).Attributes(); len(got) != 1 || got[0].Value.AsString() != "abcdefgh" {
		t.Errorf("attributes %v, want the one that was set, whole", got)
	}
}

func TestFailedStartLeavesNothing(t *testing.T) {
	known := factories(t, new(keeper), nil)
	cfg := load(t, known, map[string]any{"exporter_type": "hold,keep,broken", "sample_rate": 1})
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 10 {
		_, err := spanroute.Start(t.Context(), cfg)
		if want := `open exporter "broken": the backend is painted on`; err == nil || err.Error() != want {
			t.Fatalf("Start = %v, want %s", err, want)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if got := runtime.NumGoroutine(); got > goroutines {
		t.Errorf("%d goroutines before, %d after ten failed starts", goroutines, got)
	}
	if got := openFiles(t); got > files { // connections of earlier tests may close meanwhile
		t.Errorf("%d open files before, %d after ten failed starts", files, got)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	t.Fatal("cannot count open files on this system")
	return 0
}

func TestStartReportsAllFaultsAtOnce(t *testing.T) {
	cfg := config.Default()
	cfg.Sampling.Sampler = "sometimes"
	cfg.ExcludedPaths = []string{"healthz"}
	cfg.Propagators = []string{"pigeon"}
	cfg.ExporterTypes = []string{"nobody"}
	_, err := spanroute.Start(t.Context(), cfg)
	if err == nil {
		t.Fatal("Start succeeded")
	}
	for _, want := range []string{
		`sampling.sampler: "sometimes" is unknown`, `excluded_paths[0]: "healthz" does not begin with /`,
		`propagators: unknown propagator "pigeon"`, `unknown exporter "nobody"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %s:\n%v", want, err)
		}
	}
}

func TestHangingExporterDoesNotSlowOthers(t *testing.T) {
	keep, release := new(keeper), make(chan struct{})
	cfg := load(t, factories(t, keep, release), map[string]any{"exporter_type": "hang,keep", "sample_rate": 1, "batch": map[string]any{"schedule_delay": "1ms"}})
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		span(tracing, "work")
	}
	for deadline := time.Now().Add(10 * time.Second); len(keep.names()) < 100; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of 100 spans exported while another exporter hangs", len(keep.names()))
		}
		time.Sleep(time.Millisecond)
	}
	balanced(t, tracing)

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err = tracing.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "hang: ") {
		t.Errorf("Shutdown = %v, want the deadline, naming the exporter that hangs", err)
	}
	balanced(t, tracing)
	close(release)
}

func TestShutdown(t *testing.T) {
	t.Run("delivers what is queued", func(t *testing.T) {
		tracing, keep := start(t, map[string]any{"sample_rate": 1})
		span(tracing, "work")
		if err := tracing.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		keep.only(t)
		balanced(t, tracing)
	})
	t.Run("twice, and from several goroutines", func(t *testing.T) {
		tracing, _ := start(t, map[string]any{"sample_rate": 1})
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() { errs <- tracing.Shutdown(context.Background()) }()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("with a context that is over", func(t *testing.T) {
		tracing, _ := start(t, map[string]any{"sample_rate": 1})
		span(tracing, "work")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		began := time.Now()
		err := tracing.Shutdown(ctx)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
		stats := tracing.Stats().Exporters[0]
		if stats.Queued != 0 || stats.Delivered+stats.Dropped["shutdown"] != 1 {
			t.Errorf("stats %+v, want the one span delivered or counted as shutdown", stats)
		}
		if stats.Dropped["shutdown"] == 1 && !errors.Is(err, context.Canceled) {
			t.Errorf("Shutdown = %v although a span was left", err)
		}
	})
	t.Run("spans that end later harm nothing", func(t *testing.T) {
		tracing, _ := start(t, map[string]any{"sample_rate": 1})
		_, late := tracing.TracerProvider().Tracer("test").Start(context.Background(), "late")
		if err := tracing.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		late.End()
		span(tracing, "later")
		balanced(t, tracing)
	})
}

func TestUnreachableBackendIsOneLogLine(t *testing.T) {
	var log logBuffer
	cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: map[string]any{
		"exporter_type": "otlp", "sample_rate": 1,
		"otlp":     map[string]any{"protocol": "http", "endpoint": "http://127.0.0.1:1"}, // nothing listens on port 1
		"batch":    map[string]any{"schedule_delay": "1ms"},
		"delivery": map[string]any{"retry": map[string]any{"initial": "1ms", "max": "10ms"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatalf("Start = %v, want a service that starts anyway", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("Start took %v with the backend down", took)
	}
	for range 3 {
		span(tracing, "work")
	}
	for deadline := time.Now().Add(10 * time.Second); tracing.Stats().Exporters[0].Retries < 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if n := strings.Count(log.String(), "not delivering spans"); n != 1 || !strings.Contains(log.String(), "127.0.0.1:1") {
		t.Errorf("%d lines report undelivered spans, want one that names the endpoint:\n%s", n, log.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = tracing.Shutdown(ctx)
	balanced(t, tracing)
}

// Start does not contact any receiver, so that unreachable receivers slow neither Start nor the spans.
func TestStartWithEveryDestinationDown(t *testing.T) {
	cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: map[string]any{
		"exporter_type": "otlp,zipkin,jaeger", "sample_rate": 1,
		"otlp":   map[string]any{"endpoint": "http://127.0.0.1:1"}, // nothing listens on port 1
		"zipkin": map[string]any{"endpoint": "http://127.0.0.1:1/api/v2/spans"},
		"jaeger": map[string]any{"collector_endpoint": "http://127.0.0.1:1/api/traces"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatalf("Start = %v, want a service that starts anyway", err)
	}
	if took := time.Since(began); took > 5*time.Second { // an attempt may take 10 s
		t.Errorf("Start took %v with everything down", took)
	}
	for range 1000 {
		span(tracing, "work")
	}
	balanced(t, tracing)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := tracing.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown = %v, want the spans that are left", err)
	}
	balanced(t, tracing)
	for _, x := range tracing.Stats().Exporters {
		if x.Ended != 1000 || x.Dropped["shutdown"] != 1000 {
			t.Errorf("%s: %d ended, dropped %v, want 1000, all left at shutdown", x.Name, x.Ended, x.Dropped)
		}
	}
}

func TestDisabled(t *testing.T) {
	tracing, _ := start(t, map[string]any{"enabled": false, "sample_rate": 1})
	caller := "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01"
	ctx := tracing.Propagator().Extract(context.Background(), propagation.MapCarrier{"traceparent": caller})
	ctx, s := tracing.TracerProvider().Tracer("test").Start(ctx, "work")
	s.End()
	out := propagation.MapCarrier{}
	tracing.Propagator().Inject(ctx, out)
	if out["traceparent"] != caller || s.IsRecording() {
		t.Errorf("traceparent %q, recording %t; want the caller's, false", out["traceparent"], s.IsRecording())
	}
	if n := len(tracing.Stats().Exporters); n != 0 {
		t.Errorf("%d exporters are open", n)
	}
	if err := tracing.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestNilConfigSamplesNothing(t *testing.T) {
	tracing, err := spanroute.Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.Background())
	_, s := tracing.TracerProvider().Tracer("test").Start(context.Background(), "work")
	if s.IsRecording() || !s.SpanContext().IsValid() {
		t.Errorf("recording %t, ids valid %t; want ids and no recording", s.IsRecording(), s.SpanContext().IsValid())
	}
}

func TestSetGlobal(t *testing.T) {
	t.Cleanup(func() {
		otel.SetTracerProvider(noop.NewTracerProvider())
		otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())
	})
	tracing, _ := start(t, map[string]any{"sample_rate": 1})
	if otel.GetTracerProvider() == tracing.TracerProvider() {
		t.Fatal("Start wrote the global provider")
	}
	tracing.SetGlobal()
	if otel.GetTracerProvider() != tracing.TracerProvider() {
		t.Error("the global provider is another one")
	}
	if got := fmt.Sprint(otel.GetTextMapPropagator().Fields()); !strings.Contains(got, "traceparent") || !strings.Contains(got, "baggage") {
		t.Errorf("the global propagator has fields %s", got)
	}
}

type counting struct{ started, ended, flushed, stopped int }

func (c *counting) OnStart(context.Context, sdktrace.ReadWriteSpan) { c.started++ }
func (c *counting) OnEnd(sdktrace.ReadOnlySpan)                     { c.ended++ }
func (c *counting) ForceFlush(context.Context) error                { c.flushed++; return nil }
func (c *counting) Shutdown(context.Context) error                  { c.stopped++; return io.ErrClosedPipe }

func TestWithSpanProcessor(t *testing.T) {
	c := new(counting)
	tracing, keep := start(t, map[string]any{"sampling": map[string]any{"dropped": "record"}}, spanroute.WithSpanProcessor(c), spanroute.WithSpanProcessor(nil))
	if tracing.Instrumentation().DeferAttributes {
		t.Error("a span processor may read attributes at start, but the middleware defers attributes to the end")
	}
	span(tracing, "unsampled")
	flush(t, tracing)
	err := tracing.Shutdown(context.Background())
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Shutdown = %v, want the processor's error", err)
	}
	if *c != (counting{1, 1, 1, 1}) || len(keep.names()) != 0 {
		t.Errorf("processor saw %+v, exporter %v; want one of each, and nothing", *c, keep.names())
	}
}
