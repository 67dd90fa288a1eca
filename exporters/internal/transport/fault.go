package transport

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// fault is the verdict on an attempt without an answer.
func (h *HTTP) fault(ctx context.Context, err error) delivery.Outcome {
	var outer *url.Error // repeats the URL, which may hold secrets in its query
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if ctx.Err() != nil {
		err = noAnswer(ctx)
		return delivery.Outcome{Verdict: delivery.Retry, Err: err, Hint: delivery.Hint(h.seen(delivery.Attempt{Err: err}))}
	}
	verdict, hint := diagnose(err.Error())
	if hint == "" {
		hint = delivery.Hint(h.seen(delivery.Attempt{Err: err}))
	}
	return delivery.Outcome{Verdict: verdict, Err: h.secrets.bounded(err), Hint: hint}
}

func noAnswer(ctx context.Context) error {
	return fmt.Errorf("no answer: %w", context.Cause(ctx))
}

// bounded keeps the type of an error whose text is harmless. It masks and cuts one that quotes a peer.
func (r *redactor) bounded(err error) error {
	if text := r.excerpt(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// diagnose decides whether an attempt failed because the two ends disagree about TLS or protocol (Misconfigured) or for a
// reason that passes (Retry). It returns a hint where delivery.Hint has none.
func diagnose(text string) (delivery.Verdict, string) {
	for _, known := range faults {
		if strings.Contains(text, known.text) {
			return delivery.Misconfigured, known.hint
		}
	}
	return delivery.Retry, ""
}

const (
	hintOther   = "the certificate is for another host; change the endpoint or the certificate"
	hintHTTP1   = "the port is not a gRPC port; use protocol http (jaeger: thrift), or port 4317 (jaeger: 14250)"
	hintClient  = "the server refused the TLS handshake; check client_certificate_file and client_key_file"
	hintExpired = "the server's certificate is not valid at this time; renew it or set the clock"
	hintCA      = "the server's certificate cannot be verified; set certificate_file to the CA"
)

// faults are texts of net/http, crypto/tls and crypto/x509 (Go 1.26), the same inside a gRPC status.
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
