package zipkin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/registry/settings"
)

// A receiver that repeats what it was sent puts nothing of it into the statistics.
func TestEchoedHeadersAreMasked(t *testing.T) {
	t.Parallel()
	rc := receive(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte("key " + r.Header.Get("X-Key") + " for " + r.Header.Get("X-Tenant")))
	})
	s := flush(t, open(t, map[string]any{"endpoint": rc.URL, "headers": settings.Pairs{{Name: "X-Key", Value: "hunter2"}, {Name: "X-Tenant", Value: "t1"}}}), spansS(1)...)
	if want := "answer 403 Forbidden: key *** for ***"; s.LastError != want {
		t.Errorf("error = %q, want %q", s.LastError, want)
	}
}

// Jaeger's UI answers every POST with its page.
func TestAWebPageIsNotDelivered(t *testing.T) {
	t.Parallel()
	rc := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><html></html>"))
	})
	x := open(t, map[string]any{"endpoint": rc.URL})
	if err := x.ExportSpans(context.Background(), spansS(2)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); account(t, x).LastError == ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no failure within 20 s")
		}
	}
	if s := account(t, x); s.Delivered != 0 || s.Queued != 2 || !strings.Contains(s.Hint, "not as a receiver of spans") {
		t.Errorf("stats %+v, want 2 queued and a hint", s)
	}
}
