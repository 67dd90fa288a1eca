package mw_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// tripper is a base transport made of a function.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is a base transport that answers with code and body.
func answer(code int, body string) tripper {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: code, ProtoMajor: 2, Header: http.Header{"X-Answer": {"a", "b"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

func outgoing(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// call sends r through a Transport over base, reads and closes the body, and returns the span.
func call(t *testing.T, base http.RoundTripper, r *http.Request, opts ...mw.ClientOption) (spantest.Span, error) {
	t.Helper()
	rec := spantest.NewRecorder(t)
	res, err := mw.NewTransport(base, append([]mw.ClientOption{mw.With(rec.Tracing())}, opts...)...).RoundTrip(r)
	if res != nil && res.Body != nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	return rec.One(t), err
}

func TestClientSpan(t *testing.T) {
	get := func(url string) *http.Request { return outgoing(t, http.MethodGet, url, nil) }
	template := get("https://example.com/users/7")
	template = template.WithContext(mw.ContextWithURLTemplate(template.Context(), "/users/{id}"))
	empty := get("http://example.com:8080/")
	empty.Method = ""
	virtual := get("http://127.0.0.1:9/")
	virtual.Host = "virtual.example"
	ftp := get("http://example.com/")
	ftp.URL.Scheme = "ftp"
	opaque := get("http://example.com/")
	opaque.URL = &url.URL{Scheme: "http", Host: "example.com", Opaque: "//user:secret@example.com/a"}
	tests := []struct {
		name, span string
		r          *http.Request
		opts       []mw.ClientOption
		want       map[string]string
	}{
		{"a request", "GET", get("https://example.com/u?x=1"), nil, map[string]string{
			"url.full": "https://example.com/u?x=1", "server.address": "example.com", "server.port": "443",
			"http.response.status_code": "200", "network.protocol.version": "2", "error.type": "",
		}},
		{"secret in the query", "GET", get("https://h/o?X-Amz-Credential=a&n=1#f"), nil, map[string]string{
			"url.full": "https://h/o?X-Amz-Credential=REDACTED&n=1",
		}},
		{"userinfo", "GET", get("http://user:secret@h/"), nil, map[string]string{
			"url.full": "http://REDACTED:REDACTED@h/", "server.port": "80",
		}},
		{"user without password", "GET", get("http://user@h/"), nil, map[string]string{"url.full": "http://REDACTED:REDACTED@h/"}},
		{"userinfo in an opaque URL", "GET", opaque, nil, map[string]string{"url.full": "http://REDACTED:REDACTED@example.com/a"}},
		{"WithoutQuery", "GET", get("http://h/?a=1"), []mw.ClientOption{mw.WithoutQuery()}, map[string]string{"url.full": "http://h/"}},
		{"template", "GET /users/{id}", template, nil, map[string]string{"url.template": "/users/{id}"}},
		{"unknown method", "HTTP", outgoing(t, "PURGE", "http://h/", nil), nil, map[string]string{
			"http.request.method": "_OTHER", "http.request.method_original": "PURGE",
		}},
		{"no method", "GET", empty, nil, map[string]string{
			"http.request.method": "GET", "http.request.method_original": "", "server.port": "8080",
		}},
		{"Host of the request", "GET", virtual, nil, map[string]string{"server.address": "virtual.example", "server.port": "80"}},
		{"another scheme", "GET", ftp, nil, map[string]string{"server.address": "example.com", "server.port": ""}},
		{"named by the option", "call", get("http://h/"), []mw.ClientOption{mw.WithSpanName(func(*http.Request, string, string) string { return "call" })}, nil},
		{"captured headers", "GET", get("http://h/"), []mw.ClientOption{mw.WithCapturedResponseHeaders("X-Answer"), mw.WithCapturedRequestHeaders("X-None")},
			map[string]string{"http.response.header.x-answer": `["a","b"]`, "http.request.header.x-none": ""}},
		{"body sizes", "POST", outgoing(t, http.MethodPost, "http://h/", strings.NewReader("hello")), []mw.ClientOption{mw.WithBodySizes()},
			map[string]string{"http.request.body.size": "5", "http.response.body.size": "2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := tt.r.URL.String()
			got, err := call(t, answer(200, "ok"), tt.r, tt.opts...)
			if err != nil {
				t.Fatal(err)
			}
			if got.Name() != tt.span || got.SpanKind() != trace.SpanKindClient {
				t.Errorf("%v %q, want client %q", got.SpanKind(), got.Name(), tt.span)
			}
			wantAttrs(t, got, tt.want)
			if tt.r.URL.String() != before {
				t.Errorf("the URL became %q", tt.r.URL)
			}
		})
	}
}

func TestClientGolden(t *testing.T) {
	get := func(ctx context.Context) *http.Request {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/u?x=1", nil)
		return r
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	fails := func(err error) tripper {
		return func(*http.Request) (*http.Response, error) { return nil, err }
	}
	tests := []struct {
		name string
		ctx  context.Context
		base http.RoundTripper
	}{
		{"client_ok", t.Context(), answer(200, "ok")},
		{"client_not_found", t.Context(), answer(404, "no")},
		{"client_refused", t.Context(), fails(fmt.Errorf("dial: %w", net.ErrClosed))},
		{"client_cancelled", cancelled, fails(context.Canceled)},
		{"client_truncated", t.Context(), tripper(func(r *http.Request) (*http.Response, error) {
			res, err := answer(200, "")(r)
			res.Body, res.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("tr"), errReader{io.ErrUnexpectedEOF})), 5
			return res, err
		})},
		{"client_nothing", t.Context(), tripper(func(*http.Request) (*http.Response, error) { return nil, nil })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := call(t, tt.base, get(tt.ctx))
			spantest.Golden(t, tt.name, []spantest.Span{got})
		})
	}
}

func TestClientSamplerSeesStartAttributes(t *testing.T) {
	sampler := new(seeing)
	rec := spantest.NewRecorder(t, sampler)
	rec.Allow("mine")
	own := mw.WithRequestAttributes(func(*http.Request) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("mine", "1")}
	})
	res, _ := mw.NewTransport(answer(200, ""), mw.WithTracerProvider(rec.TracerProvider), own).RoundTrip(outgoing(t, "GET", "https://h/a", nil))
	_ = res.Body.Close()
	want := map[string]string{
		"http.request.method": "GET", "url.full": "https://h/a", "server.address": "h", "server.port": "443", "mine": "1",
	}
	if got := attrMap(sampler.seen[0].Attributes); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("attributes = %v, want %v", got, want)
	}
	wantAttrs(t, rec.One(t), map[string]string{"mine": "1"})
}

func TestUnsampledCall(t *testing.T) {
	var wire http.Header
	body := io.NopCloser(strings.NewReader("x"))
	base := tripper(func(r *http.Request) (*http.Response, error) {
		wire = r.Header
		return &http.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{}, Request: r}, nil
	})
	rec := spantest.NewRecorder(t, sdktrace.NeverSample())
	res, err := mw.NewTransport(base, mw.With(rec.Tracing())).RoundTrip(outgoing(t, "GET", "http://h/", nil))
	if err != nil || res.Body != body {
		t.Errorf("body %v, error %v; want the base's own body", res.Body, err)
	}
	_ = res.Body.Close()
	if got := wire.Get("Traceparent"); !strings.HasSuffix(got, "-00") {
		t.Errorf("traceparent = %q, want an unsampled one", got)
	}
}
