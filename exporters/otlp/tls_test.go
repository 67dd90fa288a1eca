package otlp_test

import (
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
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

// authority is a CA of its own, with files as an operator would have them.
type authority struct {
	ca, cert, key string // paths; cert and key are a client's
	pool          *x509.CertPool
	server        tls.Certificate
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	dir := t.TempDir()
	caKey := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := authority{ca: filepath.Join(dir, "ca.pem"), cert: filepath.Join(dir, "client.pem"), key: filepath.Join(dir, "client.key"), pool: x509.NewCertPool()}
	a.pool.AddCert(ca)
	write(t, a.ca, "CERTIFICATE", der)
	leaf := func(serial int64) (tls.Certificate, []byte, []byte) {
		key := newKey(t)
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, der, raw
	}
	a.server, _, _ = leaf(2)
	_, cert, key := leaf(3)
	write(t, a.cert, "CERTIFICATE", cert)
	write(t, a.key, "PRIVATE KEY", key)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t testing.TB, path, kind string, der []byte) {
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func secureHTTP(t testing.TB, conf *tls.Config) *httptest.Server {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.TLS = conf
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func TestTLS(t *testing.T) { // O4, O6
	t.Parallel()
	a := newAuthority(t)
	oneWay := &tls.Config{Certificates: []tls.Certificate{a.server}}
	mutual := &tls.Config{Certificates: []tls.Certificate{a.server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool, MaxVersion: tls.VersionTLS12} // 1.3 refuses after the handshake, when a write may fail first
	viaHTTP, viaGRPC := secureHTTP(t, oneWay.Clone()), receiveGRPC(t, nil, grpc.Creds(credentials.NewTLS(oneWay.Clone())))
	mutualHTTP, mutualGRPC := secureHTTP(t, mutual.Clone()), receiveGRPC(t, nil, grpc.Creds(credentials.NewTLS(mutual.Clone())))
	plainHTTP, plainGRPC := receiveHTTP(t, ok), receiveGRPC(t, nil)
	ca := map[string]any{"certificate_file": a.ca}
	both := map[string]any{"certificate_file": a.ca, "client_certificate_file": a.cert, "client_key_file": a.key}
	tests := map[string]struct {
		section map[string]any
		hint    string // "": delivered
	}{
		"http, CA":                       {map[string]any{"protocol": "http", "endpoint": viaHTTP.URL, "http": ca}, ""},
		"grpc, CA":                       {map[string]any{"endpoint": "https://" + viaGRPC.target, "grpc": ca}, ""},
		"grpc, no scheme means TLS":      {map[string]any{"endpoint": viaGRPC.target, "grpc": ca}, ""},
		"http, client certificate":       {map[string]any{"protocol": "http", "endpoint": mutualHTTP.URL, "http": both}, ""},
		"grpc, client certificate":       {map[string]any{"endpoint": "https://" + mutualGRPC.target, "grpc": both}, ""},
		"http, client certificate lacks": {map[string]any{"protocol": "http", "endpoint": mutualHTTP.URL, "http": ca}, "client_certificate_file"},
		"grpc, client certificate lacks": {map[string]any{"endpoint": "https://" + mutualGRPC.target, "grpc": ca}, "client_certificate_file"},
		"http, unknown CA":               {map[string]any{"protocol": "http", "endpoint": viaHTTP.URL}, "set certificate_file to the CA"},
		"grpc, unknown CA":               {map[string]any{"endpoint": "https://" + viaGRPC.target}, "set certificate_file to the CA"},
		"http, TLS to plaintext":         {map[string]any{"protocol": "http", "endpoint": strings.Replace(plainHTTP.URL, "http:", "https:", 1)}, "use http://"},
		"grpc, TLS to plaintext":         {map[string]any{"endpoint": plainGRPC.target}, "insecure: true"},
		"http, plaintext to TLS":         {map[string]any{"protocol": "http", "endpoint": strings.Replace(viaHTTP.URL, "https:", "http:", 1)}, "use https://"},
		"grpc, plaintext to TLS":         {map[string]any{"endpoint": "http://" + viaGRPC.target}, "use https://"},
		"http, CA ignored in plaintext":  {map[string]any{"protocol": "http", "endpoint": plainHTTP.URL, "http": map[string]any{"certificate_file": "/no/such"}}, ""},
		"grpc, CA ignored in plaintext":  {map[string]any{"endpoint": "http://" + plainGRPC.target, "grpc": map[string]any{"certificate_file": "/no/such"}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := open(t, tt.section)
			if tt.hint == "" {
				if s := flush(t, x, spansS(2)...); s.Delivered != 2 {
					t.Errorf("stats %+v, want 2 delivered", s)
				}
				return
			}
			x.ExportSpans(context.Background(), spansS(2))
			s := failing(t, x)
			if !strings.Contains(s.Hint, tt.hint) || s.Queued != 2 {
				t.Errorf("stats %+v, want 2 queued and %q in the hint", s, tt.hint)
			}
		})
	}
}

func TestFilesAreReadWhenBuilt(t *testing.T) { // H7
	t.Parallel()
	dir := t.TempDir()
	empty, missing := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "missing.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		section map[string]any
		want    string
	}{
		{map[string]any{"protocol": "http", "endpoint": "https://h", "http": map[string]any{"certificate_file": missing}}, "http.certificate_file: open " + missing + ": no such file or directory"},
		{map[string]any{"endpoint": "https://h", "grpc": map[string]any{"certificate_file": empty}}, "grpc.certificate_file: " + empty + " holds no certificate"},
		{map[string]any{"endpoint": "h:4317", "grpc": map[string]any{"client_certificate_file": missing, "client_key_file": missing}}, "grpc.client_key_file: open " + missing},
	}
	for _, tt := range tests {
		open, err := prepare(tt.section)
		if err != nil {
			t.Errorf("Prepare(%v) = %v, want nil", tt.section, err)
			continue
		}
		_, err = open(context.Background(), registry.BuildContext{Delivery: delivery.Options{Logger: slog.New(slog.DiscardHandler)}, Source: func(string) string { return "built-in" }})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("open(%v) = %v, want %s", tt.section, err, tt.want)
		}
	}
}
