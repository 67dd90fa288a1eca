//go:build !race

package mw_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// received returns a request as net/http's server reads it: its strings are parts of longer ones.
func received(raw string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		panic(err)
	}
	r.RemoteAddr = "192.0.2.1:5100"
	return r
}

// request returns the text of a request with target and header lines.
func request(target string, lines ...string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: ua/1\r\n" + strings.Join(append(lines, "\r\n"), "\r\n")
}

// form returns the text of a request whose body is a form.
func form(body string) string {
	return fmt.Sprintf("POST /x HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// part returns a small part of a text.
func part(text string) string { return text[:min(len(text), 7)] }

var ok = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// partError is an error whose text is a part of a longer one.
type partError struct{ text string }

func (e partError) Error() string     { return part(e.text) }
func (e partError) ErrorType() string { return part(e.text) }

// refusing is a ResponseWriter whose writes fail.
type refusing struct {
	quiet
	err error
}

func (f refusing) Write([]byte) (int, error) { return 0, f.err }

func TestServerSpansKeepWhatTheyAreCharged(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	parts := func(text string) []attribute.KeyValue {
		return []attribute.KeyValue{
			attribute.String("text", part(text)), attribute.StringSlice("list", []string{part(text), text}),
			{Key: attribute.Key(part(text)), Value: attribute.MapValue(attribute.String(part(text), part(text)))},
			{Key: "slice", Value: attribute.SliceValue(attribute.StringValue(part(text)))},
		}
	}
	tests := []struct {
		name    string
		raw     func(n int) string
		handler http.Handler
		opts    []mw.ServerOption
	}{
		{"path", func(n int) string { return request("/" + long(n)) }, ok, nil},
		{"query", func(n int) string { return request("/?" + long(n)) }, ok, nil},
		{"path and query", func(n int) string { return request("/" + long(n) + "?" + long(n)) }, ok, nil},
		{"path, short query", func(n int) string { return request("/" + long(n) + "?q=1") }, ok, nil},
		{"escaped path, short query", func(n int) string { return request("/%20" + long(n) + "?q=1") }, ok, nil},
		{"invalid query", func(n int) string { return request("/x?" + strings.Repeat("a\xff", n/2)) }, ok, nil},
		{"query that is not recorded", func(n int) string { return request("/x?" + long(n)) }, ok, []mw.ServerOption{mw.WithoutQuery()}},
		{"redacted query", func(n int) string { return request("/x?a=1&sig=" + long(n)) }, ok, nil},
		{"query that the program replaces", func(n int) string { return request("/x?" + long(n)) }, ok, []mw.ServerOption{
			mw.WithRequestAttributes(func(*http.Request) []attribute.KeyValue {
				return []attribute.KeyValue{attribute.String("url.query", "hidden")}
			}),
		}},
		{"unknown method", func(n int) string { return strings.Replace(request("/x"), "GET", long(n), 1) }, ok, nil},
		{"unknown method, long query", func(n int) string { return strings.Replace(request("/x?"+long(n)), "GET", "PURGE", 1) }, ok,
			[]mw.ServerOption{mw.WithoutQuery()}},
		{"absolute form", func(n int) string { return request("http://other.example/?" + long(n)) }, ok,
			[]mw.ServerOption{mw.WithoutQuery(), mw.WithCapturedRequestHeaders("Host")}},
		{"user agent", func(n int) string { return strings.Replace(request("/x"), "ua/1", long(n), 1) }, ok, nil},
		{"header that is not recorded", func(n int) string { return request("/x", "Cookie: "+long(n)) }, ok, nil},
		{"port", func(n int) string { return strings.Replace(request("/x"), ":8080", ":"+strings.Repeat("0", n)+"80", 1) }, ok, nil},
		{"captured header", func(n int) string { return request("/x", "X-A: "+long(n), "X-A: b") }, ok,
			[]mw.ServerOption{mw.WithCapturedRequestHeaders("x-a")}},
		{"captured response header, part of the path", func(n int) string { return request("/" + long(n)) },
			handling(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["X-Part"] = []string{part(r.URL.Path)}
				w.WriteHeader(http.StatusOK)
			}), []mw.ServerOption{mw.WithoutQuery(), mw.WithCapturedResponseHeaders("X-Part")}},
		{"attributes, parts of a cookie", func(n int) string { return request("/x", "Cookie: "+long(n)) }, ok, []mw.ServerOption{
			mw.WithRequestAttributes(func(r *http.Request) []attribute.KeyValue { return parts(r.Header.Get("Cookie")) }),
		}},
		{"attributes, parts of a form", func(n int) string { return form("op=create&text=" + long(n)) }, ok, []mw.ServerOption{
			mw.WithRequestAttributes(func(r *http.Request) []attribute.KeyValue { return parts(r.PostFormValue("op")) }),
		}},
		{"name, part of a form", func(n int) string { return form("op=create&text=" + long(n)) }, ok, []mw.ServerOption{
			mw.WithSpanName(func(r *http.Request, _, _ string) string { return r.FormValue("op") }),
		}},
		{"attributes, parts of the query", func(n int) string { return request("/x?" + long(n)) }, ok, []mw.ServerOption{
			mw.WithoutQuery(), mw.WithRequestAttributes(func(r *http.Request) []attribute.KeyValue { return parts(r.URL.RawQuery) }),
		}},
		{"name, part of the query", func(n int) string { return request("/x?" + long(n)) }, ok, []mw.ServerOption{
			mw.WithoutQuery(), mw.WithSpanName(func(r *http.Request, _, _ string) string { return part(r.URL.RawQuery) }),
		}},
		{"route, part of the query", func(n int) string { return request("/x?" + long(n)) },
			handling(func(_ http.ResponseWriter, r *http.Request) { mw.SetRoute(r.Context(), part(r.URL.RawQuery)) }),
			[]mw.ServerOption{mw.WithoutQuery()}},
		{"padded tracestate", func(n int) string {
			return request("/x", "Traceparent: 00-"+callerTrace+"-"+callerSpan+"-01", "Tracestate: "+strings.Repeat(",", n)+"a=1 "+strings.Repeat(" \t", n/2)+",b=2")
		}, ok, nil},
		{"padded tracestate of a link", func(n int) string {
			return request("/x", "Traceparent: 00-"+callerTrace+"-"+callerSpan+"-01", "Tracestate: a=1"+strings.Repeat(",", n)+"b=2")
		}, ok, []mw.ServerOption{mw.WithPublicEndpoint()}},
		{"forwarded host", func(n int) string {
			return request("/x", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Host: "+long(n)+"/, other.example")
		}, ok, []mw.ServerOption{mw.WithTrustedProxies(netip.MustParsePrefix("0.0.0.0/0"))}},
		{"panic", func(n int) string { return request("/x?" + long(n)) },
			handling(func(_ http.ResponseWriter, r *http.Request) { panic(part(r.URL.RawQuery)) }), []mw.ServerOption{mw.WithoutQuery()}},
		{"panic with a long text", func(n int) string { return request("/x?" + long(n)) },
			handling(func(_ http.ResponseWriter, r *http.Request) { panic(errors.New(r.URL.RawQuery)) }), nil},
		{"failed write", func(n int) string { return request("/x?" + long(n)) },
			handling(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil) }), []mw.ServerOption{mw.WithoutQuery()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, size := range spantest.TextSizes {
				k := spantest.NewKeeper()
				k.ReadsAttributes = i%2 == 1
				h := mw.New(append(tt.opts, mw.With(k))...)(tt.handler)
				raw := tt.raw(size)
				k.WantCharged(t, size, func() {
					defer func() { _ = recover() }()
					r := received(raw)
					h.ServeHTTP(refusing{quiet{http.Header{}}, partError{r.URL.RawQuery}}, r)
				})
			}
		})
	}
}

// The span has a copy of an address that a middleware cut from a header.
func TestRewrittenPeerKeepsNoHeaderAlive(t *testing.T) {
	for _, size := range spantest.TextSizes {
		k := spantest.NewKeeper()
		h := mw.New(mw.With(k))(ok)
		raw := request("/x", "X-Forwarded-For: 203.0.113.9, "+strings.Repeat("a", size))
		k.WantCharged(t, size, func() {
			r := received(raw)
			r.RemoteAddr, _, _ = strings.Cut(r.Header.Get("X-Forwarded-For"), ",")
			h.ServeHTTP(quiet{http.Header{}}, r)
		})
	}
}

func TestClientSpansKeepWhatTheyAreCharged(t *testing.T) {
	replying := func(change func(res *http.Response)) tripper {
		return func(req *http.Request) (*http.Response, error) {
			res := &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: req}
			change(res)
			return res, nil
		}
	}
	plain := replying(func(*http.Response) {})
	parts := func(r *http.Request) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("text", part(r.URL.RawQuery)), attribute.String("cookie", part(r.Header.Get("Cookie")))}
	}
	tests := []struct {
		name   string
		target string // before the long query
		base   tripper
		change func(r *http.Request, long string) *http.Request
		opts   []mw.ClientOption
	}{
		{"query", "http://example.com:8080/x", plain, nil, nil},
		{"query that is not recorded", "http://example.com/x", plain, nil, []mw.ClientOption{mw.WithoutQuery()}},
		{"user", "http://u:p@example.com/x", plain, nil, []mw.ClientOption{mw.WithoutQuery()}},
		{"unknown method, part of the query", "http://example.com/x", plain, func(r *http.Request, _ string) *http.Request {
			r.Method = part(r.URL.RawQuery)
			return r
		}, []mw.ClientOption{mw.WithoutQuery()}},
		{"template, part of the query", "http://example.com/x", plain, func(r *http.Request, _ string) *http.Request {
			return r.WithContext(mw.ContextWithURLTemplate(r.Context(), part(r.URL.RawQuery)))
		}, []mw.ClientOption{mw.WithoutQuery()}},
		{"attributes, parts of query and cookie", "http://example.com/x", plain, func(r *http.Request, long string) *http.Request {
			r.Header.Set("Cookie", long)
			return r
		}, []mw.ClientOption{mw.WithoutQuery(), mw.WithRequestAttributes(parts)}},
		{"captured header, part of the query", "http://example.com/x", plain, func(r *http.Request, _ string) *http.Request {
			r.Header["X-A"] = []string{part(r.URL.RawQuery)}
			return r
		}, []mw.ClientOption{mw.WithoutQuery(), mw.WithCapturedRequestHeaders("X-A")}},
		{"captured response header, part of the query", "http://example.com/x", replying(func(res *http.Response) {
			res.Header["X-A"] = []string{part(res.Request.URL.RawQuery), res.Request.URL.RawQuery}
		}), nil, []mw.ClientOption{mw.WithoutQuery(), mw.WithCapturedResponseHeaders("X-A")}},
		{"name, part of the query", "http://example.com/x", plain, nil, []mw.ClientOption{
			mw.WithoutQuery(), mw.WithSpanName(func(r *http.Request, _, _ string) string { return part(r.URL.RawQuery) }),
		}},
		{"error, part of the query", "http://example.com/x", func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Err: partError{r.URL.RawQuery}}
		}, nil, []mw.ClientOption{mw.WithoutQuery()}},
		{"long error", "http://example.com/x", func(r *http.Request) (*http.Response, error) {
			return nil, errors.New(r.URL.RawQuery)
		}, nil, []mw.ClientOption{mw.WithoutQuery()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range spantest.TextSizes {
				k := spantest.NewKeeper()
				client := mw.NewTransport(tt.base, append(tt.opts, mw.With(k))...)
				k.WantCharged(t, size, func() {
					target := tt.target + "?" + strings.Repeat("a", size)
					r, err := http.NewRequestWithContext(context.Background(), "GET", target, nil)
					if err != nil {
						t.Fatal(err)
					}
					if tt.change != nil {
						r = tt.change(r, strings.Clone(r.URL.RawQuery))
					}
					if res, err := client.RoundTrip(r); err == nil {
						_ = res.Body.Close()
					}
				})
			}
		})
	}
}

// Over a connection, 36 MB of request lines from a hostile client leave less than 512 KiB.
func TestLongRequestLinesOverAConnection(t *testing.T) {
	const requests = 40
	k := spantest.NewKeeper()
	srv := quietServer(t, mw.New(mw.With(k))(status(http.StatusNoContent)))
	srv.Start()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, answers := []byte(request("/"+strings.Repeat("a", 900<<10))), bufio.NewReader(conn)
	alive, _ := k.Alive(t, requests, func() {
		if _, err := conn.Write(raw); err != nil {
			t.Fatal(err)
		}
		if res, err := http.ReadResponse(answers, nil); err != nil || res.StatusCode != http.StatusNoContent {
			t.Fatalf("response %v, error %v", res, err)
		}
	})
	if alive > 512<<10 {
		t.Errorf("%d requests keep %d bytes alive, want at most 512 KiB", requests, alive)
	}
}

func TestClientSpansOverAConnection(t *testing.T) {
	k := spantest.NewKeeper()
	srv := quietServer(t, ok)
	srv.Start()
	client := &http.Client{Transport: mw.NewTransport(srv.Client().Transport, mw.With(k))}
	for _, size := range []int{10, 64<<10 + 1} {
		k.WantCharged(t, size, func() { get(t, client, srv.URL+"/?"+strings.Repeat("a", size)) })
	}
}
