package mw_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// mixedRouter has a handler for each way in which a request may end.
func mixedRouter(server func(http.Handler) http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Use(server)
	r.Get("/ok/{n}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, chi.URLParam(r, "n")) })
	r.Get("/fail/{n}", status(http.StatusBadGateway))
	r.Get("/panic/{n}", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	r.Get("/hijack/{n}", func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
	})
	r.Get("/cancel/{n}", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	r.Get("/stream/{n}", func(w http.ResponseWriter, _ *http.Request) {
		for range 10 {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}
	})
	return r
}

func TestManyClients(t *testing.T) {
	const clients, each = 64, 18
	rec := spantest.NewRecorder(t)
	srv := quietServer(t, mixedRouter(mw.New(mw.With(rec.Tracing()), mw.WithBodySizes())))
	srv.Start()
	base := srv.Client().Transport.(*http.Transport)
	base.MaxIdleConnsPerHost = clients
	client := &http.Client{Transport: mw.NewTransport(base, mw.With(rec.Tracing()))}
	var sent atomic.Int64
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := range each {
				kind := []string{"ok", "fail", "panic", "hijack", "cancel", "stream"}[i%6]
				ask(client, srv.URL+"/"+kind+"/"+strconv.Itoa(c*each+i), kind == "cancel")
				sent.Add(1)
			}
		})
	}
	all.Wait()
	rec.Settle(t)

	// net/http repeats a GET on another connection when a kept one is closed under it, within one RoundTrip: then
	// the server has more requests than the client. Never less, and never two spans of one request.
	spans := rec.Spans()
	servers, outgoing := spantest.Of(spans, trace.SpanKindServer), spantest.Of(spans, trace.SpanKindClient)
	if len(outgoing) != clients*each {
		t.Errorf("%d client spans, want %d", len(outgoing), clients*each)
	}
	parents := make(map[trace.SpanID]int)
	for _, s := range servers {
		parents[s.Parent().SpanID()]++
		checkMixed(t, s)
	}
	for _, s := range outgoing {
		kind := strings.Split(s.Text("url.full"), "/")[3]
		n := parents[s.SpanContext().SpanID()]
		if n == 0 || n > 1 && kind != "panic" && kind != "hijack" {
			t.Errorf("%s: %d server spans, want one", s.Text("url.full"), n)
		}
	}
}

func TestOneRequestServedTwiceAtOnce(t *testing.T) {
	rec := spantest.NewRecorder(t)
	h := mw.New(mw.With(rec.Tracing()))(chiWith("/users/{id}"))
	r := newRequest(http.MethodGet, "/users/1")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { h.ServeHTTP(httptest.NewRecorder(), r) })
	}
	all.Wait()
	rec.Wait(t, 8)
}

// ask sends one request; cancelling means as soon as the header is in.
func ask(c *http.Client, url string, cancelling bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	res, err := c.Do(r)
	if err != nil {
		return
	}
	defer res.Body.Close()
	if cancelling {
		cancel()
	}
	_, _ = io.Copy(io.Discard, res.Body)
}

// checkMixed compares a span with what the handler of its route does.
func checkMixed(t *testing.T, s spantest.Span) {
	t.Helper()
	want := map[string]string{
		"GET /ok/{n}": "200/", "GET /fail/{n}": "502/502", "GET /panic/{n}": "/net/http.ErrAbortHandler",
		"GET /hijack/{n}": "/", "GET /cancel/{n}": "200/", "GET /stream/{n}": "200/",
	}[s.Name()]
	if got := s.Text("http.response.status_code") + "/" + s.Text("error.type"); got != want {
		t.Errorf("%s: status/error.type = %q, want %q", s.Name(), got, want)
	}
	if n := s.Text("url.path"); strings.HasPrefix(n, "/ok/") && s.Text("http.response.body.size") != fmt.Sprint(len(n)-len("/ok/")) {
		t.Errorf("%s: %s bytes; two requests were mixed up", n, s.Text("http.response.body.size"))
	}
}
