package mw_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"path/filepath"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

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

func (b *brokenPointer) String() string { return b.text }

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
