// Package tlsfiles makes TLS configurations of clients from PEM files, and follows the files without a restart.
package tlsfiles

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"

	"github.com/spanroute/spanroute/registry/settings"
)

// Certificates names the PEM files of one client; an empty name means no file.
type Certificates struct {
	CA   string // bundle that replaces the system's roots
	Cert string // client certificate; needs Key
	Key  string // key of Cert
}

// Keys are the keys of the three files, below the section that holds them ("", "http.", "grpc.", "thrift.").
var Keys = [...]string{caKey, certKey, keyKey}

const (
	caKey   = "certificate_file"
	certKey = "client_certificate_file"
	keyKey  = "client_key_file"
)

// maxPEM bounds one file, in bytes. The bundle of a system is about 200 KiB.
const maxPEM = 16 << 20

// Check reports which of the two client files lacks the other; prefix leads to the keys' section.
// It reads nothing.
func (c Certificates) Check(prefix string) error {
	switch {
	case c.Cert != "" && c.Key == "":
		return &settings.KeyError{Key: prefix + keyKey, Err: settings.Errorf(settings.ErrMissing, "%s is set without it", certKey).WithHint("set both or neither")}
	case c.Cert == "" && c.Key != "":
		return &settings.KeyError{Key: prefix + certKey, Err: settings.Errorf(settings.ErrMissing, "%s is set without it", keyKey).WithHint("set both or neither")}
	}
	return nil
}

// pemFiles holds the content of the three files at one time.
type pemFiles struct{ ca, cert, key []byte }

// sums identifies the content without a second copy of a key in memory.
func (p pemFiles) sums() [3][sha256.Size]byte {
	return [...][sha256.Size]byte{sha256.Sum256(p.ca), sha256.Sum256(p.cert), sha256.Sum256(p.key)}
}

// read reads the files that are named. All faults are joined, each a *settings.KeyError that names key and path.
func (c Certificates) read(prefix string) (p pemFiles, err error) {
	var errCA, errCert, errKey error
	p.ca, errCA = readPEM(prefix+caKey, c.CA)
	if c.Cert != "" && c.Key != "" {
		p.cert, errCert = readPEM(prefix+certKey, c.Cert)
		p.key, errKey = readPEM(prefix+keyKey, c.Key)
	}
	return p, errors.Join(errCA, errCert, errKey)
}

// readPEM reads a regular file; opening another kind, such as a FIFO, could block for ever.
func readPEM(key, name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New(name + " is not a regular file")
	}
	var data []byte
	if err == nil {
		data, err = readHead(name)
	}
	if err != nil {
		return nil, &settings.KeyError{Key: key, Err: settings.Errorf(settings.ErrFile, "%s", openFault(err))}
	}
	return data, nil
}

// openFault returns err as an error of open, also if another call found it.
func openFault(err error) error {
	var path *os.PathError
	if errors.As(err, &path) && path.Op == "stat" {
		return &os.PathError{Op: "open", Path: path.Path, Err: path.Err}
	}
	return err
}

// readHead reads up to maxPEM bytes. A longer file is cut.
func readHead(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxPEM))
}

// config returns the client's TLS configuration for p: at least TLS 1.2, the system's roots unless there is a CA, the
// server name from the endpoint. The minimum version does not depend on the default of Go, because the documentation
// promises it.
func (c Certificates) config(prefix string, p pemFiles) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	var errCA, errPair error
	if c.CA != "" {
		conf.RootCAs, errCA = c.roots(prefix, p.ca)
	}
	if c.Cert != "" && c.Key != "" {
		conf.Certificates, errPair = c.pair(prefix, p)
	}
	return conf, errors.Join(errCA, errPair)
}

// roots rejects a bundle that ends inside a certificate, because it is being written.
func (c Certificates) roots(prefix string, data []byte) (*x509.CertPool, error) {
	fault := func(what string) error {
		return &settings.KeyError{Key: prefix + caKey, Err: settings.Errorf(settings.ErrFile, "%s %s", c.CA, what)}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fault("holds no certificate")
	}
	for block, rest := pem.Decode(data); ; block, rest = pem.Decode(rest) {
		if block == nil {
			if bytes.Contains(rest, []byte("-----BEGIN ")) {
				return nil, fault("ends inside a certificate")
			}
			return pool, nil
		}
	}
}

// pair returns the client certificate, which needs both files.
func (c Certificates) pair(prefix string, p pemFiles) ([]tls.Certificate, error) {
	pair, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		return nil, &settings.KeyError{Key: prefix + certKey, Err: settings.Errorf(settings.ErrFile, "%s and %s are not a pair of PEM certificate and key: %s", c.Cert, c.Key, err)}
	}
	return []tls.Certificate{pair}, nil
}
