package mw_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newRequest is the request of case H-01: what a server would hand to its handler.
func newRequest(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "example.com:8080"
	r.RemoteAddr = "192.0.2.1:5100"
	r.Header.Set("User-Agent", "ua/1")
	return r
}

// serve runs r through the middleware around h, and returns the response and the span.
func serve(t *testing.T, h http.Handler, r *http.Request, opts ...mw.Option) (*httptest.ResponseRecorder, spantest.Span) {
	t.Helper()
	rec := spantest.NewRecorder(t)
	w := httptest.NewRecorder()
	mw.New(append([]mw.Option{mw.With(rec.Tracing())}, opts...)...)(h).ServeHTTP(w, r)
	return w, rec.One(t)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
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

func TestRoutes(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", status(200))
	inside := chi.NewRouter()
	inside.Get("/users/{id}", status(200))

	_, got := serve(t, mux, newRequest("GET", "/users/123"))
	spantest.Golden(t, "h01_servemux", []spantest.Span{got})
	if got.SpanKind() != trace.SpanKindServer {
		t.Errorf("kind = %v, want server", got.SpanKind())
	}
	_, got = serve(t, inside, newRequest("GET", "/users/123"))
	spantest.Golden(t, "h01_servemux", []spantest.Span{got})
}
