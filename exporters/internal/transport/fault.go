package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
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
		return delivery.Outcome{Verdict: delivery.Retry, Err: noAnswer(ctx)}
	}
	verdict, hint := Diagnose(err)
	if hint == "" {
		hint = unknownHost(err, h.opts.From)
	}
	return delivery.Outcome{Verdict: verdict, Err: bounded(err), Hint: hint}
}

func noAnswer(ctx context.Context) error {
	return fmt.Errorf("no answer: %w", context.Cause(ctx))
}

// bounded keeps the type of an error whose text is harmless, and cuts one that quotes a peer at length.
func bounded(err error) error {
	if text := err.Error(); Excerpt(text) != text {
		return errors.New(Excerpt(text))
	}
	return err
}

// Diagnose says whether an attempt failed because the two ends disagree about TLS or protocol
// (Misconfigured, with a hint) or for a reason that passes (Retry).
func Diagnose(err error) (delivery.Verdict, string) {
	if err == nil {
		return delivery.Retry, ""
	}
	if untrusted(err) {
		return delivery.Misconfigured, hintCA
	}
	text := err.Error()
	for _, known := range faults {
		if strings.Contains(text, known.text) {
			return delivery.Misconfigured, known.hint
		}
	}
	return delivery.Retry, ""
}

// faults are texts of net/http, crypto/tls and crypto/x509 (Go 1.26) and of grpc v1.85.
var faults = []struct{ text, hint string }{
	{"server gave HTTP response to HTTPS client", hintPlain},
	{"first record does not look like a TLS handshake", hintPlain},
	{`malformed HTTP response "\x15\x03`, hintTLS},
	{`malformed HTTP response "\x00\x00`, hintGRPC},
	{"signed by unknown authority", hintCA},
	{"certificate is not trusted", hintCA},
	{"certificate is valid for", "the certificate is for another host, change the endpoint's or the certificate"},
	{"certificate is not valid for", "the certificate is for another host, change the endpoint's or the certificate"},
	{"certificate has expired or is not yet valid", "renew the server's certificate or set the clock"},
	{"failed to verify certificate", hintCA},
	{"certificate required", "the server wants a client certificate: set client_certificate_file and client_key_file"},
	{"remote error: tls:", "the server refused the TLS handshake, check client_certificate_file and client_key_file"},
	{"tls: protocol version not supported", "the server wants a TLS version below 1.2"},
	{"Proxy Authentication Required", "the proxy wants a user name and password, set them in HTTP_PROXY or HTTPS_PROXY"},
}

func untrusted(err error) bool {
	var authority x509.UnknownAuthorityError
	return errors.As(err, &authority)
}

// refused tells whether the TLS layer, not the network, ended the attempt.
func refused(err error) bool {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert)
}

func unknownHost(err error, from string) string {
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound {
		return ""
	}
	return hostHint(dns.Name, from)
}

func hostHint(name, from string) string {
	if from == "" {
		return "no such host " + Excerpt(name)
	}
	return fmt.Sprintf("no such host %s, it comes from %s", Excerpt(name), from)
}
