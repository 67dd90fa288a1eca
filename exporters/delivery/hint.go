package delivery

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Attempt holds what is known about a failed attempt, for [Hint].
type Attempt struct {
	Err       error  // of an attempt without an answer; may be nil
	Text      string // the receiver's text, or that of a gRPC status; may be empty
	Status    int    // HTTP status; 0 without an answer and for gRPC
	Foreign   bool   // the answer is a success, but not one that the protocol has
	Endpoint  string // URL or host:port that was tried, without userinfo
	Key       string // settings key the endpoint came from, such as "zipkin.endpoint"
	UsualPath string // path such receivers listen at, such as "/api/v2/spans"
	UsualPort string // port such receivers listen on, such as "9411"
	UDP       bool
}

// Every hint has the form "<what was found>; <what to do>". These do not depend on the endpoint.
const (
	hintPlaintext   = "the server answers in plaintext; use http:// (grpc: insecure: true)"
	hintTLS         = "the server expects TLS; use https://"
	hintHungUp      = "the server closes new connections; if it expects TLS, use https://"
	hintCertificate = "the server's certificate is signed by an unknown authority; set certificate_file to the CA"
	hintClient      = "the server requires a client certificate; set client_certificate_file and client_key_file"
	hintCredentials = "the receiver refused the credentials; check headers, username and password"
	hintProxy       = "the proxy does not answer; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
)

// A textHint is a hint for a text of net/http, crypto/tls, crypto/x509, net (Go 1.26) or grpc-go (v1.85).
type textHint struct {
	seen string
	hint func(Attempt) string
}

// textHints are searched in this order. The text decides before the status: both ends of a mixed-up protocol answer
// with all sorts of codes.
var textHints = []textHint{
	{"server gave HTTP response to HTTPS client", always(hintPlaintext)},
	{"first record does not look like a TLS handshake", always(hintPlaintext)},
	{`malformed HTTP response "\x15\x03`, always(hintTLS)},
	{"tls: certificate required", always(hintClient)}, // before the preface, which grpc reports of it too
	{"error reading server preface", always(hintHungUp)},
	{`malformed HTTP response "\x00\x00`, Attempt.grpcPort},
	{"certificate signed by unknown authority", always(hintCertificate)},
	{"proxyconnect", always(hintProxy)},
	{"no such host", Attempt.unknownHost},
	{"connection refused", Attempt.refused},
	{"actively refused", Attempt.refused}, // Windows
	{"no route to host", Attempt.unreachable},
	{"network is unreachable", Attempt.unreachable},
	{"context deadline exceeded", Attempt.silent},
	{"i/o timeout", Attempt.silent},
}

func always(hint string) func(Attempt) string { return func(Attempt) string { return hint } }

// Hint returns what was found and what to do about it, in a few words for the log, or "" for a failure that
// needs no action or is not known.
func Hint(s Attempt) string {
	text := s.Text
	if s.Err != nil {
		text += "\n" + s.Err.Error()
	}
	for _, t := range textHints {
		if strings.Contains(text, t.seen) {
			return t.hint(s)
		}
	}
	return s.statusHint()
}

func (s Attempt) unknownHost() string {
	host, _ := s.address()
	return fmt.Sprintf("the host name %q is unknown; check its spelling in %s", host, s.key())
}

func (s Attempt) refused() string {
	if s.UDP {
		return fmt.Sprintf("no agent listens on %s; start it or change %s", s.hostPort(), s.key())
	}
	return fmt.Sprintf("nothing listens on %s; start the receiver or change %s%s", s.hostPort(), s.key(), s.portNote())
}

func (s Attempt) unreachable() string {
	return fmt.Sprintf("no route leads to %s; check the network, or change %s", s.hostPort(), s.key())
}

func (s Attempt) silent() string {
	return fmt.Sprintf("%s does not answer in time; check firewalls and %s, or raise timeout", s.hostPort(), s.key())
}

func (s Attempt) statusHint() string {
	_, port := s.address()
	switch {
	case s.Foreign:
		return fmt.Sprintf("%s answers, but not as a receiver of spans; change %s%s", s.hostPort(), s.key(), s.portNote())
	case (port == "4317" || port == "14250") && (s.Status == 404 || s.Status == 415):
		return s.grpcPort()
	case s.Status == 404 || s.Status == 405:
		return s.wrongPath()
	case s.Status == 415:
		return fmt.Sprintf("the receiver does not accept the content type; check that %s is a receiver for this exporter and protocol", s.hostPort())
	case s.Status == 401 || s.Status == 403:
		return hintCredentials
	}
	return ""
}

// wrongPath names the usual path, unless that is the one that failed: then another server listens there.
func (s Attempt) wrongPath() string {
	path := "/"
	if u, err := url.Parse(s.Endpoint); err == nil && u.Path != "" {
		path = u.Path
	}
	found := fmt.Sprintf("%s does not accept spans at %s", s.hostPort(), path)
	switch s.UsualPath {
	case "":
		return fmt.Sprintf("%s; check the path in %s", found, s.key())
	case path:
		return fmt.Sprintf("%s, the usual path; check host and port in %s%s", found, s.key(), s.portNote())
	}
	return fmt.Sprintf("%s; the usual path is %s, change %s", found, s.UsualPath, s.key())
}

// grpcPort is for HTTP sent to a port for gRPC.
func (s Attempt) grpcPort() string {
	found := s.hostPort() + " is a gRPC port"
	switch s.UsualPort {
	case "":
		return found + "; use protocol grpc, or the port for HTTP"
	case "9411":
		return found + "; use port 9411"
	}
	return fmt.Sprintf("%s; use protocol grpc, or port %s", found, s.UsualPort)
}

// services are the ports that receivers of spans usually listen on.
var services = map[string]string{
	"4317": "OTLP over gRPC", "4318": "OTLP over HTTP", "9411": "Zipkin", "14250": "Jaeger over gRPC",
	"14268": "Jaeger over HTTP", "6831": "the Jaeger agent", "6832": "the Jaeger agent", "16686": "the Jaeger UI",
}

// portNote is for a port that is usual for another service than the one that spans are sent to.
func (s Attempt) portNote() string {
	_, port := s.address()
	other, want := services[port], services[s.UsualPort]
	if other == "" || want == "" || port == s.UsualPort {
		return ""
	}
	return fmt.Sprintf(": %s is the usual port of %s, %s that of %s", port, other, s.UsualPort, want)
}

// key is where the endpoint was set.
func (s Attempt) key() string {
	if s.Key == "" {
		return "the endpoint"
	}
	return s.Key
}

func (s Attempt) hostPort() string {
	host, port := s.address()
	switch {
	case host == "":
		return "the receiver"
	case port == "":
		return host
	}
	return net.JoinHostPort(host, port)
}

// address returns the host and the port of the endpoint, "" for an unknown one.
func (s Attempt) address() (host, port string) {
	if u, err := url.Parse(s.Endpoint); err == nil && u.Host != "" {
		if port = u.Port(); port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		return u.Hostname(), port
	}
	endpoint := strings.TrimPrefix(strings.TrimPrefix(s.Endpoint, "dns:///"), "passthrough:///")
	if host, port, err := net.SplitHostPort(endpoint); err == nil {
		return host, port
	}
	return endpoint, ""
}
