package delivery_test

import (
	"errors"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// Every row of the hint table of delivery.md section 8, with texts as Go 1.26 and grpc write them.
func TestHintFor(t *testing.T) {
	t.Parallel()
	const (
		plaintext = "the server speaks plaintext: use http:// (grpc: insecure: true)"
		tls       = "the server speaks TLS: use https://"
		grpc      = "this is a gRPC port: use protocol grpc, or port 4318, 14268"
	)
	text := func(s string) delivery.Seen { return delivery.Seen{Err: errors.New(s)} }
	rows := map[string]struct {
		seen delivery.Seen
		want string
	}{
		"https to http":     {text(`Post "https://h:1": http: server gave HTTP response to HTTPS client`), plaintext},
		"grpc TLS to plain": {text("connection error: tls: first record does not look like a TLS handshake"), plaintext},
		"http to https":     {text(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02"`), tls},
		"grpc plain to TLS": {delivery.Seen{Text: `connection error: desc = "error reading server preface: EOF"`}, tls},
		"grpc without a client certificate": {
			delivery.Seen{Text: `desc = "error reading server preface: remote error: tls: certificate required"`},
			"the server asks for a certificate: set client_certificate_file and client_key_file",
		},
		"http to grpc": {text(`malformed HTTP response "\x00\x00\x06\x04"`), grpc},
		"415 on 4317":  {delivery.Seen{Status: 415, Endpoint: "http://h:4317/v1/traces"}, grpc},
		"404 on 14250": {delivery.Seen{Status: 404, Endpoint: "http://[::1]:14250/api/traces"}, grpc},
		"unknown CA":   {text("tls: failed to verify certificate: x509: certificate signed by unknown authority"), "set certificate_file to the CA"},
		"404": {
			delivery.Seen{Status: 404, Endpoint: "http://h:9411/spans", UsualPath: "/api/v2/spans"},
			"posted to /spans, the usual path is /api/v2/spans",
		},
		"404 without a path": {delivery.Seen{Status: 404, Endpoint: "http://h:9411"}, "posted to /"},
		"401":                {delivery.Seen{Status: 401}, "check headers, username and password"},
		"403":                {delivery.Seen{Status: 403}, "check headers, username and password"},
		"udp refused": {
			delivery.Seen{Err: errors.New("write udp: connection refused"), UDP: true, Endpoint: "localhost:6831"},
			"no agent listens on localhost:6831",
		},
		"tcp refused": {delivery.Seen{Err: errors.New("dial tcp: connection refused"), Endpoint: "localhost:1"}, ""},
		"unknown host": {
			delivery.Seen{Err: errors.New("dial tcp: lookup zipkn: no such host"), Endpoint: "http://zipkn:9411/x", Key: "zipkin.endpoint"},
			`check the host name "zipkn" in zipkin.endpoint`,
		},
		"unknown host, no key": {delivery.Seen{Text: "no such host", Endpoint: "agent:6831"}, `check the host name "agent"`},
		"500":                  {delivery.Seen{Status: 500}, ""},
		"nothing":              {delivery.Seen{}, ""},
	}
	for name, row := range rows {
		if got := delivery.HintFor(row.seen); got != row.want {
			t.Errorf("%s: HintFor = %q, want %q", name, got, row.want)
		}
	}
}
