package mw_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// FuzzServer sends what no well-meaning client would: every span keeps the invariants, and the response is the
// handler's.
func FuzzServer(f *testing.F) {
	f.Add("GET", "/users/1", "a=1", "example.com:80", "192.0.2.1:1", "ua", "00-"+callerTrace+"-"+callerSpan+"-01", "for=1.2.3.4", "x")
	f.Add("\xff", "/\xff%zz", "sig=\xff&%73ig=1", "[::1", "@", strings.Repeat("é", 5000), "00-", `for="[`, "a,,b")
	f.Add("", "", "&&==", "a:b:c", "[fe80::1%25x]:99999", "", "ff-0-0-0", ";;;=", "10.0.0.1, 10.0.0.1")
	f.Add("OPTIONS", "*", "", "[::ffff:1.2.3.4]:1", ":", "\x00", "\n", `for="\"";proto="`, `"`)
	f.Fuzz(func(t *testing.T, method, path, query, host, remote, agent, traceparent, forwarded, x string) {
		r := &http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: host, RemoteAddr: remote,
			Header: http.Header{
				"User-Agent": {agent}, "Traceparent": {traceparent}, "Tracestate": {agent, x}, "Baggage": {x, query},
				"Forwarded": {forwarded}, "X-Forwarded-For": {x, forwarded}, "X-Forwarded-Proto": {x}, "X-Forwarded-Host": {host},
				"Connection": {x}, "X-Captured": {x, agent},
			},
			Body: http.NoBody,
		}
		for _, reads := range []bool{false, true} {
			rec := spantest.NewRecorder(t)
			rec.ReadsAttributes = reads
			h := mw.New(mw.With(rec.Tracing()), mw.WithTrustedProxies(netip.MustParsePrefix("0.0.0.0/0")), mw.WithTrustedUnixPeers(),
				mw.WithCapturedRequestHeaders("X-Captured", "Host"), mw.WithTraceIDHeader("X-Trace-Id"))(http.HandlerFunc(
				func(w http.ResponseWriter, r *http.Request) {
					mw.SetRoute(r.Context(), path)
					w.WriteHeader(http.StatusTeapot)
				}))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusTeapot {
				t.Errorf("response %d, want the handler's", w.Code)
			}
			rec.One(t)
		}
	})
}

// FuzzRouters asks routers before and after a request where it goes. No request chooses a name: it is a known method and
// a registered route.
func FuzzRouters(f *testing.F) {
	f.Add("CONNECT", "/files/EVIL-\n2", "/files/EVIL-%0a2", "")
	f.Add("CONNECT", "/files/../users/{id}", "", "")
	f.Add("GET", "/users/1", "", "example.com")
	f.Add("CONNECT", "", "", "a:b:c")
	f.Add("OPTIONS", "*", "%zz", "[::1")
	f.Add("\xff", "//users/../users/%2f", "//users/../users/%2f", "")
	nested := chiWith("/", "/users/{id}", "/files/*", "/{n:[0-9]+}/x")
	nested.Mount("/api", chiWith("/users/{id}"))
	mux := muxWith("/", "GET /users/{id}", "example.com/{rest...}", "/{$}", "/files/{name}/", "CONNECT /tree/{a}/{b}/")
	f.Fuzz(func(t *testing.T, method, path, rawPath, host string) {
		r := &http.Request{Method: method, URL: &url.URL{Path: path, RawPath: rawPath}, Host: host, Header: http.Header{}, Body: http.NoBody}
		for _, tt := range []struct {
			router mw.ServerOption
			next   http.Handler
		}{
			{mw.WithRouter(nested), status(200)}, {nil, nested}, {mw.WithServeMux(mux), status(200)}, {nil, mux}, {nil, mw.New()(mux)},
		} {
			rec := spantest.NewRecorder(t)
			mw.New(mw.With(rec.Tracing()), tt.router)(handling(func(w http.ResponseWriter, r *http.Request) {
				tt.next.ServeHTTP(w, r)
				if route := mw.Route(r); route != "" && !slices.Contains(fuzzedRoutes, route) {
					t.Errorf("Route = %q, which is not registered", route)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
			s := rec.One(t)
			word, route, _ := strings.Cut(s.Name(), " ")
			if !slices.Contains(fuzzedWords, word) || route != "" && !slices.Contains(fuzzedRoutes, route) || s.Text("http.route") != route {
				t.Errorf("span %q, route %q, which the request has chosen", s.Name(), s.Text("http.route"))
			}
		}
	})
}

// The parts of names that FuzzRouters may see.
var (
	fuzzedWords  = []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY", "HTTP"}
	fuzzedRoutes = []string{
		"/", "/users/{id}", "/files/*", "/{n:[0-9]+}/x", "/api/*", "/api/users/{id}", "/{rest...}", "/files/{name}/", "/tree/{a}/{b}/",
	}
)

func FuzzTransport(f *testing.F) {
	f.Add("GET", "http://example.com/a?sig=1#f", "", "/users/{id}", 200)
	f.Add("", "http://user:pass@[::1]:99/%zz?%zz", "a:b:c", "\xff", 0)
	f.Add("GET", "//", "", "", 200)
	f.Add("\x00", "x:opaque//@", "\xff", strings.Repeat("é", 5000), 999)
	f.Fuzz(func(t *testing.T, method, target, host, template string, code int) {
		u, err := url.Parse(target)
		if err != nil {
			return
		}
		if whole, _, _ := strings.Cut(u.String(), "#"); whole == "" { // nothing, "//" or a fragment has no url.full
			return
		}
		rec := spantest.NewRecorder(t)
		r := (&http.Request{Method: method, URL: u, Host: host, Header: http.Header{"Traceparent": {template}}}).
			WithContext(mw.ContextWithURLTemplate(t.Context(), template))
		res, err := mw.NewTransport(answer(code, target), mw.With(rec.Tracing()), mw.WithBodySizes()).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		s := rec.One(t)
		if u.User != nil && u.Opaque == "" {
			scheme := ""
			if u.Scheme != "" {
				scheme = u.Scheme + ":"
			}
			if full := s.Text("url.full"); !strings.HasPrefix(full, scheme+"//REDACTED:REDACTED@") {
				t.Errorf("url.full = %q shows credentials", full)
			}
		}
	})
}

// FuzzTraceparent compares what is taken for a parent with the propagator's own carrier.
func FuzzTraceparent(f *testing.F) {
	f.Add("00-"+callerTrace+"-"+callerSpan+"-01", "a=1")
	f.Add("00-"+callerTrace+"-"+callerSpan+"-00", "\xff")
	f.Add("00", "")
	f.Fuzz(func(t *testing.T, traceparent, tracestate string) {
		header := http.Header{"Traceparent": {traceparent}, "Tracestate": {tracestate}}
		want := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(t.Context(), propagation.HeaderCarrier(header)))
		rec := spantest.NewRecorder(t, sdktrace.AlwaysSample())
		r := newRequest("GET", "/x")
		r.Header = header
		mw.New(mw.With(rec.Tracing()))(status(200)).ServeHTTP(httptest.NewRecorder(), r)
		if got := rec.One(t).Parent(); !got.Equal(want) {
			t.Errorf("parent = %v, want %v", got, want)
		}
	})
}
