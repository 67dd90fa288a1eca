package mw_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// An option that only one side reads does not compile on the other.
func TestOptionsOfOneSide(t *testing.T) {
	for name, option := range map[string]mw.ServerOption{
		"WithRouter": mw.WithRouter(nil), "WithServeMux": mw.WithServeMux(nil), "WithPublicEndpoint": mw.WithPublicEndpoint(),
		"WithoutRemoteBaggage": mw.WithoutRemoteBaggage(), "WithTrustedProxies": mw.WithTrustedProxies(),
		"WithTrustedUnixPeers": mw.WithTrustedUnixPeers(), "WithForwardedFamily": mw.WithForwardedFamily(mw.ForwardedX),
		"WithTraceIDHeader": mw.WithTraceIDHeader("x"),
	} {
		if _, ok := option.(mw.ClientOption); ok {
			t.Errorf("%s is a ClientOption", name)
		}
	}
	if _, ok := any(mw.WithEndOnHeaders()).(mw.ServerOption); ok {
		t.Error("WithEndOnHeaders is a ServerOption")
	}
}

func TestOptionsAddUp(t *testing.T) {
	attributes := func(attrs ...attribute.KeyValue) mw.Option {
		return mw.WithRequestAttributes(func(*http.Request) []attribute.KeyValue { return attrs })
	}
	path := func(p string) mw.Option {
		return mw.WithExclude(func(r *http.Request) bool { return r.URL.Path == p })
	}
	shared := mw.WithOptions(nil, path("/a"), path("/b"), mw.WithExclude(nil), mw.WithRequestAttributes(nil),
		attributes(attribute.String("a", "1"), attribute.String("b", "1")), attributes(attribute.String("b", "2")))
	rec := spantest.NewRecorder(t)
	rec.Allow("a", "b")
	serve := mw.New(mw.With(rec.Tracing()), shared)(http.NotFoundHandler())
	client := mw.NewTransport(answer(200, "ok"), mw.With(rec.Tracing()), shared)
	for _, p := range []string{"/a", "/b", "/c"} {
		serve.ServeHTTP(httptest.NewRecorder(), newRequest("GET", p))
		res, err := client.RoundTrip(outgoing(t, "GET", "http://h"+p, nil))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	for _, s := range rec.Wait(t, 2) {
		got := map[string]string{"a": s.Text("a"), "b": s.Text("b")}
		if diff := cmp.Diff(map[string]string{"a": "1", "b": "2"}, got); diff != "" {
			t.Errorf("%s span (-want +got):\n%s", s.SpanKind(), diff)
		}
	}
}

func TestNilArgumentsChangeNothing(t *testing.T) {
	rec := spantest.NewRecorder(t)
	shared := mw.WithOptions(mw.With(rec.Tracing()), mw.WithSpanName(func(*http.Request, string, string) string { return "named" }),
		mw.With(nil), mw.WithTracerProvider(nil), mw.WithPropagator(nil), mw.WithSpanName(nil), mw.WithErrorStatus(nil))
	mw.New(shared, mw.WithPublicEndpointFn(nil), nil)(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/"))
	if got := rec.One(t).Name(); got != "named" {
		t.Errorf("the span is called %q, want %q", got, "named")
	}
}
