package exportertest

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// A Receiver is an HTTP server on loopback that keeps what it receives.
type Receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []Request
}

// A Request is one that a Receiver has read.
type Request struct {
	*http.Request
	Content []byte // the body, decompressed
}

// An Answer responds to the request with the number n, which counts from 1. It may read the decompressed body.
type Answer func(n int, w http.ResponseWriter, r *http.Request)

// Accept answers 202.
func Accept(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }

// OK answers 200.
func OK(int, http.ResponseWriter, *http.Request) {}

// Fail returns the answer that calls fail for the first request and answers 202 to the others.
func Fail(fail http.HandlerFunc) Answer {
	return func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			fail(w, r)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

// Receive starts a receiver, which the end of the test closes.
func Receive(t testing.TB, answer Answer) *Receiver {
	return receive(t, answer, (*httptest.Server).Start)
}

// ReceiveTLS starts a receiver over TLS. Its errors about handshakes are not logged.
func ReceiveTLS(t testing.TB, answer Answer, config *tls.Config) *Receiver {
	return receive(t, answer, func(s *httptest.Server) {
		s.TLS = config.Clone()
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.StartTLS()
	})
}

// ReceiveAt starts a receiver at an address that was free before.
func ReceiveAt(t testing.TB, address string, answer Answer) *Receiver {
	return receive(t, answer, func(s *httptest.Server) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		_ = s.Listener.Close()
		s.Listener = l
		s.Start()
	})
}

// receive creates a receiver, which start starts.
func receive(t testing.TB, answer Answer, start func(*httptest.Server)) *Receiver {
	rc := new(Receiver)
	rc.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, ok := rc.keep(r)
		if ok {
			answer(n, w, r)
		}
	}))
	start(rc.Server)
	t.Cleanup(rc.Close)
	return rc
}

// keep reads the request and replaces its body. It reports false if the client broke off.
func (rc *Receiver) keep(r *http.Request) (n int, whole bool) {
	content, err := io.ReadAll(r.Body)
	if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
		content, err = decompressed(content)
	}
	if err != nil {
		return 0, false
	}
	r.Body = io.NopCloser(bytes.NewReader(content))
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.requests = append(rc.requests, Request{r, content})
	return len(rc.requests), true
}

// decompressed returns the content of a gzip body.
func decompressed(body []byte) ([]byte, error) {
	in, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}

// Requests returns the requests so far.
func (rc *Receiver) Requests() []Request {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return slices.Clone(rc.requests)
}

// Count returns the count of requests so far.
func (rc *Receiver) Count() int { return len(rc.Requests()) }

// Last returns the last request.
func (rc *Receiver) Last() Request {
	all := rc.Requests()
	return all[len(all)-1]
}

// Hijack takes the connection of a request over.
func Hijack(w http.ResponseWriter) net.Conn {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return c
}

// Breaks are ways in which a server does not respond to a request.
var Breaks = map[string]http.HandlerFunc{
	"EOF": func(w http.ResponseWriter, _ *http.Request) { Hijack(w).Close() },
	"reset": func(w http.ResponseWriter, _ *http.Request) {
		c := Hijack(w)
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	},
	"hang": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"half an answer": func(w http.ResponseWriter, _ *http.Request) {
		c := Hijack(w)
		_, _ = c.Write([]byte("HTTP/1.1 20"))
		_ = c.Close()
	},
}

// FreeAddress returns an address on loopback where nothing listens.
func FreeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}
