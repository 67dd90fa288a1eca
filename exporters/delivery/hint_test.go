package delivery_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// Texts are those of Go 1.26 and grpc-go.
var hintRows = map[string]struct {
	seen delivery.Attempt
	want string
}{
	"TLS to a plaintext port, http": {failed(`Post "https://h:1": http: server gave HTTP response to HTTPS client`), "the server answers in plaintext; use http:// (grpc: insecure: true)"},
	"TLS to a plaintext port, grpc": {failed("connection error: tls: first record does not look like a TLS handshake"), "the server answers in plaintext; use http:// (grpc: insecure: true)"},
	"plaintext to a TLS port, http": {failed(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02"`), "the server expects TLS; use https://"},
	"plaintext to a TLS port, grpc": {delivery.Attempt{Text: `connection error: desc = "error reading server preface: EOF"`}, "the server closes new connections; if it expects TLS, use https://"},
	"no client certificate": {
		delivery.Attempt{Text: `desc = "error reading server preface: remote error: tls: certificate required"`},
		"the server requires a client certificate; set client_certificate_file and client_key_file",
	},
	"unknown CA": {failed("tls: failed to verify certificate: x509: certificate signed by unknown authority"), "the server's certificate is signed by an unknown authority; set certificate_file to the CA"},
	"HTTP/2 frames for a request of HTTP/1.1": {
		delivery.Attempt{Text: `malformed HTTP response "\x00\x00\x06\x04"`, Endpoint: "http://h:4317/v1/traces", UsualPort: "4318"},
		"h:4317 is a gRPC port; use protocol grpc, or port 4318",
	},
	"zipkin to a gRPC port": {
		delivery.Attempt{Text: `malformed HTTP response "\x00\x00\x06\x04"`, Endpoint: "http://h:14250/api/v2/spans", UsualPort: "9411"},
		"h:14250 is a gRPC port; use port 9411",
	},
	"HTTP/2 frames, nothing else known": {failed(`malformed HTTP response "\x00\x00\x06\x04"`), "the receiver is a gRPC port; use protocol grpc, or the port for HTTP"},
	"415 on 4317":                       {delivery.Attempt{Status: 415, Endpoint: "http://h:4317/v1/traces", UsualPort: "4318"}, "h:4317 is a gRPC port; use protocol grpc, or port 4318"},
	"404 on 14250":                      {delivery.Attempt{Status: 404, Endpoint: "http://[::1]:14250/api/traces", UsualPort: "14268"}, "[::1]:14250 is a gRPC port; use protocol grpc, or port 14268"},
	"415": {
		delivery.Attempt{Status: 415, Endpoint: "http://h:9411/api/v2/spans"},
		"the receiver does not accept the content type; check that h:9411 is a receiver for this exporter and protocol",
	},
	"404 at another path": {
		delivery.Attempt{Status: 404, Endpoint: "http://h:9411/spans", UsualPath: "/api/v2/spans", UsualPort: "9411", Key: "zipkin.endpoint"},
		"h:9411 does not accept spans at /spans; the usual path is /api/v2/spans, change zipkin.endpoint",
	},
	"404 at the usual path": {
		delivery.Attempt{Status: 404, Endpoint: "http://h:4318/v1/traces", UsualPath: "/v1/traces", UsualPort: "4318", Key: "otlp.endpoint"},
		"h:4318 does not accept spans at /v1/traces, the usual path; check host and port in otlp.endpoint",
	},
	"404 at the usual path of another service": {
		delivery.Attempt{Status: 404, Endpoint: "http://h:9411/v1/traces", UsualPath: "/v1/traces", UsualPort: "4318"},
		"h:9411 does not accept spans at /v1/traces, the usual path; check host and port in the endpoint: 9411 is the usual port of Zipkin, 4318 that of OTLP over HTTP",
	},
	"404 without a path": {delivery.Attempt{Status: 404, Endpoint: "http://h:9411"}, "h:9411 does not accept spans at /; check the path in the endpoint"},
	"405":                {delivery.Attempt{Status: 405, Endpoint: "http://h/", UsualPath: "/v1/traces"}, "h:80 does not accept spans at /; the usual path is /v1/traces, change the endpoint"},
	"401":                {delivery.Attempt{Status: 401}, "the receiver refused the credentials; check headers, username and password"},
	"403":                {delivery.Attempt{Status: 403}, "the receiver refused the credentials; check headers, username and password"},
	"a success that is not the protocol's": {
		delivery.Attempt{Status: 200, Foreign: true, Endpoint: "http://h:16686/v1/traces", Key: "otlp.endpoint (app.yaml:3:5)", UsualPort: "4318"},
		"h:16686 answers, but not as a receiver of spans; change otlp.endpoint (app.yaml:3:5): 16686 is the usual port of the Jaeger UI, 4318 that of OTLP over HTTP",
	},
	"nothing listens": {
		delivery.Attempt{Err: errors.New("dial tcp 127.0.0.1:4318: connect: connection refused"), Endpoint: "http://localhost:4318/v1/traces", Key: "otlp.endpoint (built-in)", UsualPort: "4318"},
		"nothing listens on localhost:4318; start the receiver or change otlp.endpoint (built-in)",
	},
	"nothing listens on the port of another protocol": {
		delivery.Attempt{Text: `connection error: desc = "transport: Error while dialing: dial tcp: connection refused"`, Endpoint: "dns:///h:4318", Key: "otlp.endpoint", UsualPort: "4317"},
		"nothing listens on h:4318; start the receiver or change otlp.endpoint: 4318 is the usual port of OTLP over HTTP, 4317 that of OTLP over gRPC",
	},
	"nothing listens on a port of no service":   {delivery.Attempt{Text: "connection refused", Endpoint: "http://h/x", UsualPort: "4318"}, "nothing listens on h:80; start the receiver or change the endpoint"},
	"nothing listens, as Windows has it":        {delivery.Attempt{Text: "No connection could be made because the target machine actively refused it.", Endpoint: "h:1"}, "nothing listens on h:1; start the receiver or change the endpoint"},
	"no agent listens":                          {delivery.Attempt{Err: errors.New("write udp: connection refused"), UDP: true, Endpoint: "localhost:6831"}, "no agent listens on localhost:6831; start it or change the endpoint"},
	"the proxy refuses":                         {failed("proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused"), "the proxy does not answer; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"},
	"no route":                                  {delivery.Attempt{Text: "dial tcp 10.0.0.1:1: connect: no route to host", Endpoint: "10.0.0.1:1"}, "no route leads to 10.0.0.1:1; check the network, or change the endpoint"},
	"no network":                                {delivery.Attempt{Text: "connect: network is unreachable", Endpoint: "http://h:1"}, "no route leads to h:1; check the network, or change the endpoint"},
	"silence":                                   {delivery.Attempt{Err: errors.New("no answer: context deadline exceeded"), Endpoint: "h:4317", Key: "otlp.endpoint"}, "h:4317 does not answer in time; check firewalls and otlp.endpoint, or raise timeout"},
	"dialling takes too long":                   {delivery.Attempt{Text: "dial tcp 10.0.0.1:1: i/o timeout", Endpoint: "h:1"}, "h:1 does not answer in time; check firewalls and the endpoint, or raise timeout"},
	"unknown host":                              {delivery.Attempt{Err: errors.New("dial tcp: lookup zipkn: no such host"), Endpoint: "http://zipkn:9411/x", Key: "zipkin.endpoint"}, `the host name "zipkn" is unknown; check its spelling in zipkin.endpoint`},
	"unknown host, no key":                      {delivery.Attempt{Text: "no such host", Endpoint: "agent:6831"}, `the host name "agent" is unknown; check its spelling in the endpoint`},
	"500, which needs nothing from an operator": {delivery.Attempt{Status: 500}, ""},
	"nothing":                                   {delivery.Attempt{}, ""},
}

func failed(text string) delivery.Attempt { return delivery.Attempt{Err: errors.New(text)} }

func TestHint(t *testing.T) {
	t.Parallel()
	for name, row := range hintRows {
		got := delivery.Hint(row.seen)
		if got != row.want {
			t.Errorf("%s: Hint = %q, want %q", name, got, row.want)
		}
		if found, do, ok := strings.Cut(got, "; "); got != "" && (!ok || found == "" || do == "") {
			t.Errorf("%s: Hint = %q, want what was found; what to do", name, got)
		}
	}
}
