package mw_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

func TestServerStatus(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		code    string
		errType string
	}{
		{"status 500", status(500), "500", "500"},
		{"status 700", status(700), "700", "700"},
		{"999", status(999), "999", "999"},
		{"status 404", status(404), "404", ""},
		{"status 302", status(302), "302", ""},
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, "200", ""},
		{"Write only", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }, "200", ""},
		{"the first status counts", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			w.WriteHeader(http.StatusInternalServerError)
		}, "201", ""},
		{"1xx is not final", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusServiceUnavailable)
		}, "503", "503"},
		{"1xx and then a body", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "x")
		}, "200", ""},
		{"status 101", status(101), "101", ""},
		{"short request body", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			w.WriteHeader(http.StatusBadRequest)
		}, "400", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, got := serve(t, tt.handler, newRequest("GET", "/x"))
			wantAttrs(t, got, map[string]string{"http.response.status_code": tt.code, "error.type": tt.errType})
			if got.Status().Description != "" {
				t.Errorf("description = %q, want none", got.Status().Description)
			}
		})
	}
}

func TestServerGolden(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	late := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }
	tests := []struct {
		name    string
		ctx     context.Context
		err     error
		handler http.HandlerFunc
	}{
		{"server_error", t.Context(), nil, status(503)},
		{"upgrade", t.Context(), nil, status(101)},
		{"disconnect", gone, nil, func(http.ResponseWriter, *http.Request) {}},
		{"write_failed", t.Context(), os.NewSyscallError("write", syscall.ECONNRESET), late},
		{"handler_timeout", t.Context(), http.ErrHandlerTimeout, late},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			mw.New(mw.With(rec.Tracing()))(tt.handler).
				ServeHTTP(failing{httptest.NewRecorder(), tt.err}, newRequest("GET", "/x").WithContext(tt.ctx))
			spantest.Golden(t, tt.name, rec.Wait(t, 1))
		})
	}
}

func TestErrorStatusOption(t *testing.T) {
	teapots := mw.WithErrorStatus(func(code int) bool { return code == http.StatusTeapot })
	_, got := serve(t, status(418), newRequest("GET", "/x"), teapots)
	wantAttrs(t, got, map[string]string{"error.type": "418"})
	_, got = serve(t, status(500), newRequest("GET", "/x"), teapots)
	wantAttrs(t, got, map[string]string{"error.type": "", "http.response.status_code": "500"})
}

// caught serves a request and returns what the middleware raised.
func caught(t *testing.T, h http.HandlerFunc, opts ...mw.ServerOption) (value any, got spantest.Span) {
	t.Helper()
	rec := spantest.NewRecorder(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/users/{id}", h)
	func() {
		defer func() { value = recover() }()
		mw.New(append([]mw.ServerOption{mw.With(rec.Tracing())}, opts...)...)(mux).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/users/1"))
	}()
	return value, rec.One(t)
}

type explosion struct{ why string }

func TestPanics(t *testing.T) {
	boom := &explosion{"gas"}
	tests := []struct {
		name, golden string
		handler      http.HandlerFunc
		want         any
	}{
		{"panic with a text", "panic", func(http.ResponseWriter, *http.Request) { panic("boom") }, "boom"},
		{"panic with a value of the program", "panic_value", func(http.ResponseWriter, *http.Request) { panic(boom) }, boom},
		{"panic with ErrAbortHandler", "panic_abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, http.ErrAbortHandler},
		{"after a status", "panic_after_status", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			panic(errors.New("late"))
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			value, got := caught(t, tt.handler)
			spantest.Golden(t, tt.golden, []spantest.Span{got}, fmt.Sprintf("%v", boom), "(value)")
			if tt.want != nil && value != tt.want {
				t.Errorf("raised %#v, want the identical %#v", value, tt.want)
			}
		})
	}
}

func TestPanicStack(t *testing.T) {
	_, got := caught(t, func(http.ResponseWriter, *http.Request) { theFrameThatPanics() })
	if len(got.Events()) != 1 {
		t.Fatalf("%d events, want one", len(got.Events()))
	}
	for _, kv := range got.Events()[0].Attributes {
		if kv.Key == "exception.stacktrace" && !strings.Contains(kv.Value.AsString(), "theFrameThatPanics") {
			t.Errorf("the stack does not show the frame that panicked:\n%s", kv.Value.AsString())
		}
	}
}

func theFrameThatPanics() { panic("here") }

func TestGoexit(t *testing.T) {
	rec := spantest.NewRecorder(t)
	h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		runtime.Goexit()
	}))
	var done sync.WaitGroup
	done.Go(func() { h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x")) })
	done.Wait()
	spantest.Golden(t, "goexit", rec.Wait(t, 1))
}

func TestRecoverers(t *testing.T) {
	recoverer := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })

	_, got := serve(t, recoverer(boom), newRequest("GET", "/x"))
	t.Run("recovered inside", func(t *testing.T) {
		wantAttrs(t, got, map[string]string{"http.response.status_code": "500", "error.type": "500"})
		if len(got.Events()) != 0 {
			t.Errorf("%d events, want none", len(got.Events()))
		}
	})
	t.Run("recovered outside", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		w := httptest.NewRecorder()
		recoverer(mw.New(mw.With(rec.Tracing()))(boom)).ServeHTTP(w, newRequest("GET", "/x"))
		wantAttrs(t, rec.One(t), map[string]string{"http.response.status_code": "", "error.type": "string"})
		if w.Code != http.StatusInternalServerError {
			t.Errorf("the client got %d, want 500", w.Code)
		}
	})
}

// failing is a ResponseWriter whose writes fail.
type failing struct {
	*httptest.ResponseRecorder
	err error
}

func (f failing) Write([]byte) (int, error)       { return 0, f.err }
func (f failing) WriteString(string) (int, error) { return 0, f.err }
func (f failing) FlushError() error               { return f.err }
func (f failing) ReadFrom(r io.Reader) (int64, error) {
	if _, err := io.ReadAll(r); err != nil {
		return 0, err
	}
	return 0, f.err
}

type typedError struct{ error }

func (typedError) ErrorType() string { return "disk_full" }

func TestFailedWrites(t *testing.T) {
	write := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	gone := os.NewSyscallError("write", syscall.EPIPE)
	tests := []struct {
		name          string
		ctx           context.Context
		err           error
		handler       http.HandlerFunc
		code, errType string
		description   string
	}{
		{"failed Write", nil, gone, write, "200", "syscall.EPIPE", "write: broken pipe"},
		{"WriteString", nil, io.ErrShortWrite, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") },
			"200", "*errors.errorString", "short write"},
		{"FlushError", nil, io.ErrUnexpectedEOF, func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
			"200", "io.ErrUnexpectedEOF", "unexpected EOF"},
		{"error with a type of its own", nil, typedError{io.ErrShortWrite}, write, "200", "disk_full", "short write"},
		{"wrapped", nil, fmt.Errorf("copy: %w", os.ErrDeadlineExceeded), write, "200", "os.ErrDeadlineExceeded", "copy: i/o timeout"},
		{"client gone", cancelled, gone, write, "200", "client_disconnected", "write: broken pipe"},
		{"a code that is an error outlives it", nil, gone, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			write(w, r)
		}, "502", "502", ""},
		{"no body allowed", nil, http.ErrBodyNotAllowed, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			write(w, r)
		}, "204", "", ""},
		{"handler timeout", nil, http.ErrHandlerTimeout, write, "503", "503", ""},
		{"ReadFrom, its source failed first", nil, gone, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader{iotestErr{}})
			w.WriteHeader(http.StatusInternalServerError)
		}, "500", "500", ""},
		{"ReadFrom after the header", nil, gone, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			_, _ = io.Copy(w, onlyReader{strings.NewReader("x")})
		}, "200", "syscall.EPIPE", "write: broken pipe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			r := newRequest("GET", "/x")
			if tt.ctx != nil {
				r = r.WithContext(tt.ctx)
			}
			mw.New(mw.With(rec.Tracing()))(tt.handler).ServeHTTP(failing{httptest.NewRecorder(), tt.err}, r)
			got := rec.One(t)
			wantAttrs(t, got, map[string]string{"http.response.status_code": tt.code, "error.type": tt.errType})
			if got.Status().Description != tt.description {
				t.Errorf("description = %q, want %q", got.Status().Description, tt.description)
			}
		})
	}
}

type onlyReader struct{ io.Reader }

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("source") }

func TestNobodyIsThereAnyMore(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	nothing := func(http.ResponseWriter, *http.Request) {}
	upgrade := http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"}}
	tests := []struct {
		name          string
		ctx           context.Context
		header        http.Header
		handler       http.HandlerFunc
		code, errType string
	}{
		{"cancelled", cancelled, nil, nothing, "", "client_disconnected"},
		{"deadline", expired, nil, nothing, "", "context.DeadlineExceeded"},
		{"upgrade asked for, nothing written", cancelled, upgrade, nothing, "", ""},
		{"500 after a disconnect", cancelled, nil, status(500), "500", "500"},
		{"disconnect after a complete 200", cancelled, nil, status(200), "200", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRequest("GET", "/x").WithContext(tt.ctx)
			for key, values := range tt.header {
				r.Header[key] = values
			}
			_, got := serve(t, tt.handler, r)
			wantAttrs(t, got, map[string]string{"http.response.status_code": tt.code, "error.type": tt.errType})
		})
	}
}

func TestClientDisconnects(t *testing.T) {
	gone := make(chan struct{})
	got := serveReal(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(gone)
		w.WriteHeader(http.StatusInternalServerError)
	}), func(c *http.Client, url string) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, err := c.Do(r); err == nil {
			t.Error("the request was answered, want it cancelled")
		}
		<-gone
	})
	wantAttrs(t, got, map[string]string{"http.response.status_code": "500", "error.type": "500"})
}

func TestUnsampledPanicIsLeftAlone(t *testing.T) {
	defer func() {
		if v := recover(); v != "boom" {
			t.Errorf("raised %v, want boom", v)
		}
	}()
	h := mw.New(mw.WithTracerProvider(neverSampled(t)))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
}

func TestOkIsTheUsers(t *testing.T) {
	_, got := serve(t, status(200), newRequest("GET", "/x"))
	if got.Status().Code != codes.Unset {
		t.Errorf("status = %v, want Unset", got.Status().Code)
	}
}

// With GODEBUG=panicnil=1, recover returns nil for panic(nil), too.
func TestPanicWithNilGoesOn(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	explode := handling(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of ")
		panic(nil)
	})
	sampled, excluded := spantest.NewRecorder(t), spantest.NewRecorder(t)
	leaveOut := mw.WithExclude(func(*http.Request) bool { return true })
	base := tripper(func(*http.Request) (*http.Response, error) { panic(nil) })
	send := func(client http.RoundTripper) func() {
		return func() { _, _ = client.RoundTrip(outgoing(t, "GET", "http://h/", nil)) }
	}
	for name, run := range map[string]func(){
		"server": func() {
			mw.New(mw.With(sampled.Tracing()))(explode).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		},
		"nested": func() {
			mw.New(mw.With(sampled.Tracing()))(mw.New()(explode)).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		},
		"server, unsampled": func() {
			mw.New(mw.WithTracerProvider(neverSampled(t)))(explode).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		},
		"server, excluded": func() {
			mw.New(mw.With(excluded.Tracing()), leaveOut)(explode).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		},
		"client":           send(mw.NewTransport(base, mw.With(sampled.Tracing()))),
		"client, excluded": send(mw.NewTransport(base, mw.With(excluded.Tracing()), leaveOut)),
	} {
		sampled.Reset()
		if !panics(run) {
			t.Errorf("%s: the panic did not go on", name)
		}
		for _, s := range sampled.Spans() {
			if s.Text("error.type") != "<nil>" || len(s.Events()) != 1 {
				t.Errorf("%s: error.type %q, %d events; want <nil>, 1", name, s.Text("error.type"), len(s.Events()))
			}
		}
	}
	if len(excluded.Spans()) != 0 {
		t.Error("an excluded request has a span")
	}
}

// panics reports whether f panics, with any value.
func panics(f func()) (panicked bool) {
	defer func() { _ = recover() }()
	panicked = true
	f()
	return false
}

// A client does not take a response for complete that the handler gave up with panic(nil).
func TestPanicWithNilCutsTheResponse(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	rec := spantest.NewRecorder(t)
	srv := quietServer(t, mw.New(mw.With(rec.Tracing()))(handling(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("a", 64<<10))
		panic(nil)
	})))
	srv.Start()
	if res, err := srv.Client().Get(srv.URL); err == nil { //nolint:noctx // a test on the loopback
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err == nil {
			t.Error("the response looks complete")
		}
	}
	if got := rec.One(t); got.Text("error.type") != "<nil>" {
		t.Errorf("error.type = %q, want <nil>", got.Text("error.type"))
	}
}
