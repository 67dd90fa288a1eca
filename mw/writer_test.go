package mw_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// everything is a ResponseWriter with every optional interface; it notes which were called.
type everything struct {
	*httptest.ResponseRecorder
	calls *[]string
}

func (e everything) note(name string) { *e.calls = append(*e.calls, name) }
func (e everything) Flush()           { e.note("Flush") }
func (e everything) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	e.note("Hijack")
	return nil, nil, nil
}

func (e everything) Push(string, *http.PushOptions) error {
	e.note("Push")
	return nil
}

func (e everything) ReadFrom(r io.Reader) (int64, error) {
	e.note("ReadFrom")
	return io.Copy(e.ResponseRecorder, r)
}

func (e everything) CloseNotify() <-chan bool {
	e.note("CloseNotify")
	return nil
}

func (e everything) WriteString(s string) (int, error) {
	e.note("WriteString")
	return e.ResponseRecorder.WriteString(s)
}

// exercise calls each optional interface that w has and returns their bits.
func exercise(w http.ResponseWriter) (bits int) {
	if f, ok := w.(http.Flusher); ok {
		bits |= 1
		f.Flush()
	}
	if f, ok := w.(interface{ FlushError() error }); ok != (bits&1 != 0) || ok && f.FlushError() != nil {
		bits |= 1 << 10
	}
	if p, ok := w.(http.Pusher); ok {
		bits |= 4
		_ = p.Push("/x", nil)
	}
	if r, ok := w.(io.ReaderFrom); ok {
		bits |= 8
		_, _ = r.ReadFrom(strings.NewReader("x"))
	}
	if c, ok := w.(http.CloseNotifier); ok { //nolint:staticcheck // it is one of the interfaces
		bits |= 16
		c.CloseNotify()
	}
	if s, ok := w.(io.StringWriter); ok {
		bits |= 32
		_, _ = s.WriteString("x")
	}
	if h, ok := w.(http.Hijacker); ok {
		bits |= 2
		_, _, _ = h.Hijack()
	}
	return bits
}

func TestWriterHasTheSameInterfaces(t *testing.T) {
	for n := range 64 {
		t.Run(fmt.Sprintf("subset %06b", n), func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			var calls []string
			inner := subset(n, everything{httptest.NewRecorder(), &calls})
			h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if got := exercise(w); got != n {
					t.Errorf("interfaces = %06b, want %06b", got, n)
				}
				if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); !ok || u.Unwrap() != inner {
					t.Error("Unwrap does not return the wrapped writer")
				}
			}))
			h.ServeHTTP(inner, newRequest("GET", "/x"))
			want := []string{"Flush", "Flush", "Push", "ReadFrom", "CloseNotify", "WriteString", "Hijack"}
			bits := []int{1, 1, 4, 8, 16, 32, 2}
			var expected []string
			for i, bit := range bits {
				if n&bit != 0 {
					expected = append(expected, want[i])
				}
			}
			if got := fmt.Sprint(calls); got != fmt.Sprint(expected) {
				t.Errorf("calls = %v, want %v", calls, expected)
			}
		})
	}
}

func TestWritesAreForwardedUnchanged(t *testing.T) {
	w, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", "1")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("a"))
		_, _ = io.WriteString(w, "b")
		_, _ = fmt.Fprintf(w, "%s", "c")
	}), newRequest("GET", "/x"))
	if w.Code != http.StatusCreated || w.Body.String() != "abc" || w.Header().Get("X-A") != "1" {
		t.Errorf("response = %d %q %v, want 201 abc with X-A", w.Code, w.Body, w.Header())
	}
}

func TestResponseController(t *testing.T) {
	// What works on a server's own writer works through the middleware.
	var failures []error
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		failures = append(failures,
			c.SetReadDeadline(time.Now().Add(time.Minute)),
			c.SetWriteDeadline(time.Now().Add(time.Minute)),
			c.EnableFullDuplex(),
			c.Flush())
		conn, _, err := c.Hijack()
		failures = append(failures, err)
		if err == nil {
			_ = conn.Close()
		}
	})
	got := serveReal(t, handler, func(c *http.Client, url string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if res, err := c.Do(r); err == nil {
			_ = res.Body.Close()
		}
	})
	wantAttrs(t, got, map[string]string{"http.response.status_code": "200", "error.type": ""})
	if err := errors.Join(failures...); err != nil {
		t.Error(err)
	}
}

func TestHijackWithoutStatus(t *testing.T) {
	got := serveReal(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_ = rw.Flush()
		if _, err := w.Write([]byte("late")); !errors.Is(err, http.ErrHijacked) {
			t.Errorf("Write after Hijack: %v, want ErrHijacked", err)
		}
		_ = conn.Close()
	}), func(c *http.Client, url string) {
		res, _ := get(t, c, url)
		if res.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("the client got %d, want 101", res.StatusCode)
		}
	})
	spantest.Golden(t, "hijack", []spantest.Span{got}, portsOf(got)...)
}

// portsOf are replacements for what is another in each run of a real server.
func portsOf(s spantest.Span) []string {
	return []string{
		"network.peer.port = " + s.Text("network.peer.port"), "network.peer.port = (port)",
		"server.port = " + s.Text("server.port"), "server.port = (port)",
	}
}

func TestSendfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("ServeFile", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		var calls []string
		inner := everything{httptest.NewRecorder(), &calls}
		h := mw.New(mw.With(rec.Tracing()), mw.WithBodySizes())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, file)
		}))
		h.ServeHTTP(inner, newRequest("GET", "/x"))
		wantAttrs(t, rec.One(t), map[string]string{"http.response.body.size": "1048576", "http.request.body.size": "0"})
		if fmt.Sprint(calls) != "[ReadFrom]" {
			t.Errorf("calls = %v, want ReadFrom", calls)
		}
	})
	t.Run("real server", func(t *testing.T) {
		got := serveReal(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }),
			func(c *http.Client, url string) { get(t, c, url) }, mw.WithBodySizes())
		wantAttrs(t, got, map[string]string{"http.response.body.size": "1048576"})
	})
	t.Run("a stream of strings", func(t *testing.T) {
		_, got := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "abc")
			_, _ = fmt.Fprintf(w, "%d", 12345)
		}), newRequest("GET", "/x"), mw.WithBodySizes())
		wantAttrs(t, got, map[string]string{"http.response.body.size": "8"})
	})
}

func TestRequestBody(t *testing.T) {
	t.Run("NoBody stays NoBody", func(t *testing.T) {
		r := newRequest("GET", "/x")
		r.Body = http.NoBody
		serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Body != http.NoBody {
				t.Error("Body is not http.NoBody any more")
			}
		}), r, mw.WithBodySizes())
	})
	for _, panics := range []bool{false, true} {
		t.Run(fmt.Sprintf("chunked, panic %t", panics), func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			r := newRequest("POST", "/x")
			body := io.NopCloser(strings.NewReader("hello"))
			r.Body, r.ContentLength = body, -1
			func() {
				defer func() { _ = recover() }()
				mw.New(mw.With(rec.Tracing()), mw.WithBodySizes())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.ReadAll(r.Body)
					if panics {
						panic("boom")
					}
				})).ServeHTTP(httptest.NewRecorder(), r)
			}()
			wantAttrs(t, rec.One(t), map[string]string{"http.request.body.size": "5"})
			if r.Body != body {
				t.Error("the Body of the original request was replaced")
			}
		})
	}
	t.Run("announced length", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("hello"))
		_, got := serve(t, status(200), r, mw.WithBodySizes())
		wantAttrs(t, got, map[string]string{"http.request.body.size": "5"})
	})
}

func multipartRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	const form = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\ncontent\r\n--b--\r\n"
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	return r
}

func TestMultipartFilesAreRemoved(t *testing.T) {
	excluded := mw.WithExclude(func(*http.Request) bool { return true })
	tests := []struct {
		name string
		opts []mw.ServerOption
	}{
		{"sampled", nil},
		{"excluded", []mw.ServerOption{excluded}},
		{"unsampled", []mw.ServerOption{mw.WithTracerProvider(neverSampled(t))}},
	}
	for _, tt := range tests {
		for _, panics := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, panic %t", tt.name, panics), func(t *testing.T) {
				t.Setenv("TMPDIR", t.TempDir())
				rec := spantest.NewRecorder(t)
				served := make(chan struct{})
				h := mw.New(append([]mw.ServerOption{mw.With(rec.Tracing())}, tt.opts...)...)(http.HandlerFunc(
					func(_ http.ResponseWriter, r *http.Request) {
						if err := r.ParseMultipartForm(1); err != nil { // one byte of files in memory
							t.Error(err)
						}
						if files(t) != 1 {
							t.Errorf("%d temporary files while the handler runs, want 1", files(t))
						}
						if panics {
							panic(http.ErrAbortHandler)
						}
					}))
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(served)
					h.ServeHTTP(w, r)
				}))
				if res, err := srv.Client().Do(multipartRequest(t, srv.URL)); err == nil {
					_ = res.Body.Close()
				}
				<-served
				srv.Close()
				if n := files(t); n != 0 {
					t.Errorf("%d temporary files are left", n)
				}
			})
		}
	}
}

func files(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestLateWrites(t *testing.T) {
	// A goroutine of the handler that writes after it returned changes no span, and meets no other request.
	rec := spantest.NewRecorder(t)
	release := make(chan struct{})
	var late sync.WaitGroup
	h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		late.Go(func() {
			<-release
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("late"))
		})
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, newRequest("GET", "/x"))
	got := rec.One(t)
	close(release)
	late.Wait()
	wantAttrs(t, got, map[string]string{"http.response.status_code": "200"})
	if w.Code != http.StatusInternalServerError || w.Body.String() != "late" {
		t.Errorf("late writes gave %d %q, want them passed through", w.Code, w.Body)
	}
}

// It is clean under -race.
func TestParallelReadAndWrite(t *testing.T) {
	got := serveReal(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(io.Discard, r.Body) })
		both.Go(func() {
			for range 100 {
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
			}
		})
		both.Wait()
	}), func(c *http.Client, url string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, io.MultiReader(strings.NewReader(strings.Repeat("y", 1<<16))))
		if _, body := fetch(t, c, r); len(body) != 100 {
			t.Errorf("%d bytes, want 100", len(body))
		}
	}, mw.WithBodySizes())
	wantAttrs(t, got, map[string]string{"http.response.body.size": "100", "http.request.body.size": "65536"})
}

func TestInvalidStatusPanicsAsWithoutMiddleware(t *testing.T) {
	value, got := caught(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(42) })
	if !strings.Contains(fmt.Sprint(value), "invalid WriteHeader code") {
		t.Errorf("raised %v, want net/http's words", value)
	}
	wantAttrs(t, got, map[string]string{"error.type": "string", "http.response.status_code": ""})
}
