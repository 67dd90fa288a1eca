package otlp

import (
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// complete adds what the endpoint lacks, copies the headers for every protocol to the protocol in use, and removes what
// has no effect.
func (s *Settings) complete(c *registry.Completion) {
	if s.overGRPC() {
		s.completeGRPC(c)
	} else {
		s.completeHTTP(c)
	}
}

// completeGRPC decides on TLS and on compression, which the header grpc-encoding can turn on. Path and query of an
// endpoint have no effect, as package transport reports.
func (s *Settings) completeGRPC(c *registry.Completion) {
	rule := transport.GRPCRule{Section: name, Key: "endpoint", Insecure: "grpc.insecure", Default: defaultGRPC}
	s.HTTP.files().Clear()
	if s.target = rule.Complete(c, s.Endpoint, s.GRPC.Insecure); s.target != nil {
		s.Endpoint = s.target.Endpoint
		c.Destination = endpoint.Redact(s.Endpoint) + " over gRPC"
		if !s.target.TLS {
			s.GRPC.files().Unencrypted(c, "grpc.")
		}
		wrongPort(c, s.target.Port, httpPort, protoHTTP)
	}
	other(c, "http.headers", "gRPC")
	key := s.distribute(&s.GRPC.Headers, "grpc.headers")
	var compressed func(item int)
	if !c.IsSet("compression") {
		compressed = func(item int) {
			s.Compression = compGzip
			c.NoteItem(settings.Inferred, key, item, `"grpc-encoding" gzip turns compression on`, "write otlp.compression: gzip")
		}
	}
	s.GRPC.Headers = transport.CompleteMetadata(c, key, s.GRPC.Headers, compressed)
}

// completeHTTP joins the standard path to an endpoint of OTEL_EXPORTER_OTLP_ENDPOINT, which is for all signals, and
// leaves that of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT alone ("OpenTelemetry Protocol Exporter", "Endpoint URLs for
// OTLP/HTTP"). Elsewhere an endpoint without a path gets it, unless a program passes a complete section.
func (s *Settings) completeHTTP(c *registry.Completion) {
	if s.Endpoint == "" {
		s.Endpoint = defaultHTTP
	}
	variable := c.Variable("endpoint")
	rule := transport.HTTPRule{
		Key: "endpoint", Port: httpPort, Path: usualPath,
		Keep: c.Direct() || variable == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		Join: variable == "OTEL_EXPORTER_OTLP_ENDPOINT",
	}
	s.GRPC.files().Clear()
	if s.url = rule.Complete(c, s.Endpoint); s.url != nil {
		s.Endpoint = s.url.String()
		c.Destination = endpoint.Redact(s.Endpoint) + " over HTTP"
		if s.url.Scheme != "https" {
			s.HTTP.files().Unencrypted(c, "http.")
		}
		wrongPort(c, s.url.Port(), grpcPort, protoGRPC)
	}
	other(c, "grpc.headers", "HTTP")
	key := s.distribute(&s.HTTP.Headers, "http.headers")
	s.HTTP.Headers = transport.CompleteHTTP(c, key, s.HTTP.Headers)
}

// wrongPort notes that the endpoint has the port of the other protocol. The port is only suspicious: a receiver may use
// any.
func wrongPort(c *registry.Completion, port, wrong, protocol string) {
	if port == wrong {
		c.Note(settings.Suspicious, "endpoint", "port "+port+" is usually for "+protocol, "write otlp.protocol: "+protocol)
	}
}

// other notes headers of the protocol that is not in use.
func other(c *registry.Completion, key, used string) {
	c.Note(settings.Ignored, key, "has no effect: spans are sent over "+used, "write otlp.headers, which is for every protocol")
}

// distribute copies the headers for every protocol to the one in use, unless that has its own, and returns the key that
// its headers come from.
func (s *Settings) distribute(own *settings.Pairs, key string) string {
	all := s.Headers
	s.Headers = nil
	if *own != nil || all == nil {
		return key
	}
	*own = all
	return "headers"
}
