package mw_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/mw"
)

// Handlers may keep requests, contexts and spans for any time. They are never those of another request.
func TestKeptRequestsAreNeverReused(t *testing.T) {
	rec := spantest.NewRecorder(t)
	type kept struct {
		r    *http.Request
		span trace.Span
		sc   trace.SpanContext
		path string
	}
	var mu sync.Mutex
	var all []kept
	h := mw.New(mw.With(rec.Tracing()))(handling(func(_ http.ResponseWriter, r *http.Request) {
		span := trace.SpanFromContext(r.Context())
		mu.Lock()
		defer mu.Unlock()
		all = append(all, kept{r, span, span.SpanContext(), r.URL.Path})
	}))
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 50 {
				h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", fmt.Sprintf("/%d/%d", worker, i)))
			}
		})
	}
	group.Wait()
	runtime.GC()
	for _, k := range all {
		k.span.SetName("late")
		if trace.SpanFromContext(k.r.Context()) != k.span || !k.span.SpanContext().Equal(k.sc) || k.r.URL.Path != k.path || k.span.IsRecording() {
			t.Errorf("%s: the request is another one, or its span still records", k.path)
		}
	}
	for _, s := range rec.Spans() {
		if s.Name() == "late" {
			t.Error("a span has changed after its end")
		}
	}
}

// The context of a request returns its span also below other contexts, is cancelled with that of the server, and passes on
// its values.
func TestContextOfARequestHoldsItsSpan(t *testing.T) {
	type key struct{}
	for _, tt := range []struct {
		name    string
		sampler sdktrace.Sampler
		opts    []mw.ServerOption
	}{
		{"sampled", sdktrace.AlwaysSample(), nil},
		{"unsampled", sdktrace.NeverSample(), nil},
		{"excluded", sdktrace.AlwaysSample(), []mw.ServerOption{mw.WithExclude(func(*http.Request) bool { return true })}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t, tt.sampler)
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, 7))
			mw.New(append([]mw.ServerOption{mw.With(rec.Tracing())}, tt.opts...)...)(handling(func(_ http.ResponseWriter, r *http.Request) {
				before := runtime.NumGoroutine()
				below, stop := context.WithCancel(r.Context())
				defer stop()
				if started := runtime.NumGoroutine() - before; started > 0 {
					t.Errorf("%d goroutines wait for the context", started)
				}
				sc := trace.SpanContextFromContext(below)
				if !sc.IsValid() || sc.IsSampled() != (tt.name == "sampled") || below.Value(key{}) != 7 {
					t.Errorf("span context %v, value %v", sc, below.Value(key{}))
				}
				if id, ok := suppress.TraceID(below); ok != (tt.name == "excluded") || ok && id != sc.TraceID() {
					t.Errorf("the mark of an excluded request is %v, %t", id, ok)
				}
				cancel()
				<-below.Done()
			})).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/").WithContext(ctx))
		})
	}
}

func TestRequestsWithAnUnknownSpanKey(t *testing.T) {
	mw.WithoutSpanKey(func() {
		t.Run("passing", TestCallersContextGoesOn)
		t.Run("context", TestContextOfARequestHoldsItsSpan)
	})
}
