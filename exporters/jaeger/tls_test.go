package jaeger_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// certificate writes the certificate of httptest's server, which is its own CA.
func certificate(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func tlsServer(t *testing.T, c *collector) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(c)
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func TestTLS(t *testing.T) {
	t.Parallel()
	c := &collector{t: t, decode: decodeBatch}
	srv := tlsServer(t, c)
	ca := certificate(t, srv)

	s := collectorSection(srv.URL)
	s["thrift"] = map[string]any{"certificate_file": ca}
	q := open(t, common(new(logBook)), s)
	enqueue(q, 0, 3)
	flush(t, q)
	if len(c.spans()) != 3 {
		t.Errorf("https: %d spans stored, want 3", len(c.spans()))
	}

	g := &collector{t: t, decode: decodePost}
	conf := srv.TLS.Clone()
	conf.NextProtos = []string{"h2"}
	l := listenAt(t, "127.0.0.1:0")
	serveGRPC(t, l, g, grpc.Creds(credentials.NewTLS(conf)))
	s = grpcSection(l.Addr().String(), nil) // no scheme: TLS
	s["grpc"] = map[string]any{"certificate_file": ca}
	q = open(t, common(new(logBook)), s)
	enqueue(q, 0, 3)
	flush(t, q)
	if len(g.spans()) != 3 {
		t.Errorf("grpc: %d spans stored, want 3", len(g.spans()))
	}
}

func TestTLSMismatch(t *testing.T) {
	t.Parallel()
	plain := &collector{t: t, decode: decodePost}
	l := listenAt(t, "127.0.0.1:0")
	serveGRPC(t, l, plain)
	secure := &collector{t: t, decode: decodePost}
	srv := tlsServer(t, secure)
	conf := srv.TLS.Clone()
	conf.NextProtos = []string{"h2"}
	ls := listenAt(t, "127.0.0.1:0")
	serveGRPC(t, ls, secure, grpc.Creds(credentials.NewTLS(conf)))
	_, webSrv := serveHTTP(t)
	type destination struct {
		name  string
		q     delivery.Destination
		log   *logBook
		again bool
	}
	var waiting []destination

	for _, tt := range []struct {
		name    string
		section map[string]any
		hint    string
		again   bool // the connection is closed, as by a proxy before its server has started
	}{
		{"gRPC with TLS to a plain server", grpcSection("https://"+l.Addr().String(), nil), "plaintext", false},
		{"plain gRPC to a TLS server", grpcSection("http://"+ls.Addr().String(), nil), "TLS", true},
		{"https to a plain server", collectorSection("https://" + webSrv.Listener.Addr().String()), "plaintext", false},
		{"http to a TLS server", collectorSection("http://" + srv.Listener.Addr().String()), "TLS", false},
		{"unknown CA", collectorSection("https://" + srv.Listener.Addr().String()), "certificate_file", false},
	} {
		var log logBook
		q := open(t, common(&log), tt.section)
		enqueue(q, 0, 2)
		eventually(t, tt.name+": a log line", func() bool { return len(log.lines()) > 0 })
		if hint := q.Stats().Hint; !strings.Contains(hint, tt.hint) {
			t.Errorf("%s: hint %q, want one about %s; %s", tt.name, hint, tt.hint, q.Stats().LastError)
		}
		enqueue(q, 2, 50)
		waiting = append(waiting, destination{tt.name, q, &log, tt.again})
	}
	time.Sleep(300 * time.Millisecond) // a second attempt would be due by now, 20 ms after the first
	for _, d := range waiting {
		if s := d.q.Stats(); s.Queued != 50 || s.Retries > 0 != d.again {
			t.Errorf("%s: accounts %+v, want everything waiting, and a second attempt: %t", d.name, s, d.again)
		}
		if n := len(d.log.lines()); n != 1 {
			t.Errorf("%s: %d log lines, want 1: %s", d.name, n, strings.Join(d.log.lines(), "\n"))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_ = d.q.Shutdown(ctx)
	}
}

func TestCertificateFaults(t *testing.T) {
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/no/such/ca.pem", noPEM} {
		for key, s := range map[string]map[string]any{
			"grpc.certificate_file":   {"protocol": "grpc", "collector_endpoint": "https://127.0.0.1:1", "grpc": map[string]any{"certificate_file": path}},
			"thrift.certificate_file": {"collector_endpoint": "https://127.0.0.1:1", "thrift": map[string]any{"certificate_file": path}},
		} {
			opener, err := registry.Default().Prepare("jaeger", s)
			if err != nil {
				t.Fatal(err)
			}
			_, err = opener(context.Background(), common(new(logBook)))
			var fault *settings.KeyError
			if !errors.As(err, &fault) || fault.Key != key || !strings.Contains(err.Error(), path) {
				t.Errorf("%s %s: %v, want an error with key and path", key, path, err)
			}
		}
	}
}
