package delivery

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Seen is what an attempt met, as far as it is known; HintFor judges by it.
type Seen struct {
	Err       error  // of an attempt without an answer; may be nil
	Text      string // the receiver's text, or that of a gRPC status; may be empty
	Status    int    // HTTP status; 0 without an answer and for gRPC
	Endpoint  string // URL or host:port that was tried, without userinfo
	Key       string // settings key the endpoint came from, such as "zipkin.endpoint"
	UsualPath string // path such receivers listen at, such as "/api/v2/spans"
	UDP       bool
}

// Hints that do not depend on the endpoint.
const (
	hintPlaintext   = "the server speaks plaintext: use http:// (grpc: insecure: true)"
	hintTLS         = "the server speaks TLS: use https://"
	hintGRPCPort    = "this is a gRPC port: use protocol grpc, or port 4318, 14268"
	hintCertificate = "set certificate_file to the CA"
	hintClient      = "the server asks for a certificate: set client_certificate_file and client_key_file"
	hintCredentials = "check headers, username and password"
)

// hintTexts are searched in this order. The text decides before the status: both ends of a
// mixed-up protocol answer with all sorts of codes.
var hintTexts = []struct{ seen, hint string }{
	{"server gave HTTP response to HTTPS client", hintPlaintext},
	{"first record does not look like a TLS handshake", hintPlaintext},
	{`malformed HTTP response "\x15\x03`, hintTLS},
	{"tls: certificate required", hintClient}, // before the preface, which grpc says of it too
	{"error reading server preface", hintTLS},
	{`malformed HTTP response "\x00\x00`, hintGRPCPort},
	{"certificate signed by unknown authority", hintCertificate},
}

// HintFor says what to do about what was seen, in a few words for the log, or "".
func HintFor(s Seen) string {
	text := s.Text
	if s.Err != nil {
		text += "\n" + s.Err.Error()
	}
	for _, t := range hintTexts {
		if strings.Contains(text, t.seen) {
			return t.hint
		}
	}
	switch {
	case strings.Contains(text, "no such host"):
		return s.unknownHost()
	case s.UDP && strings.Contains(text, "connection refused"):
		return "no agent listens on " + s.Endpoint
	}
	return s.statusHint()
}

func (s Seen) unknownHost() string {
	host, _ := s.address()
	if s.Key == "" {
		return fmt.Sprintf("check the host name %q", host)
	}
	return fmt.Sprintf("check the host name %q in %s", host, s.Key)
}

func (s Seen) statusHint() string {
	_, port := s.address()
	grpcPort := port == "4317" || port == "14250"
	switch {
	case grpcPort && (s.Status == 404 || s.Status == 415):
		return hintGRPCPort
	case s.Status == 404:
		return s.wrongPath()
	case s.Status == 401 || s.Status == 403:
		return hintCredentials
	}
	return ""
}

func (s Seen) wrongPath() string {
	path := "/"
	if u, err := url.Parse(s.Endpoint); err == nil && u.Path != "" {
		path = u.Path
	}
	if s.UsualPath == "" {
		return "posted to " + path
	}
	return fmt.Sprintf("posted to %s, the usual path is %s", path, s.UsualPath)
}

// address is host and port of the endpoint, as far as they can be told.
func (s Seen) address() (host, port string) {
	if u, err := url.Parse(s.Endpoint); err == nil && u.Host != "" {
		return u.Hostname(), u.Port()
	}
	if host, port, err := net.SplitHostPort(s.Endpoint); err == nil {
		return host, port
	}
	return s.Endpoint, ""
}
