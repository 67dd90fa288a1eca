package otlp

import (
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/registry"
)

// Tree is the content of a payload, for comparing it with upstream's.
func Tree(p *Payload) []*tracepb.ResourceSpans { return p.resources }

// NewSender is the sender alone, without queue and retry.
func NewSender(tb testing.TB, protocol, endpoint string) delivery.Sender[*Payload] {
	s := Settings{Protocol: protocol, Endpoint: endpoint}
	if protocol == protoGRPC {
		s.complete(new(registry.Completion))
		g, err := newGRPCSender(transport.GRPCOptions{Target: s.target.Address, Family: transport.OTLP})
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
	c := new(registry.Completion)
	if s.complete(c); s.target == nil {
		return "", false, c.Err()
	}
	return s.target.Address, s.target.TLS, nil
}

// URL is where HTTP posts to.
func URL(endpoint string) (string, error) {
	s, c := defaults(), new(registry.Completion)
	s.Protocol, s.Endpoint = protoHTTP, endpoint
	s.complete(c)
	return s.Endpoint, c.Err()
}
