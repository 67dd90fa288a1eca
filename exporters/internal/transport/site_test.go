package transport_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/tlsfiles"
)

func writePEM(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// An authority signs certificates for 127.0.0.1.
type authority struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	next int64
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), next: 2}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

// leaf makes a certificate for server and client use.
func (a *authority) leaf() tls.Certificate {
	key := newKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	a.next++
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// A site is one receiver over TLS whose certificates rotate, and the operator's files for it.
type site struct {
	t     testing.TB
	files tlsfiles.Certificates
	clock atomic.Int64 // nanoseconds
	log   lines

	mu     sync.Mutex
	server tls.Certificate
	pool   *x509.CertPool // for client certificates
	seen   *big.Int       // serial of the last client certificate
	shakes int
}

type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.String(), text)
}

func newSite(t testing.TB) *site {
	dir := t.TempDir()
	return &site{t: t, files: tlsfiles.Certificates{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "client.pem"), Key: filepath.Join(dir, "client.key"),
	}}
}

// rotate installs a new authority on both sides: the server's certificate, and the files of the client.
func (s *site) rotate(a *authority) *big.Int {
	s.serve(a)
	writePEM(s.t, s.files.CA, "CERTIFICATE", a.cert.Raw)
	return s.client(a)
}

func (s *site) serve(a *authority) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server, s.pool = a.leaf(), a.pool()
}

// client writes a new client certificate and returns its serial number.
func (s *site) client(a *authority) *big.Int {
	pair := a.leaf()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	writePEM(s.t, s.files.Cert, "CERTIFICATE", pair.Certificate[0])
	writePEM(s.t, s.files.Key, "PRIVATE KEY", key)
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return leaf.SerialNumber
}

func (s *site) pass(d time.Duration)        { s.clock.Add(int64(d)) }
func (s *site) now() time.Time              { return time.Unix(1700000000, s.clock.Load()) }
func (s *site) tls() (*tlsfiles.TLS, error) { return transport.Follow(s.files, &s.log, s.now) }

// config is the server's: each handshake uses the certificates of that moment.
func (s *site) config() *tls.Config {
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.shakes++
		return &tls.Config{
			Certificates: []tls.Certificate{s.server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: s.pool,
			NextProtos: []string{"h2", "http/1.1"}, MaxVersion: tls.VersionTLS12, // 1.3 refuses a client after the handshake
			VerifyConnection: func(state tls.ConnectionState) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.seen = state.PeerCertificates[0].SerialNumber
				return nil
			},
		}, nil
	}}
}

func (s *site) last() (serial *big.Int, handshakes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen, s.shakes
}

// A client sends once and can be made to begin a new connection.
type client struct {
	send       func() delivery.Outcome
	disconnect func()
}

// clients opens one of each kind at a site that has been set up.
func clients(t *testing.T, test func(t *testing.T, s *site, open func() client)) {
	t.Run("http", func(t *testing.T) {
		s := newSite(t)
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		srv.TLS = s.config()
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		test(t, s, func() client {
			srv.StartTLS()
			t.Cleanup(srv.Close)
			conf, err := s.tls()
			if err != nil {
				t.Fatal(err)
			}
			h := newHTTP(t, transport.HTTPOptions{URL: srv.URL, TLS: conf})
			return client{func() delivery.Outcome { return h.Post(t.Context(), nil) }, srv.CloseClientConnections}
		})
	})
	t.Run("grpc", func(t *testing.T) {
		s := newSite(t)
		l := port(t)
		conns := new(cut)
		serve(t, conns.listen(l), func(context.Context) error { return nil }, grpc.Creds(credentials.NewTLS(s.config())))
		test(t, s, func() client {
			conf, err := s.tls()
			if err != nil {
				t.Fatal(err)
			}
			g := newGRPC(t, transport.GRPCOptions{Target: l.Addr().String(), TLS: conf})
			return client{func() delivery.Outcome {
				for { // a connection that has just ended can fail one call
					o := attempt(t.Context(), g)
					if o.Err == nil || !strings.Contains(o.Err.Error(), "EOF") && !strings.Contains(o.Err.Error(), "connection reset") && !strings.Contains(o.Err.Error(), "closed") {
						return o
					}
				}
			}, conns.close}
		})
	})
}

// cut can close the connections of a listener.
type cut struct {
	mu   sync.Mutex
	open []net.Conn
}

type cutListener struct {
	net.Listener
	conns *cut
}

func (c *cut) listen(l net.Listener) net.Listener { return cutListener{l, c} }

func (l cutListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.conns.mu.Lock()
		l.conns.open = append(l.conns.open, c)
		l.conns.mu.Unlock()
	}
	return c, err
}

func (c *cut) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		conn.Close()
	}
	c.open = nil
}
