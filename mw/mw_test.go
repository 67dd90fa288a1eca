package mw_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(spantest.EachProvider{M: m}) }

// newRequest returns a request as a server passes it to its handler.
func newRequest(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "example.com:8080"
	r.RemoteAddr = "192.0.2.1:5100"
	r.Header.Set("User-Agent", "ua/1")
	return r
}

// serve runs r through the middleware around h, and returns the response and the span.
func serve(t *testing.T, h http.Handler, r *http.Request, opts ...mw.ServerOption) (*httptest.ResponseRecorder, spantest.Span) {
	t.Helper()
	rec := spantest.NewRecorder(t)
	w := httptest.NewRecorder()
	mw.New(append([]mw.ServerOption{mw.With(rec.Tracing())}, opts...)...)(h).ServeHTTP(w, r)
	return w, rec.One(t)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// handling is a handler that calls f.
func handling(f func(w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(f)
}

// wantAttrs fails for each key of want whose text is another; "" means absent.
func wantAttrs(t *testing.T, s spantest.Span, want map[string]string) {
	t.Helper()
	got := s.Map()
	for key, text := range want {
		if value, ok := got[key]; value != text || ok != (text != "") {
			t.Errorf("%s = %q (present %t), want %q", key, value, ok, text)
		}
	}
}

// serveReal is serve with a server on the loopback: it returns the client's view once the span is there.
func serveReal(t *testing.T, h http.Handler, send func(c *http.Client, url string), opts ...mw.ServerOption) spantest.Span {
	t.Helper()
	rec := spantest.NewRecorder(t)
	srv := quietServer(t, mw.New(append([]mw.ServerOption{mw.With(rec.Tracing())}, opts...)...)(h))
	srv.Start()
	send(srv.Client(), srv.URL)
	return rec.One(t)
}

// quietServer is a server that is closed at the end of the test and logs nothing; the caller starts it.
func quietServer(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(srv.Close)
	return srv
}

// fetch sends one request and reads the whole answer.
func fetch(t *testing.T, c *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fetch(t, c, r)
}

// neverSampled is a provider whose spans are not recorded.
func neverSampled(t *testing.T) trace.TracerProvider {
	t.Helper()
	return sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
}
