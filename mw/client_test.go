package mw_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

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

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestClientStatus(t *testing.T) {
	tests := []struct {
		code    int
		opts    []mw.ClientOption
		errType string
	}{
		{200, nil, ""},
		{302, nil, ""},
		{404, nil, "404"},
		{503, nil, "503"},
		{700, nil, "700"},
		{99, nil, "99"},
		{404, []mw.ClientOption{mw.WithErrorStatus(func(code int) bool { return code == 302 })}, ""},
		{302, []mw.ClientOption{mw.WithErrorStatus(func(code int) bool { return code == 302 })}, "302"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("status %d", tt.code), func(t *testing.T) {
			got, _ := call(t, answer(tt.code, "x"), outgoing(t, "GET", "http://h/", nil), tt.opts...)
			wantAttrs(t, got, map[string]string{"http.response.status_code": fmt.Sprint(tt.code), "error.type": tt.errType})
			if got.Status().Description != "" {
				t.Errorf("description = %q, want none", got.Status().Description)
			}
		})
	}
}

func TestClientErrors(t *testing.T) {
	refused := "http://" + closedAddress(t)
	secure := quietServer(t, status(200))
	secure.StartTLS()
	slow := quietServer(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	slow.Start()
	expired, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	unknown := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}
	}}
	plain := new(http.Transport)
	t.Cleanup(plain.CloseIdleConnections)
	tests := []struct {
		name    string
		ctx     context.Context
		url     string
		base    http.RoundTripper
		errType string
	}{
		{"connection refused", t.Context(), refused, plain, "syscall.ECONNREFUSED"},
		{"unknown host", t.Context(), "http://nowhere.invalid/", unknown, "*net.DNSError"},
		{"bad certificate", t.Context(), secure.URL, plain, "*tls.CertificateVerificationError"},
		{"deadline", expired, slow.URL, plain, "context.DeadlineExceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			var inner error
			base := tripper(func(r *http.Request) (*http.Response, error) {
				res, err := tt.base.RoundTrip(r)
				inner = err
				return res, err
			})
			r, _ := http.NewRequestWithContext(tt.ctx, http.MethodGet, tt.url, nil)
			res, err := mw.NewTransport(base, mw.With(rec.Tracing())).RoundTrip(r)
			if err == nil {
				_ = res.Body.Close()
				t.Fatal("no error")
			}
			if err != inner {
				t.Errorf("error = %#v, want the base's own", err)
			}
			got := rec.One(t)
			wantAttrs(t, got, map[string]string{"error.type": tt.errType, "http.response.status_code": ""})
			if got.Status().Code != codes.Error || got.Status().Description != inner.Error() {
				t.Errorf("status = %v %q, want Error with the error's text", got.Status().Code, got.Status().Description)
			}
		})
	}
}

// closedAddress is a loopback address without a listener.
func closedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTimeoutOfTheClient(t *testing.T) {
	// http.Client.Timeout ends a request in more than one way; all of them are a deadline.
	slow := quietServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}))
	slow.Start()
	for path, code := range map[string]string{"/": "", "/body": "200"} {
		t.Run(path, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			c := &http.Client{Transport: mw.NewTransport(slow.Client().Transport, mw.With(rec.Tracing())), Timeout: 50 * time.Millisecond}
			res, err := c.Do(outgoing(t, http.MethodGet, slow.URL+path, nil))
			if err == nil {
				_, err = io.ReadAll(res.Body)
				_ = res.Body.Close()
			}
			if err == nil {
				t.Fatal("no error")
			}
			wantAttrs(t, rec.One(t), map[string]string{"error.type": "context.DeadlineExceeded", "http.response.status_code": code})
		})
	}
}

func TestClientErrorHidesURL(t *testing.T) {
	fails := tripper(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: "http://user:secret@h/?sig=secret", Err: io.ErrUnexpectedEOF}
	})
	got, _ := call(t, fails, outgoing(t, "GET", "http://h/", nil))
	if d := got.Status().Description; d != "unexpected EOF" {
		t.Errorf("description = %q, want the cause without the URL", d)
	}
	wantAttrs(t, got, map[string]string{"error.type": "io.ErrUnexpectedEOF"})
}

func TestClientCancels(t *testing.T) {
	sent := make(chan struct{}, 1)
	srv := quietServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
		}
		sent <- struct{}{}
		<-r.Context().Done()
	}))
	srv.Start()
	t.Run("before headers", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-sent
			cancel()
		}()
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		if res, err := mw.NewTransport(srv.Client().Transport, mw.With(rec.Tracing())).RoundTrip(r); err == nil {
			_ = res.Body.Close()
			t.Error("no error, want a cancelled request")
		}
		wantAttrs(t, rec.One(t), map[string]string{"error.type": "", "http.response.status_code": ""})
	})
	t.Run("while reading the body", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		ctx, cancel := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/body", nil)
		res, err := mw.NewTransport(srv.Client().Transport, mw.With(rec.Tracing())).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		<-sent
		cancel()
		if _, err := io.ReadAll(res.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("read: %v, want context.Canceled", err)
		}
		_ = res.Body.Close()
		wantAttrs(t, rec.One(t), map[string]string{"error.type": "", "http.response.status_code": "200"})
	})
}

func TestClientBodyEnd(t *testing.T) {
	start := func(t *testing.T, opts ...mw.ClientOption) (*spantest.Recorder, *http.Response) {
		rec := spantest.NewRecorder(t)
		res, err := mw.NewTransport(answer(200, "body"), append(opts, mw.With(rec.Tracing()))...).RoundTrip(outgoing(t, "GET", "http://h/", nil))
		if err != nil {
			t.Fatal(err)
		}
		return rec, res
	}
	t.Run("at EOF", func(t *testing.T) {
		rec, res := start(t)
		if len(rec.Spans()) != 0 {
			t.Error("ended before the body was read")
		}
		_, _ = io.ReadAll(res.Body)
		rec.Wait(t, 1)
		_ = errors.Join(res.Body.Close(), res.Body.Close())
		rec.Wait(t, 1)
	})
	t.Run("closed unread", func(t *testing.T) {
		rec, res := start(t)
		_ = res.Body.Close()
		rec.Wait(t, 1)
	})
	t.Run("neither read nor closed", func(t *testing.T) {
		rec, _ := start(t)
		rec.LeavesOpen(1)
		rec.Wait(t, 0)
	})
	t.Run("WithEndOnHeaders", func(t *testing.T) {
		rec, _ := start(t, mw.WithEndOnHeaders())
		rec.Wait(t, 1)
	})
}

func TestClientEndsWithHeaders(t *testing.T) {
	body := func(b io.ReadCloser, code int) tripper {
		return func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: code, Body: b, Request: r, Header: http.Header{}}, nil
		}
	}
	conn := struct {
		io.Reader
		io.Writer
		io.Closer
	}{strings.NewReader("x"), io.Discard, io.NopCloser(nil)}
	tests := []struct {
		name, method string
		base         tripper
	}{
		{"a response to HEAD", "HEAD", body(io.NopCloser(strings.NewReader("")), 200)},
		{"status 204", "GET", body(io.NopCloser(strings.NewReader("")), 204)},
		{"status 304", "GET", body(io.NopCloser(strings.NewReader("")), 304)},
		{"NoBody", "GET", body(http.NoBody, 200)},
		{"nil body", "GET", body(nil, 200)},
		{"status 101", "GET", body(conn, 101)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			res, err := mw.NewTransport(tt.base, mw.With(rec.Tracing())).RoundTrip(outgoing(t, tt.method, "http://h/", nil))
			if err != nil || res.Body == nil {
				t.Fatalf("body %v, error %v", res.Body, err)
			}
			if _, ok := res.Body.(io.ReadWriteCloser); !ok && res.StatusCode == http.StatusSwitchingProtocols {
				t.Errorf("body is %T, want an io.ReadWriteCloser", res.Body)
			}
			wantAttrs(t, rec.Wait(t, 1)[0], map[string]string{"error.type": ""})
		})
	}
}

// "A 4xx/5xx code outlives any later error": neither the truncated body nor its error's text is told.
func TestFailedCodeOutlivesBodyError(t *testing.T) {
	base := tripper(func(r *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader("sorry"), iotest.ErrReader(io.ErrUnexpectedEOF))
		return &http.Response{StatusCode: 503, Body: io.NopCloser(body), Request: r}, nil
	})
	got, _ := call(t, base, outgoing(t, "GET", "http://h/", nil))
	wantAttrs(t, got, map[string]string{"error.type": "503", "http.response.status_code": "503"})
	if text := got.Status().Description; text != "" {
		t.Errorf("description = %q, want none", text)
	}
}

// The body of a 101 is a connection, whose bytes are not those of the response.
// A dialer that returns a wrapper of nothing does not take the request down.
func TestConnectionWithoutAddress(t *testing.T) {
	srv := quietServer(t, status(http.StatusNoContent))
	srv.Start()
	for name, addr := range map[string]func() net.Addr{
		"RemoteAddr panics":           func() net.Addr { panic("no address") },
		"nil":                         func() net.Addr { return nil },
		"an address that panics":      func() net.Addr { return brokenAddr{} },
		"a nil pointer to an address": func() net.Addr { return (*brokenPointer)(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			base := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
				return addressed{conn, addr}, err
			}}
			t.Cleanup(base.CloseIdleConnections)
			rec := spantest.NewRecorder(t)
			client := &http.Client{Transport: mw.NewTransport(base, mw.With(rec.Tracing()))}
			if res, _ := get(t, client, srv.URL); res.StatusCode != http.StatusNoContent {
				t.Errorf("status %d, want 204", res.StatusCode)
			}
			wantAttrs(t, rec.One(t), map[string]string{"network.peer.address": "", "http.response.status_code": "204"})
		})
	}
}

type addressed struct {
	net.Conn
	addr func() net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.addr() }

type brokenAddr struct{ net.Addr }

type brokenPointer struct{ text string }

func (b *brokenPointer) Network() string { return b.text }
func (b *brokenPointer) String() string  { return b.text }

// A caller gets the error that an http.Client without Transport gives it, and the span has an error, too.
func TestBrokenRoundTripper(t *testing.T) {
	fault := errors.New("fault")
	response := func(length int64) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: 200, ContentLength: length, Header: http.Header{}, Request: r}
		}
	}
	none := func(*http.Request) *http.Response { return nil }
	tests := []struct {
		name, method string
		response     func(*http.Request) *http.Response
		err          error
		errorType    string // "" if there is no error
	}{
		{"nil Body with a content length", "GET", response(1), nil, "_OTHER"},
		{"nil Body of unknown length", "GET", response(-1), nil, ""},
		{"nil Body without content", "GET", response(0), nil, ""},
		{"nil Body of HEAD", "HEAD", response(1), nil, ""},
		{"nil response", "GET", none, nil, "_OTHER"},
		{"nil Body and an error", "GET", response(1), fault, "*errors.errorString"},
		{"error", "GET", none, fault, "*errors.errorString"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := tripper(func(r *http.Request) (*http.Response, error) { return tt.response(r), tt.err })
			rec := spantest.NewRecorder(t)
			traced := mw.NewTransport(base, mw.With(rec.Tracing()))
			log.SetOutput(io.Discard) // the Client logs a response with an error
			t.Cleanup(func() { log.SetOutput(os.Stderr) })
			want := clientResult(t, base, tt.method)
			for name, client := range map[string]http.RoundTripper{
				"traced": traced, "twice": mw.NewTransport(traced, mw.With(rec.Tracing())),
				"excluded":  mw.NewTransport(base, mw.WithExclude(func(*http.Request) bool { return true })),
				"unsampled": mw.NewTransport(base, mw.WithTracerProvider(neverSampled(t))),
			} {
				rec.Reset()
				if got := clientResult(t, client, tt.method); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
				for _, s := range rec.Spans() {
					wantAttrs(t, s, map[string]string{"error.type": tt.errorType})
				}
			}
		})
	}
}

// clientResult is what a caller of an http.Client gets from rt.
func clientResult(t *testing.T, rt http.RoundTripper, method string) string {
	t.Helper()
	res, err := (&http.Client{Transport: rt}).Do(outgoing(t, method, "http://h/", nil))
	if err != nil {
		return "error " + err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return fmt.Sprintf("%d %q %v", res.StatusCode, body, err)
}

func TestUpgradeHasNoBodySize(t *testing.T) {
	got, _ := call(t, answer(101, "frames"), outgoing(t, "GET", "http://h/", nil), mw.WithBodySizes())
	wantAttrs(t, got, map[string]string{"http.response.body.size": "", "http.request.body.size": "0"})
}

// Without a span there is nothing to put in the place of the trace headers that the caller set by hand.
func TestTraceHeadersStayWithoutSpan(t *testing.T) {
	var sent http.Header
	rt := mw.NewTransport(tripper(func(r *http.Request) (*http.Response, error) {
		sent = r.Header
		return answer(200, "")(r)
	}), mw.WithTracerProvider(noop.NewTracerProvider()), mw.WithPropagator(propagation.TraceContext{}))
	r := outgoing(t, "GET", "http://h/", nil)
	r.Header.Set("Traceparent", "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01")
	res, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := sent.Get("Traceparent"); got != r.Header.Get("Traceparent") {
		t.Errorf("traceparent = %q, want the caller's", got)
	}
}

// The base that returns nothing is client_nothing of TestClientGolden.
func TestClientPanics(t *testing.T) {
	rec := spantest.NewRecorder(t)
	base := tripper(func(*http.Request) (*http.Response, error) { panic("boom") })
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("raised %v, want boom", v)
			}
		}()
		_, _ = mw.NewTransport(base, mw.With(rec.Tracing())).RoundTrip(outgoing(t, "GET", "http://h/", nil))
	}()
	spantest.Golden(t, "client_panic", rec.Wait(t, 1))
}

func TestPeerOfTheConnection(t *testing.T) {
	srv := quietServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	srv.Start()
	rec := spantest.NewRecorder(t)
	var hooks int
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { hooks++ }})
	c := &http.Client{Transport: mw.NewTransport(srv.Client().Transport, mw.With(rec.Tracing()))}
	for range 2 { // A new connection, then a reused one
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		fetch(t, c, r)
	}
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	for _, s := range rec.Wait(t, 2) {
		wantAttrs(t, s, map[string]string{
			"network.peer.address": "127.0.0.1", "network.peer.port": port, "server.address": "127.0.0.1", "server.port": port,
		})
	}
	if hooks != 2 {
		t.Errorf("the caller's own ClientTrace fired %d times, want 2", hooks)
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	rec := spantest.NewRecorder(t)
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: mw.New(mw.With(rec.Tracing()))(status(200))}}
	srv.Start()
	defer srv.Close()
	base := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	defer base.CloseIdleConnections()
	fetch(t, &http.Client{Transport: mw.NewTransport(base, mw.With(rec.Tracing()))}, outgoing(t, "GET", "http://local/", nil))
	spans := rec.Wait(t, 2)
	wantAttrs(t, spantest.Of(spans, trace.SpanKindClient)[0], map[string]string{"network.peer.address": path, "network.peer.port": ""})
	wantAttrs(t, spantest.Of(spans, trace.SpanKindServer)[0], map[string]string{"network.peer.address": "", "client.address": ""})
}

func TestOutgoingRequest(t *testing.T) {
	t.Run("headers", func(t *testing.T) {
		r := outgoing(t, "GET", "http://h/", nil)
		r.Header = http.Header{"Traceparent": {"old"}, "traceparent": {"older"}, "Tracestate": {"old=1"}, "X-A": {"1"}}
		var wire http.Header
		got, _ := call(t, tripper(func(out *http.Request) (*http.Response, error) {
			wire = out.Header
			return answer(200, "")(out)
		}), r)
		want := fmt.Sprintf("00-%s-%s-01", got.SpanContext().TraceID(), got.SpanContext().SpanID())
		if fmt.Sprint(wire) != fmt.Sprint(http.Header{"Traceparent": {want}, "X-A": {"1"}}) {
			t.Errorf("wire has %v, want one traceparent %s", wire, want)
		}
		if len(r.Header) != 4 || r.Header.Get("Traceparent") != "old" {
			t.Errorf("the caller's headers became %v", r.Header)
		}
	})
	t.Run("excluded", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		ctx, parent := rec.Tracer("user").Start(t.Context(), "parent")
		var wire http.Header
		var marked bool
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://h/", nil)
		base := mw.NewTransport(tripper(func(out *http.Request) (*http.Response, error) {
			wire, marked = out.Header, out.Context() != ctx
			return answer(200, "")(out)
		}), mw.With(rec.Tracing()))
		res, err := mw.NewTransport(base, mw.With(rec.Tracing()), mw.WithExclude(func(*http.Request) bool { return true })).RoundTrip(r)
		if err != nil || res.Request != r {
			t.Errorf("response of %p, error %v; want the caller's request", res.Request, err)
		}
		_ = res.Body.Close()
		parent.End()
		if got, want := wire.Get("Traceparent"), "00-"+parent.SpanContext().TraceID().String(); !strings.HasPrefix(got, want) ||
			!strings.HasSuffix(got, "-00") || !marked {
			t.Errorf("traceparent = %q, want the trace of the parent, unsampled", got)
		}
		rec.Wait(t, 1)
	})
	t.Run("NoBody", func(t *testing.T) {
		r := outgoing(t, "POST", "http://h/", http.NoBody)
		call(t, tripper(func(out *http.Request) (*http.Response, error) {
			if out.Body != http.NoBody || out.ContentLength != 0 {
				t.Errorf("body %v, length %d; want NoBody, 0", out.Body, out.ContentLength)
			}
			return answer(200, "")(out)
		}), r, mw.WithBodySizes())
	})
	t.Run("nil base", func(t *testing.T) {
		before := http.DefaultTransport
		defer func() { http.DefaultTransport = before }()
		used := false
		http.DefaultTransport = tripper(func(r *http.Request) (*http.Response, error) {
			used = true
			return answer(200, "")(r)
		})
		call(t, nil, outgoing(t, "GET", "http://h/", nil))
		if !used {
			t.Error("http.DefaultTransport was not used")
		}
	})
	t.Run("nil URL", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		fails := tripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no URL") })
		if _, err := mw.NewTransport(fails, mw.With(rec.Tracing())).RoundTrip(new(http.Request)); err == nil {
			t.Error("no error")
		}
		rec.Wait(t, 0)
	})
	t.Run("response of the caller's request", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		r := outgoing(t, "GET", "http://h/", nil)
		res, _ := mw.NewTransport(answer(200, ""), mw.With(rec.Tracing())).RoundTrip(r)
		if res.Request != r {
			t.Error("Response.Request is not the request that was sent")
		}
		_ = res.Body.Close()
	})
}

func TestRedirects(t *testing.T) {
	var bodies []string
	srv := quietServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(b))
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusTemporaryRedirect)
		}
	}))
	srv.Start()
	for _, tt := range []struct {
		name string
		body io.Reader
	}{
		{"known length", strings.NewReader("hello")},
		{"unknown length", unknownLength{strings.NewReader("hello")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bodies = nil
			rec := spantest.NewRecorder(t)
			ctx, parent := rec.Tracer("user").Start(t.Context(), "parent")
			r, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/old", tt.body)
			if r.GetBody == nil {
				r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil }
			}
			fetch(t, &http.Client{Transport: mw.NewTransport(srv.Client().Transport, mw.With(rec.Tracing()), mw.WithBodySizes())}, r)
			parent.End()
			if fmt.Sprint(bodies) != "[hello hello]" {
				t.Errorf("bodies = %q, want hello twice", bodies)
			}
			spans := spantest.Of(rec.Wait(t, 3), trace.SpanKindClient)
			for i, s := range spans {
				resends := ""
				if i == 1 {
					resends = "1"
				}
				wantAttrs(t, s, map[string]string{"http.request.body.size": "5", "http.request.resend_count": resends})
				if s.Parent().SpanID() != parent.SpanContext().SpanID() {
					t.Error("the hops are not siblings below the caller's span")
				}
			}
		})
	}
}

type unknownLength struct{ io.Reader }

func TestRewoundBodyIsCountedOnce(t *testing.T) {
	base := tripper(func(r *http.Request) (*http.Response, error) {
		_, _ = io.ReadAll(r.Body)
		again, err := r.GetBody()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(again)
		return answer(200, "")(r)
	})
	r := outgoing(t, "POST", "http://h/", unknownLength{strings.NewReader("hello")})
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil }
	got, _ := call(t, base, r, mw.WithBodySizes())
	wantAttrs(t, got, map[string]string{"http.request.body.size": "5"})
}

func TestClientSamplerSeesStartAttributes(t *testing.T) {
	sampler := new(seeing)
	rec := spantest.NewRecorder(t, sdktrace.WithSampler(sampler))
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

func TestOneRequestTwice(t *testing.T) {
	srv := quietServer(t, status(200))
	srv.Start()
	rec := spantest.NewRecorder(t)
	c := &http.Client{Transport: mw.NewTransport(srv.Client().Transport, mw.With(rec.Tracing()), mw.WithBodySizes())}
	r := outgoing(t, "GET", srv.URL, nil)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if res, err := c.Transport.RoundTrip(r); err == nil {
				_ = res.Body.Close()
			}
		})
	}
	both.Wait()
	rec.Wait(t, 2)
}

func TestWrappedTwice(t *testing.T) {
	rec := spantest.NewRecorder(t)
	traced := func(base http.RoundTripper) http.RoundTripper { return mw.NewTransport(base, mw.With(rec.Tracing())) }
	send := func(rt http.RoundTripper, url string) {
		res, err := rt.RoundTrip(outgoing(t, "GET", url, nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	t.Run("directly", func(t *testing.T) {
		send(traced(traced(answer(200, ""))), "http://h/")
		rec.Wait(t, 1)
		rec.Reset()
	})
	t.Run("another between, and another request on its context", func(t *testing.T) {
		inner := traced(answer(200, ""))
		send(traced(tripper(func(r *http.Request) (*http.Response, error) {
			login, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://login/", nil)
			if res, err := inner.RoundTrip(login); err == nil {
				_ = res.Body.Close()
			}
			return inner.RoundTrip(r.Clone(r.Context()))
		})), "http://h/")
		rec.Wait(t, 2)
		rec.Reset()
	})
	t.Run("the same request again, on the context of one that is over", func(t *testing.T) {
		var over context.Context
		rt := traced(tripper(func(r *http.Request) (*http.Response, error) {
			over = r.Context()
			return answer(200, "")(r)
		}))
		send(rt, "http://h/")
		res, err := rt.RoundTrip(outgoing(t, "GET", "http://h/", nil).WithContext(over))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		rec.Wait(t, 2)
	})
}

func TestCloseIdleConnections(t *testing.T) {
	base := new(closer)
	(&http.Client{Transport: mw.NewTransport(base)}).CloseIdleConnections()
	if !base.closed {
		t.Error("the base was not told")
	}
	mw.NewTransport(answer(200, "")).CloseIdleConnections()
}

type closer struct {
	http.RoundTripper
	closed bool
}

func (c *closer) CloseIdleConnections() { c.closed = true }

func TestUnsampledCall(t *testing.T) {
	var wire http.Header
	body := io.NopCloser(strings.NewReader("x"))
	base := tripper(func(r *http.Request) (*http.Response, error) {
		wire = r.Header
		return &http.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{}, Request: r}, nil
	})
	rec := spantest.NewRecorder(t, sdktrace.WithSampler(sdktrace.NeverSample()))
	res, err := mw.NewTransport(base, mw.With(rec.Tracing())).RoundTrip(outgoing(t, "GET", "http://h/", nil))
	if err != nil || res.Body != body {
		t.Errorf("body %v, error %v; want the base's own body", res.Body, err)
	}
	_ = res.Body.Close()
	if got := wire.Get("Traceparent"); !strings.HasSuffix(got, "-00") {
		t.Errorf("traceparent = %q, want an unsampled one", got)
	}
}

func TestTLSClient(t *testing.T) {
	srv := quietServer(t, status(200))
	srv.StartTLS()
	rec := spantest.NewRecorder(t)
	base := srv.Client().Transport.(*http.Transport).Clone()
	base.TLSClientConfig.MinVersion = tls.VersionTLS13
	defer base.CloseIdleConnections()
	fetch(t, &http.Client{Transport: mw.NewTransport(base, mw.With(rec.Tracing()))}, outgoing(t, "GET", srv.URL, nil))
	wantAttrs(t, rec.One(t), map[string]string{"http.response.status_code": "200", "network.peer.address": "127.0.0.1"})
}
