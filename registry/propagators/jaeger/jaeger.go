// Package jaeger links the propagator jaeger into a program, for the headers of Jaeger's own clients:
//
//	import _ "github.com/spanroute/spanroute/registry/propagators/jaeger" // propagators: jaeger
//
// It reads and writes the span context in the header uber-trace-id, and the members of the baggage in headers that begin
// with uberctx-. The value of uber-trace-id may be percent-encoded, as older clients send it. The debug flag is read as
// sampled if the sampled flag is set, and passed on with spans of its trace that are sampled here.
package jaeger

import (
	"net/url"

	"go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/internal/adapter"
)

func init() { registry.RegisterPropagator("jaeger", New) }

// New returns the propagator jaeger.
func New() propagation.TextMapPropagator {
	return adapter.New(adapter.Format{
		Propagator: jaeger.Jaeger{},
		Flags:      "jaeger",
		Decode:     unescape,
		Baggage:    adapter.Baggage{Prefix: "uberctx-", Escape: url.QueryEscape, Unescape: unescape},
	})
}

// unescape returns the decoded text, or text if it is not percent-encoded.
func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}
