package tlsfiles

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"log/slog"
	"sync"
	"time"
)

// checkInterval is the minimum time between two checks of the certificate files of a client.
const checkInterval = 10 * time.Second

// TLS is the TLS configuration of one client. It follows its certificate files: before a request or a handshake
// the files are read again, at most every 10 s, and compared by content, since a rotation can keep size and time of
// a file and can swap a symbolic link. Files that cannot be read, are cut off inside a certificate or do not fit
// together keep the last good configuration, and are logged once.
//
// A change takes effect at the next handshake. Over HTTP the idle connections are closed, so that the next request
// begins with one. A gRPC connection stays until it ends, because closing it would fail the calls in flight; a
// server that wants new credentials on it bounds its age. It is safe for concurrent use.
type TLS struct {
	files  Certificates
	prefix string
	log    *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	checked time.Time
	content [3][sha256.Size]byte // of the files of the last good configuration
	conf    *tls.Config
	fault   string // the one that was logged; empty while the files are good
}

// TLS reads the files and returns the client's TLS configuration: at least TLS 1.2, the system's roots unless CA is
// set, the server name from the endpoint. All faults are joined, each a *settings.KeyError that names key and path;
// prefix leads to the keys' section. log receives a line when changed files are used and when they cannot be used; nil
// means no log.
func (c Certificates) TLS(prefix string, log *slog.Logger) (*TLS, error) {
	return c.Follow(prefix, log, time.Now)
}

// Follow is [Certificates.TLS] with a clock. The first read must succeed, because a service that starts with unusable
// files is misconfigured; a later one may fail while files are being replaced.
func (c Certificates) Follow(prefix string, log *slog.Logger, now func() time.Time) (*TLS, error) {
	if err := c.Check(prefix); err != nil {
		return nil, err
	}
	content, err := c.read(prefix)
	if err != nil {
		return nil, err
	}
	conf, err := c.config(prefix, content)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &TLS{files: c, prefix: prefix, log: log, now: now, checked: now(), content: content.sums(), conf: conf}, nil
}

// Config returns the configuration to use now. The caller must not change it. It is the same pointer until a changed
// file takes effect.
func (t *TLS) Config() *tls.Config {
	t.mu.Lock()
	conf, note := t.current()
	t.mu.Unlock()
	if note != nil {
		note()
	}
	return conf
}

// current checks the files if checkInterval has passed. note writes the log line about the result, outside the lock.
func (t *TLS) current() (conf *tls.Config, note func()) {
	now := t.now()
	if now.Sub(t.checked) < checkInterval && !now.Before(t.checked) {
		return t.conf, nil
	}
	t.checked = now
	content, err := t.files.read(t.prefix)
	if err == nil && content.sums() == t.content {
		t.fault = ""
		return t.conf, nil
	}
	var fresh *tls.Config
	if err == nil {
		fresh, err = t.files.config(t.prefix, content)
	}
	if err != nil {
		return t.conf, t.keep(err)
	}
	t.conf, t.content, t.fault = fresh, content.sums(), ""
	return t.conf, func() { t.write(slog.LevelInfo, "certificate files have changed, new connections use them") }
}

// keep notes a fault, and returns the line about it unless it is the one that was logged.
func (t *TLS) keep(err error) func() {
	if err.Error() == t.fault {
		return nil
	}
	t.fault = err.Error()
	return func() {
		t.write(slog.LevelWarn, "certificate files cannot be used, the last good ones stay in use", slog.String("error", err.Error()))
	}
}

// write passes a line to the application's handler and recovers its panics.
func (t *TLS) write(level slog.Level, text string, attrs ...slog.Attr) {
	defer func() { _ = recover() }()
	t.log.LogAttrs(context.Background(), level, text, attrs...)
}
