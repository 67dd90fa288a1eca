package otlp

import (
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/registry"
)

// Encoder is the encoder, for tests outside the package.
type Encoder = encoder

// Payload is a request of the encoder.
type Payload = payload

// NewEncoder returns an encoder without the text for numbers that are not finite.
func NewEncoder(most, maxTag int) *Encoder { return newEncoder(most, maxTag, false) }

// Tree returns the decoded content of a payload, to compare it with upstream's.
func Tree(p *Payload) []*tracepb.ResourceSpans {
	request := new(coltracepb.ExportTraceServiceRequest)
	if err := proto.Unmarshal(p.bytes, request); err != nil {
		panic(err)
	}
	return request.ResourceSpans
}

// Bytes returns the bytes that are sent.
func Bytes(p *Payload) []byte { return p.bytes }

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
func JSON(p *Payload) []byte { return appendRequest(nil, p.bytes) }

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
