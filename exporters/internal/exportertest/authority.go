package exportertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An Authority is a new CA with the files that an operator would have.
type Authority struct {
	CA, Cert, Key string // paths; the certificate and key are those of a client
	Pool          *x509.CertPool
	Server        tls.Certificate // for 127.0.0.1
}

// NewAuthority creates the files in a directory of the test.
func NewAuthority(t testing.TB) Authority {
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
	a := Authority{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "client.pem"), Key: filepath.Join(dir, "client.key"), Pool: x509.NewCertPool()}
	a.Pool.AddCert(ca)
	write(t, a.CA, "CERTIFICATE", der)
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
	a.Server, _, _ = leaf(2)
	_, cert, key := leaf(3)
	write(t, a.Cert, "CERTIFICATE", cert)
	write(t, a.Key, "PRIVATE KEY", key)
	return a
}

// newKey returns a private key.
func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// write writes a PEM file that only its owner can read.
func write(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ServerTLS returns the configuration of a server with the authority's certificate.
func (a Authority) ServerTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.Server}}
}

// MutualTLS returns the configuration of a server that requires a certificate of the client. It uses TLS 1.2: version
// 1.3 refuses a client after the handshake, when the client's write may fail first.
func (a Authority) MutualTLS() *tls.Config {
	c := a.ServerTLS()
	c.ClientAuth, c.ClientCAs, c.MaxVersion = tls.RequireAndVerifyClientCert, a.Pool, tls.VersionTLS12
	return c
}
