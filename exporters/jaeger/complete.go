package jaeger

import (
	"strings"

	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// complete decides between agent and collector, gives the collector's endpoint what it lacks, and takes out what has no
// effect.
func (s *Settings) complete(c *registry.Completion) {
	s.inferProtocol(c)
	switch {
	case s.Protocol == ProtocolGRPC:
		s.completeGRPC(c)
	case s.overHTTP():
		s.completeHTTP(c)
	default:
		s.completeAgent(c)
	}
}

// overHTTP reports whether spans go to the collector over HTTP.
func (s *Settings) overHTTP() bool {
	return s.Protocol == ProtocolHTTPBinary || s.Protocol == ProtocolThrift && s.CollectorEndpoint != ""
}

// inferProtocol takes the collector's gRPC port without a protocol for gRPC: BentoML's documentation shows it so.
func (s *Settings) inferProtocol(c *registry.Completion) {
	if s.Protocol != ProtocolThrift || s.CollectorEndpoint == "" || c.Direct() {
		return
	}
	h, err := endpoint.ParseHTTP(s.CollectorEndpoint)
	if err != nil || h.URL.Port() != grpcPort || strings.Trim(h.URL.Path, "/") != "" {
		return
	}
	if c.IsSet("protocol") {
		c.Note(settings.Suspicious, "collector_endpoint", "port 14250 is Jaeger's gRPC port and jaeger.protocol is thrift", "write protocol: grpc")
		return
	}
	s.Protocol = ProtocolGRPC
	c.Note(settings.Inferred, "collector_endpoint", "port 14250 is Jaeger's gRPC port", "assuming protocol: grpc")
}

func (s *Settings) completeGRPC(c *registry.Completion) {
	s.Thrift.files().Clear()
	agentIgnored(c)
	rule := transport.GRPCRule{Section: "jaeger", Key: "collector_endpoint", Insecure: "grpc.insecure", Default: defaultGRPC}
	if s.target = rule.Complete(c, s.CollectorEndpoint, s.GRPC.Insecure); s.target == nil {
		return
	}
	s.CollectorEndpoint = s.target.Endpoint
	c.Destination = endpoint.Redact(s.CollectorEndpoint) + " over gRPC"
	if !s.target.TLS {
		s.GRPC.files().Unencrypted(c, "grpc.")
	}
}

func (s *Settings) completeHTTP(c *registry.Completion) {
	s.GRPC.files().Clear()
	agentIgnored(c)
	if s.CollectorEndpoint == "" {
		s.CollectorEndpoint = defaultHTTP
	}
	rule := transport.HTTPRule{Key: "collector_endpoint", Port: httpPort, Path: usualPath, Trim: true}
	if s.url = rule.Complete(c, s.CollectorEndpoint); s.url == nil {
		return
	}
	s.CollectorEndpoint = s.url.String()
	c.Destination = endpoint.Redact(s.CollectorEndpoint) + " over HTTP"
	if s.url.Scheme != "https" {
		s.Thrift.files().Unencrypted(c, "thrift.")
	}
}

// completeAgent gives the binary protocol its port, and packets to another host a smaller size if none is set. The endpoint
// of a collector has no effect.
func (s *Settings) completeAgent(c *registry.Completion) {
	c.Note(settings.Ignored, "collector_endpoint", "has no effect: "+s.Protocol+" sends to the agent", "")
	s.GRPC.files().Clear()
	s.Thrift.files().Unencrypted(c, "thrift.")
	if s.Protocol == ProtocolUDPBinary && !c.IsSet("thrift.agent_port") {
		s.Thrift.AgentPort = defaultBinaryPort
	}
	if s.Thrift.UDPSplitOversizedBatches && !isLoopback(s.Thrift.AgentHostName) && !c.IsSet("thrift.max_packet_size") {
		s.Thrift.fill = distantPacket
	}
	c.Destination = address(s.Thrift.AgentHostName, s.Thrift.AgentPort) + " over UDP"
}

// agentIgnored notes the keys of the agent: the collector takes precedence.
func agentIgnored(c *registry.Completion) {
	for _, key := range agentKeys {
		c.Note(settings.Ignored, key, "has no effect: spans are sent to the collector", "")
	}
}

// agentKeys are the keys of [Thrift] without the certificates.
var agentKeys = []string{
	"thrift.agent_host_name", "thrift.agent_port", "thrift.udp_split_oversized_batches", "thrift.max_packet_size",
	"thrift.max_bytes_per_second", "thrift.oversize", "thrift.resolve_interval", "thrift.client_stats",
}
