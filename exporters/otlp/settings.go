package otlp

import (
	"net/url"
	"time"

	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/registry/settings"
)

const (
	name        = "otlp"
	defaultGRPC = "http://localhost:4317"
	defaultHTTP = "http://localhost:4318/v1/traces"
	grpcPort    = "4317"
	httpPort    = "4318"
	usualPath   = "/v1/traces"
	compGzip    = "gzip"
	protoGRPC   = "grpc"
	protoHTTP   = "http"
	protoJSON   = "http/json"
)

// Settings is the section "otlp". The zero value sends over gRPC in plaintext to localhost:4317.
//
// Whether an HTTP endpoint gets the standard path depends on where it comes from, see completeHTTP.
type Settings struct {
	Protocol    string         `koanf:"protocol" enum:"grpc,http=http/protobuf,http/json" otel:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,OTEL_EXPORTER_OTLP_PROTOCOL" doc:"how spans travel"`
	Endpoint    string         `koanf:"endpoint" alias:"url" otel:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,OTEL_EXPORTER_OTLP_ENDPOINT" format:"endpoint" doc:"URL of the receiver; for grpc also host:port. Default: localhost, 4317 or 4318/v1/traces by protocol"`
	Compression string         `koanf:"compression" enum:"none,gzip,!deflate" otel:"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION,OTEL_EXPORTER_OTLP_COMPRESSION" doc:"of requests"`
	NonFinite   string         `koanf:"non_finite" enum:"number,text" doc:"NaN and infinite numbers in attributes: number keeps them, text writes NaN, Infinity and -Infinity, for receivers that fail on such numbers, Jaeger among them"`
	Headers     settings.Pairs `koanf:"headers" format:"headers" secret:"true" otel:"OTEL_EXPORTER_OTLP_TRACES_HEADERS,OTEL_EXPORTER_OTLP_HEADERS" doc:"headers or metadata sent with every request, whatever the protocol"`
	HTTP        HTTPSettings   `koanf:"http"`
	GRPC        GRPCSettings   `koanf:"grpc"`

	url    *url.URL              // of HTTP, completed
	target *transport.GRPCTarget // of gRPC, completed
}

// HTTPSettings is the section "otlp.http", for the protocols http and http/json.
type HTTPSettings struct {
	Headers               settings.Pairs `koanf:"headers" overrides:"headers" format:"headers" secret:"true" doc:"headers sent with every request over HTTP, instead of otlp.headers"`
	CertificateFile       string         `koanf:"certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE,OTEL_EXPORTER_OTLP_CERTIFICATE" doc:"CA bundle that replaces the system's, for https"`
	ClientCertificateFile string         `koanf:"client_certificate_file" with:"client_key_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE,OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" doc:"client certificate, together with client_key_file"`
	ClientKeyFile         string         `koanf:"client_key_file" with:"client_certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY,OTEL_EXPORTER_OTLP_CLIENT_KEY" doc:"key of client_certificate_file"`
}

// GRPCSettings is the section "otlp.grpc", for the protocol grpc.
type GRPCSettings struct {
	Headers               settings.Pairs `koanf:"headers" overrides:"headers" format:"metadata" secret:"true" doc:"metadata sent with every request over gRPC, instead of otlp.headers"`
	Insecure              *bool          `koanf:"insecure" otel:"OTEL_EXPORTER_OTLP_TRACES_INSECURE,OTEL_EXPORTER_OTLP_INSECURE" doc:"plaintext, for an endpoint without http:// or https://; unset: TLS"`
	CertificateFile       string         `koanf:"certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE,OTEL_EXPORTER_OTLP_CERTIFICATE" doc:"CA bundle that replaces the system's, for TLS"`
	ClientCertificateFile string         `koanf:"client_certificate_file" with:"client_key_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE,OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" doc:"client certificate, together with client_key_file"`
	ClientKeyFile         string         `koanf:"client_key_file" with:"client_certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY,OTEL_EXPORTER_OTLP_CLIENT_KEY" doc:"key of client_certificate_file"`
	KeepaliveTime         time.Duration  `koanf:"keepalive_time" range:"10s.." doc:"when a request has brought nothing for this long, ping the server; unset: never"`
	KeepaliveTimeout      time.Duration  `koanf:"keepalive_timeout" range:"1s.." doc:"time for the answer to a ping, after which the connection is replaced"`
}

func defaults() Settings {
	return Settings{Protocol: protoGRPC, Compression: "none", NonFinite: "number", GRPC: GRPCSettings{KeepaliveTimeout: transport.DefaultKeepaliveTimeout}}
}

// Validate checks the headers of the protocol in use.
func (s Settings) Validate() error {
	if s.overGRPC() {
		return headersOf(s.GRPC.Headers).CheckMetadata("grpc.headers")
	}
	return headersOf(s.HTTP.Headers).Check("http.headers")
}

// overGRPC reports whether the protocol is gRPC, which is the default.
func (s Settings) overGRPC() bool { return s.Protocol == protoGRPC || s.Protocol == "" }

func (s *HTTPSettings) files() transport.Files {
	return transport.Files{&s.CertificateFile, &s.ClientCertificateFile, &s.ClientKeyFile}
}

func (s *GRPCSettings) files() transport.Files {
	return transport.Files{&s.CertificateFile, &s.ClientCertificateFile, &s.ClientKeyFile}
}

// headersOf returns the pairs as headers of package transport. The order stays, and so do names that occur twice, which
// Check reports.
func headersOf(pairs settings.Pairs) transport.Headers {
	out := make(transport.Headers, len(pairs))
	for i, p := range pairs {
		out[i] = transport.Header(p)
	}
	return out
}

// gzips reports whether requests are compressed.
func (s Settings) gzips() bool { return s.Compression == compGzip }
