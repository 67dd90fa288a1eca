package mw_test

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// The mistakes of a handler are logged with its file, as without the middleware.
func TestMisuseNamesTheHandler(t *testing.T) {
	hijack := func(t *testing.T, w http.ResponseWriter) {
		t.Helper()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		_ = conn.Close()
	}
	wantHijacked := func(t *testing.T, err error) {
		t.Helper()
		if !errors.Is(err, http.ErrHijacked) {
			t.Errorf("error %v, want ErrHijacked", err)
		}
	}
	tests := []struct {
		name    string
		handler func(t *testing.T, w http.ResponseWriter)
	}{
		{"two statuses", func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(200); w.WriteHeader(500) }},
		{"a status after the body", func(_ *testing.T, w http.ResponseWriter) { _, _ = io.WriteString(w, "x"); w.WriteHeader(500) }},
		{"a status after Flush", func(_ *testing.T, w http.ResponseWriter) { w.(http.Flusher).Flush(); w.WriteHeader(500) }},
		{"an early hint after the status", func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(200); w.WriteHeader(103) }},
		{"an invalid code after the status", func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(200); w.WriteHeader(7) }},
		{"http.Error after the status", func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(200); http.Error(w, "x", 500) }},
		{"a status on a hijacked connection", func(t *testing.T, w http.ResponseWriter) { hijack(t, w); w.WriteHeader(500) }},
		{"a write on a hijacked connection", func(t *testing.T, w http.ResponseWriter) {
			hijack(t, w)
			_, err := w.Write([]byte("x"))
			wantHijacked(t, err)
			_, err = w.Write(nil)
			wantHijacked(t, err)
		}},
		{"a string on a hijacked connection", func(t *testing.T, w http.ResponseWriter) {
			hijack(t, w)
			_, err := io.WriteString(w, "x")
			wantHijacked(t, err)
		}},
		{"nothing wrong", func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(200) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := handling(func(w http.ResponseWriter, _ *http.Request) { tt.handler(t, w) })
			rec := spantest.NewRecorder(t)
			want, wantStatus := logOf(t, h)
			got, status := logOf(t, mw.New(mw.With(rec.Tracing()))(h))
			rec.One(t)
			if got != want || status != wantStatus {
				t.Errorf("status %d, log %q; want %d, %q", status, got, wantStatus, want)
			}
		})
	}
}

// closureName matches the part of the name of a frame that depends on the caller of a closure.
var closureName = regexp.MustCompile(`\.func[0-9.]+`)

// logOf returns what a server with h logs of one request, and the status.
func logOf(t *testing.T, h http.Handler) (string, int) {
	t.Helper()
	var lines bytes.Buffer
	done := make(chan struct{}) // a server does not wait for handlers that hijacked their connection
	srv := httptest.NewUnstartedServer(handling(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = log.New(&lines, "", 0)
	srv.Start()
	res, err := srv.Client().Get(srv.URL) //nolint:noctx // a test on the loopback
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	<-done
	srv.Close()
	return closureName.ReplaceAllString(strings.TrimSpace(lines.String()), ""), res.StatusCode
}
