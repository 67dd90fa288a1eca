package sampling

import (
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/registry/settings"
)

// Remote configures the connection to a server of sampling strategies, for the samplers jaeger_remote and
// parentbased_jaeger_remote. This package only describes it; package jaegerremote is the client.
type Remote struct {
	// Endpoint is a URL of HTTP or a target of gRPC, see jaegerremote.ParseEndpoint.
	Endpoint string `koanf:"endpoint" otel:"TRACES_SAMPLER_ARG" hot:"true" format:"sampling_endpoint" doc:"sampling server: URL for HTTP; grpc://host:port or grpcs:// for gRPC, also a URL with port 5779 or 14250 without a path"`
	// Interval is the average time between two requests.
	Interval time.Duration `koanf:"interval" otel:"TRACES_SAMPLER_ARG" hot:"true" range:"100ms..24h" doc:"time between two requests of the strategy, varied by 10 percent"`
	// InitialRate is the share of new traces that is kept until the first valid response.
	InitialRate float64 `koanf:"initial_rate" otel:"TRACES_SAMPLER_ARG" hot:"true" range:"0..1" doc:"share of new traces to keep until the server has responded, 0 to 1"`
	// MaxOperations bounds the memory of strategies with a rate limit for each operation.
	MaxOperations int `koanf:"max_operations" hot:"true" range:"1.." doc:"operations with rate limits of their own; further ones share a limit"`
	// Headers are sent with each request, as metadata over gRPC.
	Headers settings.Pairs `koanf:"headers" hot:"true" format:"headers" secret:"true" doc:"headers or metadata sent with every request"`

	CertificateFile       string `koanf:"certificate_file" hot:"true" format:"pem" doc:"CA bundle that replaces the system's, for TLS"`
	ClientCertificateFile string `koanf:"client_certificate_file" hot:"true" with:"client_key_file" format:"pem" doc:"client certificate, together with client_key_file"`
	ClientKeyFile         string `koanf:"client_key_file" hot:"true" with:"client_certificate_file" format:"pem" doc:"key of client_certificate_file"`
}

// Format writes the settings without the values of headers, for every verb.
func (r Remote) Format(s fmt.State, _ rune) {
	headers := make([]string, len(r.Headers))
	for i, h := range r.Headers {
		headers[i] = h.Name + "=***"
	}
	_, _ = fmt.Fprintf(s, "{endpoint: %q, interval: %v, initial_rate: %v, max_operations: %d, headers: %q, certificates: %q}", r.Endpoint, r.Interval,
		r.InitialRate, r.MaxOperations, headers, []string{r.CertificateFile, r.ClientCertificateFile, r.ClientKeyFile})
}

// A Strategy decides about new traces in place of a rate. It is safe for concurrent use.
type Strategy interface {
	// Decide reports whether a trace is kept whose root span has the name operation at its start. It returns the
	// attributes that a kept root span must have, which are not changed.
	Decide(id trace.TraceID, operation string) (attrs []attribute.KeyValue, keep bool)
	// String describes the strategy in a few words.
	fmt.Stringer
}

// IsRemote reports whether a sampler, one of [Samplers], needs a [Strategy].
func IsRemote(sampler string) bool {
	return sampler == JaegerRemote || sampler == ParentBasedJaegerRemote
}
