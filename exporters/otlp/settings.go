package otlp

import (
	"errors"
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/settings"
	"github.com/spanroute/spanroute/registry"
)

const (
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

// Settings is the section "otlp". The zero value speaks gRPC in plaintext to localhost:4317.
//
// An endpoint is taken as it is: standard paths are completed by config, because whether one is due
// depends on which variable or file the endpoint came from.
type Settings struct {
	Protocol    string         `koanf:"protocol" enum:"grpc,http=http/protobuf,http/json" otel:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,OTEL_EXPORTER_OTLP_PROTOCOL" doc:"how spans travel"`
	Endpoint    string         `koanf:"endpoint" alias:"url" otel:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,OTEL_EXPORTER_OTLP_ENDPOINT" doc:"URL of the receiver; for grpc also host:port. Default: localhost, 4317 or 4318/v1/traces by protocol"`
	Compression string         `koanf:"compression" enum:"none,gzip,!deflate" otel:"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION,OTEL_EXPORTER_OTLP_COMPRESSION" doc:"of requests"`
	NonFinite   string         `koanf:"non_finite" enum:"number,text" doc:"NaN and infinite numbers in attributes: number keeps them, text writes NaN, Infinity and -Infinity, for receivers that fail on such numbers, Jaeger among them"`
	Headers     registry.Pairs `koanf:"headers" secret:"true" otel:"OTEL_EXPORTER_OTLP_TRACES_HEADERS,OTEL_EXPORTER_OTLP_HEADERS" doc:"headers or metadata sent with every request, whatever the protocol"`
	HTTP        HTTPSettings   `koanf:"http"`
	GRPC        GRPCSettings   `koanf:"grpc"`
}

// HTTPSettings is the section "otlp.http", for the protocols http and http/json.
type HTTPSettings struct {
	Headers               registry.Pairs `koanf:"headers" overrides:"headers" secret:"true" doc:"headers sent with every request over HTTP, instead of otlp.headers"`
	CertificateFile       string         `koanf:"certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE,OTEL_EXPORTER_OTLP_CERTIFICATE" doc:"CA bundle that replaces the system's, for https"`
	ClientCertificateFile string         `koanf:"client_certificate_file" with:"client_key_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE,OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" doc:"client certificate, together with client_key_file"`
	ClientKeyFile         string         `koanf:"client_key_file" with:"client_certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY,OTEL_EXPORTER_OTLP_CLIENT_KEY" doc:"key of client_certificate_file"`
}

// GRPCSettings is the section "otlp.grpc", for the protocol grpc.
type GRPCSettings struct {
	Headers               registry.Pairs `koanf:"headers" overrides:"headers" secret:"true" doc:"metadata sent with every request over gRPC, instead of otlp.headers"`
	Insecure              *bool          `koanf:"insecure" otel:"OTEL_EXPORTER_OTLP_TRACES_INSECURE,OTEL_EXPORTER_OTLP_INSECURE" doc:"plaintext, for an endpoint without http:// or https://; unset: TLS"`
	CertificateFile       string         `koanf:"certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE,OTEL_EXPORTER_OTLP_CERTIFICATE" doc:"CA bundle that replaces the system's, for TLS"`
	ClientCertificateFile string         `koanf:"client_certificate_file" with:"client_key_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE,OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" doc:"client certificate, together with client_key_file"`
	ClientKeyFile         string         `koanf:"client_key_file" with:"client_certificate_file" format:"pem" otel:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY,OTEL_EXPORTER_OTLP_CLIENT_KEY" doc:"key of client_certificate_file"`
}

func defaults() Settings {
	return Settings{Protocol: protoGRPC, Compression: "none", NonFinite: "number"}
}

// Validate checks what the protocol uses: endpoint, headers, the pair of client files. It reads no file.
func (s Settings) Validate() error {
	if s.overGRPC() {
		_, err := s.target()
		headers, key := s.headers()
		return errors.Join(err, headers.CheckMetadata(key), s.GRPC.certificates().Check("grpc."))
	}
	_, err := s.url()
	headers, key := s.headers()
	return errors.Join(err, headers.Check(key), s.HTTP.certificates().Check("http."))
}

// headers returns what is sent with every request, and the key that it comes from: the protocol's own key takes
// precedence, also when it is set to no headers.
func (s Settings) headers() (headers transport.Headers, key string) {
	switch {
	case s.overGRPC() && s.GRPC.Headers != nil:
		return headersOf(s.GRPC.Headers), "grpc.headers"
	case !s.overGRPC() && s.HTTP.Headers != nil:
		return headersOf(s.HTTP.Headers), "http.headers"
	}
	return headersOf(s.Headers), "headers"
}

func (s Settings) overGRPC() bool { return s.Protocol == protoGRPC || s.Protocol == "" }

func (s HTTPSettings) certificates() transport.Certificates {
	return transport.Certificates{CA: s.CertificateFile, Cert: s.ClientCertificateFile, Key: s.ClientKeyFile}
}

func (s GRPCSettings) certificates() transport.Certificates {
	return transport.Certificates{CA: s.CertificateFile, Cert: s.ClientCertificateFile, Key: s.ClientKeyFile}
}

func headersOf(pairs registry.Pairs) transport.Headers {
	out := make(transport.Headers, len(pairs))
	for i, p := range pairs {
		out[i] = transport.Header(p)
	}
	return out
}

// gzips reports whether requests are compressed. Over gRPC a header grpc-encoding: gzip means the same as the key.
func (s Settings) gzips() bool {
	headers, _ := s.headers()
	return s.Compression == compGzip || s.overGRPC() && strings.EqualFold(headers.Get("grpc-encoding"), compGzip)
}

func (s Settings) url() (*url.URL, error) {
	text := s.Endpoint
	if text == "" {
		text = defaultHTTP
	}
	h, err := endpoint.ParseHTTP(text)
	if err != nil {
		return nil, &settings.KeyError{Key: "endpoint", Err: err}
	}
	if h.SchemeInferred && !h.HasPort {
		h.URL.Host += ":" + httpPort
	}
	if h.URL.Path == "" {
		h.URL.Path = "/"
	}
	return h.URL, nil
}

// target is where gRPC connects to, and whether with TLS: the scheme decides, without one insecure,
// and unset that means TLS. The default endpoint's http:// yields to an explicit insecure: false.
type target struct {
	address string
	tls     bool
}

func (s Settings) target() (target, error) {
	text := s.Endpoint
	if text == "" {
		text = defaultGRPC
		if s.GRPC.Insecure != nil && !*s.GRPC.Insecure {
			text = strings.TrimPrefix(text, "http://")
		}
	}
	g, err := endpoint.ParseGRPC(text)
	if err != nil {
		return target{}, &settings.KeyError{Key: "endpoint", Err: err}
	}
	if g.Port == "" && g.Host != "" {
		g = g.JoinPort(grpcPort)
	}
	secure := s.GRPC.Insecure == nil || !*s.GRPC.Insecure
	if g.Scheme == "http" || g.Scheme == "https" {
		secure = g.Scheme == "https"
	}
	return target{address: g.Target, tls: secure}, nil
}
