package zipkin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/registry/settings"
)

// A receiver that repeats what it was sent puts nothing of it into the statistics.
func TestEchoedHeadersAreMasked(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte("key " + r.Header.Get("X-Key") + " for " + r.Header.Get("X-Tenant")))
	})
	s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": rc.URL, "headers": settings.Pairs{{Name: "X-Key", Value: "hunter2"}, {Name: "X-Tenant", Value: "t1"}}}), exportertest.Spans(1)...)
	if want := "answer 403 Forbidden: key *** for ***"; s.LastError != want {
		t.Errorf("error = %q, want %q", s.LastError, want)
	}
}

// Jaeger's UI answers every POST with its page.
func TestAWebPageIsNotDelivered(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><html></html>"))
	})
	x := exporter.Open(t, map[string]any{"endpoint": rc.URL})
	if s := exportertest.FailsOnce(t, x, exportertest.Spans(2)...); s.Delivered != 0 || s.Queued != 2 || !strings.Contains(s.Hint, "not as a receiver of spans") {
		t.Errorf("stats %+v, want 2 queued and a hint", s)
	}
}
