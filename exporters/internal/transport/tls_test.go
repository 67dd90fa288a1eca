package transport_test

import (
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/tlsfiles"
)

func TestRotatedCertificatesAreFollowed(t *testing.T) {
	clients(t, func(t *testing.T, s *site, open func() client) {
		s.rotate(newAuthority(t, "old"))
		c := open()
		if o := c.send(); o.Verdict != delivery.Delivered {
			t.Fatalf("before the rotation: %+v", o)
		}
		want := s.rotate(newAuthority(t, "new"))
		s.pass(time.Minute)
		c.disconnect()
		if o := c.send(); o.Verdict != delivery.Delivered {
			t.Errorf("a minute after the rotation: %+v, want delivered", o)
		}
		if got, _ := s.last(); got.Cmp(want) != 0 {
			t.Errorf("client certificate %v, want the new one, %v", got, want)
		}
		if n := s.log.count("certificate files have changed"); n != 1 {
			t.Errorf("%d lines about the change, want 1:\n%s", n, s.log.String())
		}
	})
}

// The next request over HTTP uses the new client certificate, though the server keeps the old connection open.
func TestAChangedClientCertificateClosesIdleConnections(t *testing.T) {
	clients(t, func(t *testing.T, s *site, open func() client) {
		a := newAuthority(t, "ca")
		old := s.rotate(a)
		c := open()
		c.send()
		want := s.client(a)
		if strings.HasSuffix(t.Name(), "grpc") { // documented: calls in flight are worth more
			want = old
		}
		s.pass(time.Minute)
		if o := c.send(); o.Verdict != delivery.Delivered {
			t.Errorf("after the change: %+v, want delivered", o)
		}
		if got, _ := s.last(); got.Cmp(want) != 0 {
			t.Errorf("client certificate %v, want %v", got, want)
		}
	})
}

func TestFilesAreNotLookedAtForEveryRequest(t *testing.T) {
	s := newSite(t)
	a := newAuthority(t, "ca")
	s.rotate(a)
	conf, err := s.tls()
	if err != nil {
		t.Fatal(err)
	}
	before := conf.Config()
	s.client(a)
	s.pass(9 * time.Second)
	if conf.Config() != before {
		t.Error("the files were read again after 9 s, want at most every 10 s")
	}
	s.pass(time.Second)
	if conf.Config() == before {
		t.Error("the files were not read again after 10 s")
	}
}

// Whatever the files hold for a while, the last good configuration stays in use, and one line reports it.
func TestBadFilesKeepTheLastGoodOnes(t *testing.T) {
	a := newAuthority(t, "ca")
	other := newAuthority(t, "other")
	damage := map[string]func(*testing.T, *site){
		"the CA is gone":                func(t *testing.T, s *site) { os.Remove(s.files.CA) },
		"the CA is empty":               func(t *testing.T, s *site) { os.WriteFile(s.files.CA, nil, 0o600) },
		"the CA is half written":        func(t *testing.T, s *site) { halve(t, s.files.CA, 0) },
		"the second CA is half written": func(t *testing.T, s *site) { appendHalf(t, s.files.CA, other.cert.Raw) },
		"the CA is a directory":         func(t *testing.T, s *site) { os.Remove(s.files.CA); os.Mkdir(s.files.CA, 0o700) },
		"the key is half written":       func(t *testing.T, s *site) { halve(t, s.files.Key, 0) },
		"the key does not fit": func(t *testing.T, s *site) {
			old, _ := os.ReadFile(s.files.Cert)
			s.client(a)
			os.WriteFile(s.files.Cert, old, 0o600)
		},
		"the client certificate is no PEM": func(t *testing.T, s *site) { os.WriteFile(s.files.Cert, []byte("x"), 0o600) },
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.rotate(a)
			conf, err := s.tls()
			if err != nil {
				t.Fatal(err)
			}
			good := conf.Config()
			spoil(t, s)
			for range 5 {
				s.pass(time.Minute)
				if conf.Config() != good {
					t.Fatal("the last good configuration is gone")
				}
			}
			if n := s.log.count("level=WARN"); n != 1 {
				t.Errorf("%d lines about it, want 1:\n%s", n, s.log.String())
			}
			os.RemoveAll(s.files.CA)
			s.rotate(a)
			s.pass(time.Minute)
			if conf.Config() == good {
				t.Error("good files are not used after bad ones")
			}
		})
	}
}

func halve(t *testing.T, path string, from int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[from:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendHalf(t *testing.T, path string, der []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	more := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(path, append(data, more[:len(more)/2]...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that keeps its size and its times is compared by content.
func TestAFileOfTheSameSizeAndTimeIsFollowed(t *testing.T) {
	s := newSite(t)
	s.rotate(newAuthority(t, "ca"))
	conf, err := s.tls()
	if err != nil {
		t.Fatal(err)
	}
	before := conf.Config()
	info, err := os.Stat(s.files.CA)
	if err != nil {
		t.Fatal(err)
	}
	for { // signatures differ in length
		writePEM(t, s.files.CA, "CERTIFICATE", newAuthority(t, "ca").cert.Raw)
		if now, err := os.Stat(s.files.CA); err == nil && now.Size() == info.Size() {
			break
		}
	}
	if err := os.Chtimes(s.files.CA, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute)
	if conf.Config() == before {
		t.Error("the new file is not used")
	}
}

func TestCertificateFilesMustBeRegular(t *testing.T) {
	dir := t.TempDir()
	for key, files := range map[string]tlsfiles.Certificates{
		"thrift.certificate_file: " + dir + " is not a regular file":                {CA: dir},
		"thrift.certificate_file: open " + dir + "/none: no such file or directory": {CA: dir + "/none"},
		"thrift.client_certificate_file: " + dir + " is not a regular file":         {Cert: dir, Key: dir},
	} {
		if _, err := files.TLS("thrift.", nil); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("TLS of %+v = %v, want %s", files, err, key)
		}
	}
}
