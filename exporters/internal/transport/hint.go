package transport

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/endpoint"
)

// diagnose decides whether an attempt failed because client and server do not agree on TLS or the protocol
// (Misconfigured), or for a temporary reason (Retry). It returns a hint where delivery.Hint has none.
func diagnose(text string) (delivery.Verdict, string) {
	for _, known := range faults {
		if strings.Contains(text, known.text) {
			return delivery.Misconfigured, known.hint
		}
	}
	return delivery.Retry, ""
}

const (
	hintTLS     = "the server expects TLS; use https://"
	hintHungUp  = "the server closes new connections; if it expects TLS, use https://"
	hintProxy   = "the proxy requires a user name and a password; set them in HTTP_PROXY or HTTPS_PROXY"
	hintService = "the server has no such gRPC service; check the port of the endpoint"
	hintOther   = "the certificate is for another host; change the endpoint or the certificate"
	hintHTTP1   = "the port is not a gRPC port; use protocol http (jaeger: thrift), or port 4317 (jaeger: 14250)"
	hintClient  = "the server refused the TLS handshake; check client_certificate_file and client_key_file"
	hintExpired = "the server's certificate is not valid at this time; renew it or set the clock"
	hintCA      = "the server's certificate cannot be verified; set certificate_file to the CA"
)

// faults lists texts of net/http, crypto/tls and crypto/x509 (Go 1.26), the same inside a gRPC status. Text is the only
// way to distinguish most of them: the errors have no exported type, or lose it inside a gRPC status. After an update
// of Go or grpc-go, a changed text costs the hint, and the attempt is retried.
var faults = []struct{ text, hint string }{
	{"server gave HTTP response to HTTPS client", ""},
	{"first record does not look like a TLS handshake", ""},
	{`malformed HTTP response "\x15\x03`, ""},
	{`malformed HTTP response "\x00\x00`, ""},
	{"looked like an HTTP/1.1 header", hintHTTP1}, // grpc-go v1.85.0
	{"certificate signed by unknown authority", ""},
	{"certificate is valid for", hintOther},
	{"certificate is not valid for", hintOther},
	{"doesn't contain any IP SANs", hintOther},
	{"certificate has expired or is not yet valid", hintExpired},
	{"failed to verify certificate", hintCA},
	{"tls: certificate required", ""},
	{"remote error: tls:", hintClient},
	{"tls: no supported versions satisfy", hintClient},
	{"Proxy Authentication Required", hintProxy},
}

// hint returns what to do about an answer that rejects the spans.
func (h *HTTP) hint(a Answer) string {
	if to := a.Header.Get("Location"); to != "" && a.Status >= 300 && a.Status <= 399 {
		return "redirects are not followed; set the endpoint to " + delivery.Excerpt(endpoint.Redact(h.secrets.Text(to)))
	}
	return delivery.Hint(h.seen(delivery.Attempt{Status: a.Status}))
}

// seen adds to an attempt what hints mention of the destination.
func (h *HTTP) seen(s delivery.Attempt) delivery.Attempt {
	s.Endpoint, s.Key, s.UsualPath, s.UsualPort = h.url.String(), h.opts.From, h.opts.UsualPath, h.opts.UsualPort
	return s
}

// codeHint returns what to do about the status of a call.
func (g *GRPC) codeHint(s *status.Status) string {
	switch s.Code() {
	case codes.Unauthenticated, codes.PermissionDenied:
		return delivery.Hint(delivery.Attempt{Status: 401})
	case codes.Unimplemented:
		return hintService
	case codes.Unavailable:
		return delivery.Hint(g.seen(s.Message()))
	}
	return ""
}

// seen returns the attempt that hints are about. grpc-go reports an unknown host in words of its own.
func (g *GRPC) seen(text string) delivery.Attempt {
	return delivery.Attempt{Text: strings.ReplaceAll(text, "produced zero addresses", "no such host"), Endpoint: g.opts.Target, Key: g.opts.From, UsualPort: g.opts.Port}
}
