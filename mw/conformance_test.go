package mw_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// The traffic and the rules are those of open-telemetry/semantic-conventions-conformance (its HTTP contract, its span
// policy and the status rules of its runner, commit 6d319ba), whose runner needs Python and weaver.
var conformanceTraffic = []struct {
	method, target, body string
	status               int
}{
	{http.MethodGet, "/users/123", "", 200},
	{http.MethodGet, "/users/123?fields=name&verbose=true", "", 200},
	{http.MethodPost, "/items", `{"name":"x"}`, 201},
	{http.MethodGet, "/status/404", "", 404},
	{http.MethodGet, "/status/500", "", 500},
}

// must lists what the policy misses in a span: the registry's required attributes, and the recommended ones that an
// instrumentation can always set.
var must = map[trace.SpanKind][]attribute.Key{
	trace.SpanKindServer: {
		"http.request.method", "url.path", "url.scheme", // required
		"client.address", "network.protocol.version", "server.address", // recommended
	},
	trace.SpanKindClient: {
		"http.request.method", "server.address", "server.port", "url.full", // required
		"network.protocol.version", // recommended
	},
}

// findings returns the findings of the suite for a span of an answered request.
func findings(s spantest.Span) (found []string) {
	for _, key := range must[s.SpanKind()] {
		if !s.Has(key) {
			found = append(found, fmt.Sprintf("%s is missing", key))
		}
	}
	method := s.Text("http.request.method")
	if method == "_OTHER" {
		method = "HTTP"
	}
	names := []string{method}
	for _, target := range []attribute.Key{"http.route", "url.template"} {
		if s.Has(target) {
			names = append(names, method+" "+s.Text(target))
		}
	}
	if !slices.Contains(names, s.Name()) {
		found = append(found, fmt.Sprintf("named %q, want one of %q", s.Name(), names))
	}
	status, _ := s.Attr("http.response.status_code")
	failed := status.AsInt64() >= 500 || s.SpanKind() == trace.SpanKindClient && status.AsInt64() >= 400
	if failed != (s.Status().Code == codes.Error) {
		found = append(found, fmt.Sprintf("status %v for %d", s.Status().Code, status.AsInt64()))
	}
	if want := fmt.Sprint(status.AsInt64()); failed && s.Text("error.type") != want {
		found = append(found, fmt.Sprintf("error.type %q, want %s", s.Text("error.type"), want))
	}
	return found
}

func echoBody(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusCreated)
	_, _ = io.Copy(w, r.Body)
}

func answering(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func TestConformance(t *testing.T) {
	t.Parallel()
	mux, router := http.NewServeMux(), chi.NewRouter()
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /users/{id}": answering(200), "POST /items": echoBody, "GET /status/404": answering(404), "GET /status/500": answering(500),
	} {
		mux.HandleFunc(pattern, handler)
		router.Method(strings.Fields(pattern)[0], strings.Fields(pattern)[1], handler)
	}
	for name, handler := range map[string]http.Handler{"net/http": mux, "chi": router} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := spantest.NewRecorder(t)
			server := httptest.NewServer(mw.New(mw.With(recorder.Tracing()))(handler))
			defer server.Close()
			client := &http.Client{Transport: mw.NewTransport(&http.Transport{DisableKeepAlives: true}, mw.With(recorder.Tracing()))}
			for _, traffic := range conformanceTraffic {
				request, err := http.NewRequestWithContext(t.Context(), traffic.method, server.URL+traffic.target, strings.NewReader(traffic.body))
				if err != nil {
					t.Fatal(err)
				}
				response, err := client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(response.Body)
				response.Body.Close()
				if response.StatusCode != traffic.status || string(body) != traffic.body {
					t.Fatalf("%s %s: %d %q", traffic.method, traffic.target, response.StatusCode, body)
				}
			}
			spans := recorder.Wait(t, 2*len(conformanceTraffic))
			for _, s := range spans {
				for _, finding := range findings(s) {
					t.Errorf("%s\n%s", finding, spantest.Render(s))
				}
				if strings.Contains(s.Name(), "123") || strings.Contains(s.Name(), "fields") {
					t.Errorf("the path or the query is in the name %q", s.Name())
				}
			}
			if servers := spantest.Of(spans, trace.SpanKindServer); len(servers) != len(conformanceTraffic) {
				t.Errorf("%d server spans for %d requests", len(servers), len(conformanceTraffic))
			}
		})
	}
}
