package memory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/registrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// span n of trace id.
func span(id byte, n int, attrs ...attribute.KeyValue) sdktrace.ReadOnlySpan {
	return tracetest.SpanStub{
		Name: fmt.Sprintf("%d/%d", id, n), Attributes: attrs,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{id}, SpanID: trace.SpanID{byte(n), 1}}),
	}.Snapshot()
}

func names(list []sdktrace.ReadOnlySpan) (all []string) {
	for _, s := range list {
		all = append(all, s.Name())
	}
	return all
}

// traces is what a page would show: traces newest first, with their spans and what is missing.
func traces(s *memory.Store, n int) (all []string) {
	for _, t := range s.Traces(n) {
		all = append(all, fmt.Sprint(strings.Join(names(t.Spans), " "), " -", t.Evicted))
	}
	return all
}

func TestStore(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		limits memory.Limits
		add    []sdktrace.ReadOnlySpan
		spans  []string
		traces []string
	}{
		"empty": {},
		"two traces interleaved": {
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(2, 1), span(1, 2)},
			spans:  []string{"1/1", "2/1", "1/2"},
			traces: []string{"2/1 -0", "1/1 1/2 -0"},
		},
		"nil is nothing": {add: []sdktrace.ReadOnlySpan{nil, span(1, 1)}, spans: []string{"1/1"}, traces: []string{"1/1 -0"}},
		"the oldest span makes room": {
			limits: memory.Limits{Spans: 2},
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(1, 2), span(2, 1), span(1, 3)},
			spans:  []string{"2/1", "1/3"},
			traces: []string{"2/1 -0", "1/3 -2"},
		},
		"a trace knows what it lost": {
			limits: memory.Limits{Spans: 2},
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(1, 2), span(1, 3)},
			spans:  []string{"1/2", "1/3"},
			traces: []string{"1/2 1/3 -1"},
		},
		"the oldest trace makes room as a whole": {
			limits: memory.Limits{Traces: 2},
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(2, 1), span(1, 2), span(3, 1)},
			spans:  []string{"2/1", "3/1"},
			traces: []string{"3/1 -0", "2/1 -0"},
		},
		"a huge trace makes room for itself": {
			limits: memory.Limits{TraceSpans: 2},
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(2, 1), span(2, 2), span(2, 3), span(2, 4)},
			spans:  []string{"1/1", "2/3", "2/4"},
			traces: []string{"2/3 2/4 -2", "1/1 -0"},
		},
		"bytes": {
			limits: memory.Limits{Bytes: 1200},
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(1, 2), span(1, 3)},
			spans:  []string{"1/2", "1/3"},
			traces: []string{"1/2 1/3 -1"},
		},
		"a span above all bytes is kept alone": {
			limits: memory.Limits{Bytes: 1200},
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(1, 2, attribute.String("k", strings.Repeat("x", 5000)))},
			spans:  []string{"1/2"},
			traces: []string{"1/2 -1"},
		},
		"no limits": {
			limits: memory.Limits{Spans: -1, Bytes: -1, Traces: -1},
			add:    []sdktrace.ReadOnlySpan{span(1, 1), span(2, 1)},
			spans:  []string{"1/1", "2/1"},
			traces: []string{"2/1 -0", "1/1 -0"},
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := memory.NewStore(row.limits)
			for _, one := range row.add {
				s.Add(one)
			}
			if diff := cmp.Diff(row.spans, names(s.Spans())); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.traces, traces(s, -1)); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
			if got := s.Traces(1); len(got) > 1 {
				t.Errorf("Traces(1) = %d traces", len(got))
			}
			s.Reset()
			if got := len(s.Spans()) + len(s.Traces(-1)); got != 0 {
				t.Errorf("%d spans and traces after Reset, want none", got)
			}
		})
	}
}

func TestTraceByID(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.Limits{})
	s.Add(span(1, 1))
	s.Add(span(2, 1))
	if got, ok := s.Trace(trace.TraceID{2}); !ok || got.ID != (trace.TraceID{2}) || len(got.Spans) != 1 {
		t.Errorf("Trace = %+v, %v, want the one span", got, ok)
	}
	if _, ok := s.Trace(trace.TraceID{9}); ok {
		t.Error("Trace of an unknown id = true, want false")
	}
}

func TestWhatAStoreHandsOutIsTheCallers(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.Limits{})
	s.Add(span(1, 1))
	s.Spans()[0] = nil
	s.Traces(-1)[0].Spans[0] = nil
	if s.Spans()[0] == nil || s.Traces(-1)[0].Spans[0] == nil {
		t.Error("a caller's change of a slice is seen in the store")
	}
}

func TestDefaultKeeps10000Spans(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.Limits{})
	for n := range 10_100 {
		s.Add(span(byte(n), n))
	}
	if got := len(s.Spans()); got != 10_000 {
		t.Errorf("%d spans, want 10000", got)
	}
}

// Wait returns at once when something has changed, else at the next change or with its context.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.NewStore(memory.Limits{})
		seen := s.Generation()
		time.AfterFunc(time.Second, func() { s.Add(span(1, 1)) })
		start := time.Now()
		next := s.Wait(t.Context(), seen)
		if took := time.Since(start); took != time.Second || next == seen {
			t.Errorf("Wait took %v and returned %d, want 1s and another generation than %d", took, next, seen)
		}
		if got := s.Wait(t.Context(), seen); got != next {
			t.Errorf("Wait with an old generation = %d, want %d at once", got, next)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := s.Wait(ctx, next); got != next || time.Since(start) != 2*time.Second {
			t.Errorf("Wait without a change = %d after %v, want %d with its context", got, time.Since(start), next)
		}
		time.AfterFunc(time.Second, s.Reset)
		if got := s.Wait(t.Context(), next); got == next {
			t.Error("Reset is no change")
		}
	})
}

func TestExporter(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(memory.Limits{})
	x := memory.New(store)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(x))
	_, one := provider.Tracer("test").Start(t.Context(), "one")
	one.End()
	if got := names(store.Spans()); !cmp.Equal(got, []string{"one"}) {
		t.Errorf("spans after End = %v, want one", got)
	}
	x.Enqueue(span(1, 1))
	x.Enqueue(nil)
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := x.ExportSpans(t.Context(), []sdktrace.ReadOnlySpan{span(1, 2)}); !errors.Is(err, delivery.ErrShutdown) {
		t.Errorf("export after Shutdown = %v, want ErrShutdown", err)
	}
	if err := x.ExportSpans(t.Context(), nil); err != nil {
		t.Errorf("empty export = %v, want nil", err)
	}
	want := delivery.Stats{Ended: 3, Delivered: 2, Dropped: map[delivery.Reason]uint64{"shutdown": 1}, Repaired: map[delivery.Repair]uint64{}}
	if diff := cmp.Diff(want, x.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if got := len(store.Spans()); got != 2 {
		t.Errorf("%d spans after Shutdown, want 2: the store outlives the exporter", got)
	}
	store.Reset()
	if got := len(store.Spans()); got != 0 {
		t.Errorf("%d spans after Reset, want none", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(memory.Limits{Spans: 100, Traces: 7})
	x := memory.New(store)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for n := range 500 {
				x.Enqueue(span(byte(n%11), g))
				if n%50 == 0 {
					_, _, _ = store.Spans(), store.Traces(3), x.Stats()
				}
			}
		})
	}
	group.Wait()
	if got := x.Stats(); got.Delivered != 4000 {
		t.Errorf("delivered %d, want 4000", got.Delivered)
	}
}

// Spans that come after Shutdown are reported in one line, where the configuration opened the exporter.
func TestSpansAfterShutdownAreReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var known registry.Registry
		if err := known.Register(memory.NewFactory(memory.NewStore(memory.Limits{}))); err != nil {
			t.Fatal(err)
		}
		open, err := known.Prepare("memory", nil)
		if err != nil {
			t.Fatal(err)
		}
		exporter, err := open(t.Context(), registry.BuildContext{Delivery: delivery.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}})
		if err != nil {
			t.Fatal(err)
		}
		x := exporter.(*memory.Exporter)
		_ = x.Shutdown(t.Context())
		for n := range 11 {
			x.Enqueue(span(1, n))
		}
		synctest.Wait()
		if got := x.Stats(); got.Ended != 11 || got.Dropped["shutdown"] != 11 {
			t.Errorf("stats = %+v, want 11 ended and dropped", got)
		}
		if n := strings.Count(log.String(), `msg="dropping spans that end after shutdown" exporter=memory`); n != 1 {
			t.Errorf("%d lines about late spans, want one:\n%s", n, log.String())
		}
	})
}

// The configuration's exporters fill the process's store, or the one the program registered.
func TestFactory(t *testing.T) {
	store := memory.NewStore(memory.Limits{})
	var own registry.Registry
	if err := own.Register(memory.NewFactory(store)); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		known *registry.Registry
		store *memory.Store
	}{
		"process": {registry.Default(), memory.Default()},
		"own":     {&own, store},
	} {
		t.Run(name, func(t *testing.T) {
			open, err := row.known.Prepare("in_memory", map[string]any{"keep": 2})
			if err != nil {
				t.Fatal(err)
			}
			x, err := open(t.Context(), registry.BuildContext{})
			if err != nil {
				t.Fatal(err)
			}
			row.store.Reset()
			if err := x.ExportSpans(t.Context(), []sdktrace.ReadOnlySpan{span(1, 1), span(1, 2), span(1, 3)}); err != nil {
				t.Error(err)
			}
			if got := names(row.store.Spans()); !cmp.Equal(got, []string{"1/2", "1/3"}) {
				t.Errorf("spans = %v, want the last two", got)
			}
		})
	}
	if _, err := own.Prepare("memory", map[string]any{"keep": 0}); err == nil {
		t.Error("keep 0 is accepted, want an error")
	}
}

func TestConformance(t *testing.T) {
	registrytest.Run(t, memory.Factory, map[string]any{"keep": 100})
}

func Example() {
	store := memory.NewStore(memory.Limits{Spans: 1000})
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory.New(store)))
	tracer := provider.Tracer("shop")
	ctx, request := tracer.Start(context.Background(), "GET /orders/{id}")
	_, query := tracer.Start(ctx, "SELECT orders")
	query.End()
	request.End()
	for _, t := range store.Traces(20) {
		for _, s := range t.Spans {
			fmt.Println(s.Name())
		}
	}
	// Output:
	// SELECT orders
	// GET /orders/{id}
}
