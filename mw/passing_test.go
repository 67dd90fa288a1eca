package mw_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

const (
	callersTrace = "0af7651916cd43dd8448eb211c80319c"
	callersState = "vendor=1,other=2"
	callersBag   = "tenant=t1"
)

// TestCallersContextGoesOn sends a request through a traced server whose handler sends one through a Transport, and
// looks at what arrives behind it. The trace id, the tracestate and the baggage of the caller must be there whether or
// not a span is recorded.
func TestCallersContextGoesOn(t *testing.T) {
	tests := []struct {
		name, flags string
		provider    trace.TracerProvider // nil: the recorder's
		server      []mw.ServerOption
		client      []mw.ClientOption
		wantFlags   string
	}{
		{name: "sampled", flags: "01", wantFlags: "01"},
		{name: "unsampled by the caller", flags: "00", wantFlags: "00"},
		{name: "unsampled by the service", flags: "01", provider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), wantFlags: "00"},
		{name: "without an SDK", flags: "01", provider: noop.NewTracerProvider(), wantFlags: "01"},
		{name: "excluded at the server", flags: "01", server: []mw.ServerOption{mw.WithExclude(func(*http.Request) bool { return true })}, wantFlags: "00"},
		{name: "excluded at the client", flags: "01", client: []mw.ClientOption{mw.WithExclude(func(*http.Request) bool { return true })}, wantFlags: "00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			with := []mw.Option{mw.With(rec.Tracing()), mw.WithPropagator(rec.Propagation)}
			if tt.provider != nil {
				with = append(with, mw.WithTracerProvider(tt.provider))
			}
			var sent http.Header
			base := tripper(func(r *http.Request) (*http.Response, error) {
				sent = r.Header
				return answer(200, "")(r)
			})
			client := &http.Client{Transport: mw.NewTransport(base, append([]mw.ClientOption{mw.WithOptions(with...)}, tt.client...)...)}
			handler := mw.New(append([]mw.ServerOption{mw.WithOptions(with...)}, tt.server...)...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				wantInContext(t, r.Context())
				out, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://backend/", nil)
				res, err := client.Do(out)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
			}))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header = http.Header{"Traceparent": {"00-" + callersTrace + "-b7ad6b7169203331-" + tt.flags}, "Tracestate": {callersState}, "Baggage": {callersBag}}
			handler.ServeHTTP(httptest.NewRecorder(), r)

			parent := sent.Get("Traceparent")
			if !strings.HasPrefix(parent, "00-"+callersTrace+"-") || !strings.HasSuffix(parent, "-"+tt.wantFlags) {
				t.Errorf("traceparent = %q, want the trace %s with flags %s", parent, callersTrace, tt.wantFlags)
			}
			if got := sent.Get("Tracestate"); got != callersState {
				t.Errorf("tracestate = %q, want %q", got, callersState)
			}
			if got := sent.Get("Baggage"); got != callersBag {
				t.Errorf("baggage = %q, want %q", got, callersBag)
			}
			rec.Reset()
		})
	}
}

// wantInContext checks that a handler finds the caller's context.
func wantInContext(t *testing.T, ctx context.Context) {
	t.Helper()
	sc := trace.SpanContextFromContext(ctx)
	if sc.TraceID().String() != callersTrace || sc.TraceState().String() != callersState {
		t.Errorf("the handler's span context is %v with %q, want the trace %s with %q", sc.TraceID(), sc.TraceState(), callersTrace, callersState)
	}
	if got := baggage.FromContext(ctx).String(); got != callersBag {
		t.Errorf("the handler's baggage is %q, want %q", got, callersBag)
	}
}
