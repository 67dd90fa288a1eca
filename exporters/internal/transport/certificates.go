package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"

	"github.com/spanroute/spanroute/internal/settings"
)

// Certificates names the PEM files of one destination; empty means none.
type Certificates struct {
	CA   string // bundle that replaces the system's roots
	Cert string // client certificate; needs Key
	Key  string // key of Cert
}

// The keys of the three files, below the section that holds them ("", "http.", "grpc.", "thrift.").
const (
	caKey   = "certificate_file"
	certKey = "client_certificate_file"
	keyKey  = "client_key_file"
)

// Check says which of the two client files lacks the other; prefix leads to the keys' section.
// It reads nothing.
func (c Certificates) Check(prefix string) error {
	switch {
	case c.Cert != "" && c.Key == "":
		return &settings.KeyError{Key: prefix + keyKey, Err: settings.Errorf(settings.ErrMissing, "%s is set without it, set both or neither", certKey)}
	case c.Cert == "" && c.Key != "":
		return &settings.KeyError{Key: prefix + certKey, Err: settings.Errorf(settings.ErrMissing, "%s is set without it, set both or neither", keyKey)}
	}
	return nil
}

// TLS reads the files and returns the client's TLS configuration: at least TLS 1.2, the system's
// roots unless CA is set, the server name from the endpoint. All faults come joined, each a
// *settings.KeyError that names key and path.
func (c Certificates) TLS(prefix string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	err := errors.Join(c.Check(prefix), c.readCA(prefix, conf), c.readPair(prefix, conf))
	if err != nil {
		return nil, err
	}
	return conf, nil
}

func (c Certificates) readCA(prefix string, conf *tls.Config) error {
	if c.CA == "" {
		return nil
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return fileFault(prefix+caKey, err)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		return &settings.KeyError{Key: prefix + caKey, Err: settings.Errorf(settings.ErrFile, "%s holds no certificate", c.CA)}
	}
	return nil
}

func (c Certificates) readPair(prefix string, conf *tls.Config) error {
	if c.Cert == "" || c.Key == "" {
		return nil
	}
	cert, errCert := os.ReadFile(c.Cert)
	key, errKey := os.ReadFile(c.Key)
	if errCert != nil || errKey != nil {
		return errors.Join(fileFault(prefix+certKey, errCert), fileFault(prefix+keyKey, errKey))
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return &settings.KeyError{Key: prefix + certKey, Err: settings.Errorf(settings.ErrFile, "%s and %s are no pair of PEM certificate and key, %s", c.Cert, c.Key, err)}
	}
	conf.Certificates = []tls.Certificate{pair}
	return nil
}

func fileFault(key string, err error) error {
	if err == nil {
		return nil
	}
	return &settings.KeyError{Key: key, Err: settings.Errorf(settings.ErrFile, "%s", err)}
}
