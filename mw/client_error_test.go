package mw_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

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

// A status code that is an error takes precedence over a later error of the body, whose text is not recorded.
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
