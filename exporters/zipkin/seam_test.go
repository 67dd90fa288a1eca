package zipkin

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/registry"
)

// The encoder and its parts, for tests outside the package.
type (
	Encoder = encoder
	Payload = payload
	Node    = node
)

// NewEncoder returns an encoder.
var NewEncoder = newEncoder

// Body returns what is posted.
func Body(p *Payload) []byte { return p.body }

// NewSender is the sender alone, without queue and retry.
func NewSender(tb testing.TB, url string) delivery.Sender[*Payload] {
	h, err := transport.NewHTTP(transport.HTTPOptions{URL: url, ContentType: "application/json"})
	if err != nil {
		tb.Fatal(err)
	}
	return sender{h}
}

// URL is where an endpoint posts to.
func URL(endpoint string) (string, error) {
	s, c := Settings{Endpoint: endpoint}, new(registry.Completion)
	s.complete(c)
	return s.Endpoint, c.Err()
}
