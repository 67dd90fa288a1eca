package jaeger

import (
	"net/url"
	"time"

	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/registry/settings"
)

// Protocols. Thrift alone means the collector when Settings.CollectorEndpoint is set, else the agent
// by the compact protocol.
const (
	ProtocolThrift     = "thrift"
	ProtocolGRPC       = "grpc"
	ProtocolUDPCompact = "udp/thrift.compact"
	ProtocolUDPBinary  = "udp/thrift.binary"
	ProtocolHTTPBinary = "http/thrift.binary"
)

// Settings is the section of the exporter. The collector takes precedence over the agent: there is one destination.
type Settings struct {
	Protocol          string `koanf:"protocol" otel:"OTEL_EXPORTER_JAEGER_PROTOCOL" enum:"thrift,grpc,udp/thrift.compact,udp/thrift.binary,http/thrift.binary" doc:"how spans travel; thrift means the collector when collector_endpoint is set, else the agent"`
	CollectorEndpoint string `koanf:"collector_endpoint" alias:"grpc.endpoint" otel:"OTEL_EXPORTER_JAEGER_ENDPOINT" format:"endpoint" doc:"URL of the collector, such as http://localhost:14268/api/traces; for grpc host:port"`
	Username          string `koanf:"username" with:"password" otel:"OTEL_EXPORTER_JAEGER_USER" doc:"for Basic authentication at the collector, with password"`
	Password          string `koanf:"password" with:"username" otel:"OTEL_EXPORTER_JAEGER_PASSWORD" secret:"true" doc:"for Basic authentication at the collector, with username"`
	Thrift            Thrift `koanf:"thrift"`
	GRPC              GRPC   `koanf:"grpc"`
	LinkLogs          bool   `koanf:"link_logs" doc:"write the attributes of links as logs, because references have none"`

	url    *url.URL              // of the collector over HTTP, completed
	target *transport.GRPCTarget // of the collector over gRPC, completed
}

// Thrift is about the agent over UDP, and the certificates of the collector over https.
type Thrift struct {
	AgentHostName            string        `koanf:"agent_host_name" alias:"address" otel:"OTEL_EXPORTER_JAEGER_AGENT_HOST" format:"host" doc:"host of the agent"`
	AgentPort                int           `koanf:"agent_port" alias:"port" otel:"OTEL_EXPORTER_JAEGER_AGENT_PORT" range:"1..65535" doc:"port of the agent; when not set, 6832 for udp/thrift.binary"`
	UDPSplitOversizedBatches bool          `koanf:"udp_split_oversized_batches" otel:"OTEL_EXPORTER_JAEGER_AGENT_SPLIT_OVERSIZED_BATCHES" doc:"send a batch that needs more than one packet in several, instead of dropping it"`
	MaxPacketSize            int           `koanf:"max_packet_size" range:"512..65000" doc:"most bytes of one UDP packet; when not set, packets of several spans to another host have at most 8000"`
	MaxBytesPerSecond        int64         `koanf:"max_bytes_per_second" range:"0.." doc:"pace of UDP packets, so that the receiver's buffer does not overflow; 0 means none"`
	Oversize                 string        `koanf:"oversize" enum:"truncate,drop" doc:"what happens to a span larger than a packet"`
	ResolveInterval          time.Duration `koanf:"resolve_interval" doc:"how often the agent's host name is looked up again"`
	ClientStats              bool          `koanf:"client_stats" doc:"report to Jaeger's agent how many spans were lost before it"`
	CertificateFile          string        `koanf:"certificate_file" format:"pem" doc:"CA bundle for an https collector, instead of the system's"`
	ClientCertificateFile    string        `koanf:"client_certificate_file" with:"client_key_file" format:"pem" doc:"client certificate for an https collector, with client_key_file"`
	ClientKeyFile            string        `koanf:"client_key_file" with:"client_certificate_file" format:"pem" doc:"key of client_certificate_file"`

	fill int // bytes of a packet of several spans; 0 means MaxPacketSize; completed
}

// GRPC is about the collector over gRPC.
type GRPC struct {
	CertificateFile       string        `koanf:"certificate_file" otel:"OTEL_EXPORTER_JAEGER_CERTIFICATE" format:"pem" doc:"CA bundle for a collector over TLS, instead of the system's"`
	ClientCertificateFile string        `koanf:"client_certificate_file" with:"client_key_file" format:"pem" doc:"client certificate for a collector over TLS, with client_key_file"`
	ClientKeyFile         string        `koanf:"client_key_file" with:"client_certificate_file" format:"pem" doc:"key of client_certificate_file"`
	Insecure              *bool         `koanf:"insecure" otel:"OTEL_EXPORTER_JAEGER_GRPC_INSECURE" doc:"plaintext for an endpoint without a scheme"`
	KeepaliveTime         time.Duration `koanf:"keepalive_time" range:"10s.." doc:"when a request has brought nothing for this long, ping the server; unset: never"`
	KeepaliveTimeout      time.Duration `koanf:"keepalive_timeout" range:"1s.." doc:"time for the answer to a ping, after which the connection is replaced"`
}

const (
	defaultPort       = 6831
	defaultBinaryPort = 6832
	maxPacket         = 65000 // what Jaeger's agent and the Collector take by default
	distantPacket     = 8000  // of several spans, to another host: few fragments, few spans to lose at once
)

// The default endpoints of a collector.
const (
	defaultHTTP = "http://localhost:14268/api/traces"
	defaultGRPC = "http://localhost:14250"
	usualPath   = "/api/traces"
	grpcPort    = "14250"
	httpPort    = "14268"
)

// Defaults are the settings where nothing is set: the agent at localhost:6831.
func Defaults() Settings {
	return Settings{
		Protocol: ProtocolThrift,
		Thrift: Thrift{
			AgentHostName:            "localhost",
			AgentPort:                defaultPort,
			UDPSplitOversizedBatches: true,
			MaxPacketSize:            maxPacket,
			MaxBytesPerSecond:        8_000_000,
			Oversize:                 "truncate",
			ResolveInterval:          30 * time.Second,
		},
		GRPC: GRPC{KeepaliveTimeout: transport.DefaultKeepaliveTimeout},
	}
}

// Validate checks the agent's host.
func (s Settings) Validate() error {
	return at("thrift.agent_host_name", endpoint.CheckHost(s.Thrift.AgentHostName))
}

func at(key string, err error) error {
	if err == nil {
		return nil
	}
	return &settings.KeyError{Key: key, Err: err}
}

func (t *Thrift) files() transport.Files {
	return transport.Files{&t.CertificateFile, &t.ClientCertificateFile, &t.ClientKeyFile}
}

func (g *GRPC) files() transport.Files {
	return transport.Files{&g.CertificateFile, &g.ClientCertificateFile, &g.ClientKeyFile}
}
