package otlp

import (
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

// Tree is the content of a payload, for comparing it with upstream's.
func Tree(p *Payload) []*tracepb.ResourceSpans { return p.resources }

// NewSender is the sender alone, without queue and retry.
func NewSender(tb testing.TB, protocol, endpoint string) delivery.Sender[*Payload] {
	s := Settings{Protocol: protocol, Endpoint: endpoint}
	if protocol == protoGRPC {
		to, _ := s.target()
		g, err := newGRPCSender(transport.GRPCOptions{Target: to.address, Family: transport.OTLP})
		if err != nil {
			tb.Fatal(err)
		}
		return g
	}
	h, err := newHTTPSender(transport.HTTPOptions{URL: endpoint, Family: transport.OTLP}, protocol == protoJSON, false)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// JSON is the body of a request over http/json.
func JSON(p *Payload) []byte { return appendRequest(nil, p.resources) }

// Target is where gRPC connects to, and whether with TLS.
func Target(endpoint string, insecure *bool) (address string, secure bool, err error) {
	s := defaults()
	s.Endpoint, s.GRPC.Insecure = endpoint, insecure
	to, err := s.target()
	return to.address, to.tls, err
}

// URL is where HTTP posts to.
func URL(endpoint string) (string, error) {
	s := defaults()
	s.Endpoint = endpoint
	u, err := s.url()
	if err != nil {
		return "", err
	}
	return u.String(), nil
}
