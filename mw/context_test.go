package mw_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

const (
	callerTrace = "0af7651916cd43dd8448eb211c80319c"
	callerSpan  = "b7ad6b7169203331"
)

// called is a request of a caller that sampled its own span.
func called(target, flags string) *http.Request {
	r := newRequest("GET", target)
	r.Header.Set("Traceparent", "00-"+callerTrace+"-"+callerSpan+"-"+flags)
	r.Header.Set("Tracestate", "a=1")
	r.Header.Add("Tracestate", "b=2")
	r.Header.Set("Baggage", "tenant=t1")
	return r
}

func TestParent(t *testing.T) {
	readBaggage := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := baggage.FromContext(r.Context()).Member("tenant").Value(); got != "t1" {
			t.Errorf("baggage tenant = %q, want t1", got)
		}
	})
	t.Run("sampled caller", func(t *testing.T) {
		_, got := serve(t, readBaggage, called("/x", "01"))
		if id := got.SpanContext().TraceID().String(); id != callerTrace {
			t.Errorf("trace id = %s, want the caller's", id)
		}
		if p := got.Parent(); !p.IsRemote() || p.SpanID().String() != callerSpan {
			t.Errorf("parent = %v, want the caller's span", p)
		}
		if state := got.SpanContext().TraceState().String(); state != "a=1,b=2" {
			t.Errorf("tracestate = %q, want both lines", state)
		}
	})
	for name, traceparent := range map[string][]string{
		"malformed":   {"00-zz-b7ad6b7169203331-01"},
		"two of them": {"00-" + callerTrace + "-" + callerSpan + "-01", "00-" + callerTrace + "-" + callerSpan + "-01"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRequest("GET", "/x")
			r.Header["Traceparent"] = traceparent
			_, got := serve(t, status(200), r)
			if got.Parent().IsValid() || len(got.Links()) != 0 {
				t.Errorf("parent = %v, %d links, want a root without", got.Parent(), len(got.Links()))
			}
		})
	}
}

func TestPropagatorOption(t *testing.T) {
	r := called("/x", "01")
	_, got := serve(t, status(200), r, mw.WithPropagator(propagation.Baggage{}))
	if got.Parent().IsValid() {
		t.Error("the caller's span is the parent, want a root: the propagator given reads no trace headers")
	}
}

func TestUnsampledParent(t *testing.T) {
	rec := spantest.NewRecorder(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
	w := httptest.NewRecorder()
	h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(inner http.ResponseWriter, r *http.Request) {
		if inner != http.ResponseWriter(w) {
			t.Error("the writer is wrapped, want the original")
		}
		sc := trace.SpanContextFromContext(r.Context())
		if sc.TraceID().String() != callerTrace || sc.IsSampled() {
			t.Errorf("span context = %v, want the caller's trace, unsampled", sc)
		}
		if r.Pattern = "/y"; mw.Route(r) != "/y" {
			t.Errorf("Route = %q, want /y", mw.Route(r))
		}
	}))
	r := called("/x", "00")
	h.ServeHTTP(w, r)
	if len(rec.Spans()) != 0 {
		t.Errorf("%d spans, want none", len(rec.Spans()))
	}
	if r.Pattern != "/y" {
		t.Errorf("Pattern = %q, want it copied back", r.Pattern)
	}
}

func TestPublicEndpoint(t *testing.T) {
	byCaller := func(r *http.Request) bool { return trace.SpanContextFromContext(r.Context()).IsRemote() }
	tests := []struct {
		name  string
		r     *http.Request
		opt   mw.ServerOption
		trace bool // the caller's is continued
		links int
	}{
		{"a caller", called("/x", "01"), mw.WithPublicEndpoint(), false, 1},
		{"no caller", newRequest("GET", "/x"), mw.WithPublicEndpoint(), false, 0},
		{"by function", called("/x", "01"), mw.WithPublicEndpointFn(byCaller), false, 1},
		{"not public", called("/x", "01"), mw.WithPublicEndpointFn(func(*http.Request) bool { return false }), true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := serve(t, status(200), tt.r, tt.opt)
			if continued := got.SpanContext().TraceID().String() == callerTrace; continued != tt.trace {
				t.Errorf("trace continued = %t, want %t", continued, tt.trace)
			}
			if got.Parent().IsValid() != tt.trace || len(got.Links()) != tt.links {
				t.Errorf("parent = %v, %d links, want %d", got.Parent(), len(got.Links()), tt.links)
			}
			if tt.links == 1 {
				spantest.Golden(t, "public", []spantest.Span{got})
			}
		})
	}
}

func TestExclusionByRules(t *testing.T) {
	paths, urls := policy.Rules{Paths: []string{"/healthz"}}, policy.Rules{URLs: []string{"healthz"}}
	tests := []struct {
		name, target string
		rules        policy.Rules
		spans        int
	}{
		{"path", "/healthz", paths, 0},
		{"another path", "/healthzz", paths, 1},
		{"child of an excluded request", "/a/healthz", paths, 1},
		{"url", "/healthz", urls, 0},
		{"url, longer", "/healthzz", urls, 0},
		{"child of a request excluded by URL", "/a/healthz", urls, 0},
		{"query is not compared", "/x?u=healthz", urls, 1},
		{"scheme and host", "/", policy.Rules{URLs: []string{`^http://example\.com:8080/$`}}, 0},
		{"a list of literals", "/classify", policy.Rules{URLs: []string{"readyz", "livez", "healthz", "docs"}}, 1},
		{"decoded path", "/caf%C3%A9", policy.Rules{URLs: []string{"café"}}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			rec.Exclude(t, tt.rules)
			w := httptest.NewRecorder()
			h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(inner http.ResponseWriter, _ *http.Request) {
				if same := inner == http.ResponseWriter(w); same != (tt.spans == 0) {
					t.Errorf("identical writer = %t, want %t", same, tt.spans == 0)
				}
			}))
			h.ServeHTTP(w, newRequest("GET", tt.target))
			rec.Wait(t, tt.spans)
		})
	}
}

func TestExclusionSeesForwardedURL(t *testing.T) {
	rules := policy.Rules{URLs: []string{`^https://shop\.example/`}}
	for peer, spans := range map[string]int{"10.0.0.3:1": 0, "192.0.2.1:1": 1} { // the first is a trusted proxy
		rec := spantest.NewRecorder(t)
		rec.Exclude(t, rules)
		r := newRequest(http.MethodGet, "/x")
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "shop.example")
		mw.New(mw.With(rec.Tracing()), mw.WithTrustedProxies(netip.MustParsePrefix("::ffff:10.0.0.0/104")))(status(200)).
			ServeHTTP(httptest.NewRecorder(), r)
		rec.Wait(t, spans)
	}
}

func TestHostCannotExclude(t *testing.T) {
	rec := spantest.NewRecorder(t)
	rec.Exclude(t, policy.Rules{URLs: []string{"^https?://[^/]+/healthz"}})
	r := newRequest("GET", "/pay")
	r.Host = "evil/healthz"
	mw.New(mw.With(rec.Tracing()))(status(200)).ServeHTTP(httptest.NewRecorder(), r)
	rec.Wait(t, 1)
}

func TestExclusionIsReloaded(t *testing.T) {
	rec := spantest.NewRecorder(t)
	h := mw.New(mw.With(rec.Tracing()))(status(200))
	h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
	rec.Exclude(t, policy.Rules{Paths: []string{"/x"}})
	h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
	rec.Wait(t, 1)
}

func TestExcludedRequest(t *testing.T) {
	// Children are suppressed, and calls go out in the caller's trace, unsampled.
	rec := spantest.NewRecorder(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
	var sent http.Header
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent = r.Header }))
	defer backend.Close()
	client := &http.Client{Transport: mw.NewTransport(backend.Client().Transport, mw.With(rec.Tracing()))}
	excluded := mw.WithExclude(func(r *http.Request) bool { return r.URL.Path == "/x" })
	h := mw.New(mw.With(rec.Tracing()), excluded)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, span := rec.Tracer("user").Start(r.Context(), "child")
		span.End()
		out, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, backend.URL, nil)
		fetch(t, client, out)
		if sc := trace.SpanContextFromContext(r.Context()); !sc.IsValid() || sc.IsRemote() || sc.IsSampled() {
			t.Errorf("span context = %v, want a valid, local, unsampled one", sc)
		}
		if got := baggage.FromContext(r.Context()).Member("tenant").Value(); r.Header.Get("Baggage") != "" && got != "t1" {
			t.Errorf("baggage tenant = %q, want t1", got)
		}
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, called("/x", "01"))
	if got := sent.Get("Traceparent"); !strings.HasPrefix(got, "00-"+callerTrace+"-") || !strings.HasSuffix(got, "-00") {
		t.Errorf("traceparent = %q, want the caller's trace, unsampled", got)
	}
	h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
	if got := sent.Get("Traceparent"); !strings.HasSuffix(got, "-00") || strings.Contains(got, callerTrace) {
		t.Errorf("traceparent without a caller = %q, want fresh ids, unsampled", got)
	}
	if len(rec.Spans()) != 0 {
		t.Errorf("%d spans, want none", len(rec.Spans()))
	}
}

func TestNesting(t *testing.T) {
	t.Run("inner inside chi", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		r := chi.NewRouter()
		r.Use(cloning, mw.New(mw.With(rec.Tracing()), mw.WithSpanName(func(*http.Request, string, string) string { return "inner" })))
		r.Get("/users/{id}", status(200))
		mw.New(mw.With(rec.Tracing()))(cloning(r)).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/users/1"))
		if got := rec.One(t); got.Name() != "GET /users/{id}" {
			t.Errorf("name = %q, want the route the inner one saw", got.Name())
		}
	})
	t.Run("inner below an excluded one", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		inner := mw.New(mw.With(rec.Tracing()))(status(200))
		mw.New(mw.With(rec.Tracing()), mw.WithExclude(func(*http.Request) bool { return true }))(inner).
			ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		rec.Wait(t, 0)
	})
	t.Run("inner below an unsampled one", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		inner := mw.New(mw.With(rec.Tracing()))(status(200))
		mw.New(mw.WithTracerProvider(neverSampled(t)))(inner).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		rec.Wait(t, 0)
	})
}

func TestContextThatOutlivesItsRequest(t *testing.T) {
	rec := spantest.NewRecorder(t)
	var kept context.Context
	h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { kept = r.Context() }))
	h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/a"))
	h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/b").WithContext(kept))
	if got := rec.Wait(t, 2)[1]; got.Text("url.path") != "/b" {
		t.Errorf("second span is of %s, want a span of its own for /b", got.Text("url.path"))
	}
}

func TestRequestWithoutURL(t *testing.T) {
	rec := spantest.NewRecorder(t)
	served := false
	h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
	h.ServeHTTP(httptest.NewRecorder(), new(http.Request))
	if !served {
		t.Error("the handler was not called")
	}
}

func TestSamplerSeesTheRouteOfARouterBehind(t *testing.T) {
	sampler := new(seeing)
	rec := spantest.NewRecorder(t, sampler)
	mw.New(mw.WithTracerProvider(rec.TracerProvider))(chiWith("/users/{id}")).
		ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/users/1"))
	if p := sampler.seen[0]; p.Name != "GET /users/{id}" || attrMap(p.Attributes)["http.route"] != "/users/{id}" {
		t.Errorf("the sampler saw %q %v, want the route", p.Name, attrMap(p.Attributes))
	}
}

func TestTraceIDHeader(t *testing.T) {
	const name = "X-Trace-Id"
	stream := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "x")
	})
	recovered := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer func() {
			_ = recover()
			w.WriteHeader(http.StatusInternalServerError)
		}()
		panic("boom")
	})
	header := mw.WithTraceIDHeader(name)
	tests := []struct {
		name    string
		handler http.Handler
		opts    []mw.ServerOption
		spans   int
		want    bool
	}{
		{"status 200", status(200), nil, 1, true},
		{"status 404", status(404), nil, 1, true},
		{"recovered panic", recovered, nil, 1, true},
		{"stream", stream, nil, 1, true},
		{"nested", mw.New(header)(status(200)), nil, 1, true},
		{"unsampled", status(200), []mw.ServerOption{mw.WithTracerProvider(neverSampled(t))}, 0, true},
		{"excluded", status(200), []mw.ServerOption{mw.WithExclude(func(*http.Request) bool { return true })}, 0, false},
		{"no valid trace id", status(200), []mw.ServerOption{mw.WithTracerProvider(noop.NewTracerProvider())}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			w := httptest.NewRecorder()
			h := mw.New(append([]mw.ServerOption{mw.With(rec.Tracing()), header}, tt.opts...)...)(tt.handler)
			h.ServeHTTP(w, newRequest("GET", "/x"))
			values := w.Result().Header.Values(name)
			if spans := rec.Wait(t, tt.spans); tt.spans == 1 && (len(values) != 1 || values[0] != spans[0].SpanContext().TraceID().String()) {
				t.Errorf("%s = %q, want the trace id of the span", name, values)
			}
			if tt.want != (len(values) == 1) {
				t.Errorf("%s = %q, want one %t", name, values, tt.want)
			}
		})
	}
}

// seeing is a sampler that keeps what it was shown.
type seeing struct{ seen []sdktrace.SamplingParameters }

func (s *seeing) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	s.seen = append(s.seen, p)
	return sdktrace.AlwaysSample().ShouldSample(p)
}

func (*seeing) Description() string { return "seeing" }

func attrMap(attrs []attribute.KeyValue) map[string]string {
	m := make(map[string]string)
	for _, kv := range attrs {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}

func TestSamplerSeesStartAttributes(t *testing.T) {
	want := map[string]string{
		"http.request.method": "GET", "url.path": "/users/1", "url.query": "a=1", "url.scheme": "http",
		"server.address": "example.com", "server.port": "8080", "client.address": "192.0.2.1",
		"network.peer.address": "192.0.2.1", "network.peer.port": "5100", "network.protocol.version": "1.1",
		"user_agent.original": "ua/1", "http.request.header.x-tenant": `["a"]`, "mine": "1", "http.route": "/users/{id}",
	}
	for _, foreign := range []bool{false, true} {
		t.Run(fmt.Sprintf("foreign provider %t", foreign), func(t *testing.T) {
			sampler := new(seeing)
			rec := spantest.NewRecorder(t, sampler)
			rec.ReadsAttributes = true
			rec.Allow("mine")
			router := chiWith("/users/{id}")
			opts := []mw.ServerOption{
				mw.WithRouter(router), mw.WithCapturedRequestHeaders("X-Tenant"), mw.WithPublicEndpoint(),
				mw.WithPropagator(propagation.TraceContext{}),
				mw.WithRequestAttributes(func(*http.Request) []attribute.KeyValue { return []attribute.KeyValue{attribute.String("mine", "1")} }),
			}
			if foreign {
				opts = append(opts, mw.WithTracerProvider(rec.TracerProvider))
			} else {
				opts = append(opts, mw.With(rec.Tracing()))
			}
			r := called("/users/1?a=1", "01")
			r.Header.Set("X-Tenant", "a")
			mw.New(opts...)(cloning(router)).ServeHTTP(httptest.NewRecorder(), r)
			if len(sampler.seen) != 1 {
				t.Fatalf("asked %d times, want once", len(sampler.seen))
			}
			p := sampler.seen[0]
			if got := attrMap(p.Attributes); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("attributes = %v\nwant %v", got, want)
			}
			if p.Name != "GET /users/{id}" || p.Kind != trace.SpanKindServer || len(p.Links) != 1 {
				t.Errorf("name %q, kind %v, %d links; want GET /users/{id}, server, 1", p.Name, p.Kind, len(p.Links))
			}
			rec.One(t)
		})
	}
}

func TestSameSpanEarlyAndLate(t *testing.T) {
	// Attributes that are set at the end equal those that are set at the start.
	for _, reads := range []bool{false, true} {
		rec := spantest.NewRecorder(t)
		rec.ReadsAttributes = reads
		h := mw.New(mw.With(rec.Tracing()))(muxWith("GET /users/{id}"))
		h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/users/123"))
		spantest.Golden(t, "route", rec.Wait(t, 1))
	}
}

func TestHandlerChangesTheRequest(t *testing.T) {
	_, got := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		r.URL.Path, r.URL.RawQuery, r.RemoteAddr, r.Host, r.Method = "/changed", "changed=1", "9.9.9.9:9", "changed", "POST"
		r.Header.Set("User-Agent", "changed")
	}), newRequest("GET", "/users/123"))
	wantAttrs(t, got, map[string]string{
		"url.path": "/users/123", "url.query": "", "network.peer.address": "192.0.2.1", "server.address": "example.com",
		"user_agent.original": "ua/1", "http.request.method": "GET",
	})
}

func TestNoopProvider(t *testing.T) {
	w := httptest.NewRecorder()
	h := mw.New(mw.WithTracerProvider(noop.NewTracerProvider()))(http.HandlerFunc(func(inner http.ResponseWriter, _ *http.Request) {
		if inner != http.ResponseWriter(w) {
			t.Error("the writer is wrapped, want the original")
		}
	}))
	h.ServeHTTP(w, newRequest("GET", "/x"))
}

func TestGlobalsSetLater(t *testing.T) {
	before, propagator := otel.GetTracerProvider(), otel.GetTextMapPropagator()
	t.Cleanup(func() {
		otel.SetTracerProvider(before)
		otel.SetTextMapPropagator(propagator)
	})
	h := mw.New()(status(200))
	h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
	for range 2 { // also when they are set again
		rec := spantest.NewRecorder(t)
		otel.SetTracerProvider(rec.TracerProvider)
		otel.SetTextMapPropagator(rec.Propagation)
		h.ServeHTTP(httptest.NewRecorder(), called("/x", "01"))
		if got := rec.One(t); got.SpanContext().TraceID().String() != callerTrace {
			t.Error("the propagator set later is not used")
		}
	}
}

func TestMiddlewarePerRequest(t *testing.T) {
	// 100,000 middlewares leave nothing behind.
	rec := spantest.NewRecorder(t, sdktrace.NeverSample())
	once := func(n int) {
		for range n {
			mw.New(mw.WithTracerProvider(rec.TracerProvider))(status(200)).ServeHTTP(discardWriter{}, newRequestOnce)
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	once(1000)
	before := heap()
	once(100_000)
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

var newRequestOnce = httptest.NewRequest(http.MethodGet, "/x", nil)

type discardWriter struct{}

func (discardWriter) Header() http.Header         { return http.Header{} }
func (discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (discardWriter) WriteHeader(int)             {}

func TestContextOfTheRequestIsAContext(t *testing.T) {
	// The context that handlers get cancels, and carries values, as the one it replaces.
	parent, cancel := context.WithCancel(context.WithValue(context.Background(), contextKey("a"), 1))
	serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		child, stop := context.WithCancel(r.Context())
		defer stop()
		cancel()
		<-child.Done()
		if r.Context().Value(contextKey("a")) != 1 || r.Context().Err() == nil {
			t.Error("the context lost a value or its cancellation")
		}
	}), newRequest("GET", "/x").WithContext(parent))
}

// A middleware around New sees the match of a ServeMux after the handler, as without New, and its own request otherwise.
func TestMatchAfterTheHandler(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/users/{id}/{rest...}", func(_ http.ResponseWriter, r *http.Request) {
		r.SetPathValue("own", "value")
		r.Method, r.Host, r.RemoteAddr, r.Header, r.Body = "CHANGED", "changed", "changed", http.Header{}, http.NoBody
		_ = r.ParseForm()
	})
	mux.HandleFunc("/literal", status(http.StatusOK))
	for name, opts := range map[string][]mw.ServerOption{
		"sampled":   {mw.WithTracerProvider(sdktrace.NewTracerProvider())},
		"unsampled": {mw.WithTracerProvider(neverSampled(t))},
		"excluded":  {mw.WithExclude(func(*http.Request) bool { return true })},
	} {
		h := mw.New(opts...)(mux)
		for target, pattern := range map[string]string{"/users/7/a/b?q=1": "/users/{id}/{rest...}", "/literal": "/literal"} {
			r := newRequest("GET", target)
			r = r.WithContext(context.WithValue(r.Context(), contextKey("mine"), true))
			before := *r
			h.ServeHTTP(httptest.NewRecorder(), r)
			got := []string{r.Pattern, r.PathValue("id"), r.PathValue("rest"), r.PathValue("own")}
			want := []string{pattern, "", "", ""}
			if target != "/literal" {
				want = []string{pattern, "7", "a/b", "value"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s: the match differs (-want +got):\n%s", name, target, diff)
			}
			if r.Context() != before.Context() {
				t.Errorf("%s, %s: the request has another context", name, target)
			}
			wantSameFields(t, &before, r)
		}
	}
}

// wantSameFields fails for each exported field but Pattern that differs.
func wantSameFields(t *testing.T, want, got *http.Request) {
	t.Helper()
	w, g := reflect.ValueOf(*want), reflect.ValueOf(*got)
	for i := range w.NumField() {
		field := w.Type().Field(i)
		if !field.IsExported() || field.Name == "Pattern" || field.Type.Kind() == reflect.Func {
			continue
		}
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			t.Errorf("%s = %v, want %v", field.Name, g.Field(i), w.Field(i))
		}
	}
}
