package spanroute_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/mw"
)

func TestApply(t *testing.T) {
	var log logBuffer
	keep := new(keeper)
	known := factories(t, keep, nil)
	section := func(extra map[string]any) map[string]any {
		s := map[string]any{"exporter_type": "keep"}
		for k, v := range extra {
			s[k] = v
		}
		return s
	}
	tracing, err := spanroute.Start(t.Context(), load(t, known, section(nil)), spanroute.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.Background())
	apply := func(extra map[string]any) {
		t.Helper()
		if err := tracing.Apply(load(t, known, section(extra))); err != nil {
			t.Fatal(err)
		}
	}

	apply(nil) // equal: not counted
	span(tracing, "at rate 0")
	apply(map[string]any{"sample_rate": 1, "excluded_paths": "/healthz"})
	span(tracing, "at rate 1")
	flush(t, tracing)
	if got := keep.names(); !slices.Equal(got, []string{"at rate 1"}) {
		t.Errorf("exported %v, want only what started after the rate rose", got)
	}
	if !tracing.Instrumentation().Policy().ExcludesPath("/healthz") {
		t.Error("a pattern added by Apply is not in force")
	}
	if got := tracing.Stats().Reloads; got.Applied != 1 || got.Rejected != 0 || got.Last.IsZero() {
		t.Errorf("reloads %+v, want one applied", got)
	}

	apply(map[string]any{"sample_rate": 1, "excluded_paths": "/healthz", "service_name": "renamed"})
	if !strings.Contains(log.String(), "needs_restart") || !strings.Contains(log.String(), "service_name") {
		t.Errorf("no warning names the key that needs a restart:\n%s", log.String())
	}

	bad := config.Default()
	bad.Sampling.SampleRate = 2
	if err := tracing.Apply(bad); err == nil {
		t.Error("a rate of 2 was applied")
	}
	if err := tracing.Apply(nil); err == nil {
		t.Error("nil was applied")
	}
	if got := tracing.Stats().Reloads; got.Rejected != 2 {
		t.Errorf("reloads %+v, want two rejected", got)
	}
	span(tracing, "after a rejected configuration")
	flush(t, tracing)
	if got := keep.names(); len(got) != 2 {
		t.Errorf("exported %v, want the old configuration to go on", got)
	}
}

func TestApplyUnderLoad(t *testing.T) {
	tracing, _ := start(t, map[string]any{"sample_rate": 0})
	on, off := config.Default(), config.Default()
	on.Sampling.SampleRate = 1
	on.ExcludedURLs = []string{"docs"}
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for range 500 {
				span(tracing, "work")
				tracing.Instrumentation().Policy().ExcludesPath("/docs")
			}
		})
	}
	for i := range 100 {
		if err := tracing.Apply([]*config.Config{on, off}[i%2]); err != nil {
			t.Error(err)
		}
	}
	running.Wait()
	flush(t, tracing)
	balanced(t, tracing)
	if x := tracing.Stats().Exporters[0]; x.DroppedTotal() != 0 {
		t.Errorf("dropped %v while the configuration changed", x.Dropped)
	}
}

// A rule with a route decides at the start, although a middleware inside of the router does not know the route by itself:
// handlers and callees see the decision. A reload adds and removes the lookup.
func TestRouteRulesDecideAtTheStart(t *testing.T) {
	known := factories(t, new(keeper), nil)
	plain := map[string]any{"exporter_type": "keep", "sample_rate": 1}
	rules := map[string]any{"exporter_type": "keep", "sample_rate": 1, "sampling": map[string]any{
		"rules": []any{map[string]any{"route": "/users/{id}", "drop": true}},
	}}
	tracing, err := spanroute.Start(t.Context(), load(t, known, plain), spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.Background())
	sampled := map[string]bool{}
	handler := func(_ http.ResponseWriter, r *http.Request) {
		sampled[r.URL.Path] = trace.SpanContextFromContext(r.Context()).IsSampled()
	}
	router := chi.NewRouter()
	router.Use(mw.New(mw.With(tracing)))
	router.Get("/users/{id}", handler)
	router.Get("/orders/{id}", handler)
	for _, tt := range []struct {
		section map[string]any
		users   bool
	}{{plain, true}, {rules, false}, {plain, true}} {
		if err := tracing.Apply(load(t, known, tt.section)); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]bool{"/users/7": tt.users, "/orders/7": true} {
			router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
			if sampled[path] != want {
				t.Errorf("%s with %v: sampled %t in the handler, want %t", path, tt.section["sampling"], sampled[path], want)
			}
		}
	}
}
