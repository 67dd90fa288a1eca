package mw_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
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

// FuzzRouters asks routers beforehand where a request would go.
func FuzzRouters(f *testing.F) {
	f.Add("GET", "/users/1", "", "example.com")
	f.Add("CONNECT", "", "", "a:b:c")
	f.Add("OPTIONS", "*", "%zz", "[::1")
	f.Add("\xff", "//users/../users/%2f", "//users/../users/%2f", "")
	f.Fuzz(func(t *testing.T, method, path, rawPath, host string) {
		r := &http.Request{Method: method, URL: &url.URL{Path: path, RawPath: rawPath}, Host: host, Header: http.Header{}, Body: http.NoBody}
		nested := chiWith("/", "/users/{id}", "/files/*", "/{n:[0-9]+}/x")
		nested.Mount("/api", chiWith("/users/{id}"))
		for _, router := range []mw.Option{mw.WithRouter(nested), mw.WithServeMux(muxWith("/", "GET /users/{id}", "example.com/{rest...}", "/{$}"))} {
			rec := spantest.NewRecorder(t)
			mw.New(mw.With(rec.Tracing()), router)(status(200)).ServeHTTP(httptest.NewRecorder(), r)
			rec.One(t)
		}
	})
}

func FuzzTransport(f *testing.F) {
	f.Add("GET", "http://example.com/a?sig=1#f", "", "/users/{id}", 200)
	f.Add("", "http://user:pass@[::1]:99/%zz?%zz", "a:b:c", "\xff", 0)
	f.Add("\x00", "x:opaque//@", "\xff", strings.Repeat("é", 5000), 999)
	f.Fuzz(func(t *testing.T, method, target, host, template string, code int) {
		u, err := url.Parse(target)
		if before, _, _ := strings.Cut(target, "#"); err != nil || before == "" { // a fragment alone has no url.full
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
		rec := spantest.NewRecorder(t, sdktrace.WithSampler(sdktrace.AlwaysSample()))
		r := newRequest("GET", "/x")
		r.Header = header
		mw.New(mw.With(rec.Tracing()))(status(200)).ServeHTTP(httptest.NewRecorder(), r)
		if got := rec.One(t).Parent(); !got.Equal(want) {
			t.Errorf("parent = %v, want %v", got, want)
		}
	})
}
