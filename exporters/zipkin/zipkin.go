package zipkin

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/tlsfiles"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

const (
	usualPath       = "/api/v2/spans"
	defaultEndpoint = "http://localhost:9411" + usualPath
	defaultPort     = "9411"
	inFlight        = 2
)

// Settings is the section "zipkin". The zero value posts to the default endpoint.
//
// The values are those of an operator until the registry calls complete: then Endpoint has scheme, port and path, and
// files that an unencrypted connection does not use are removed, with a notice for each.
type Settings struct {
	Endpoint              string         `koanf:"endpoint" alias:"url" otel:"OTEL_EXPORTER_ZIPKIN_ENDPOINT" format:"url" doc:"URL spans are posted to; without a path, /api/v2/spans"`
	LocalNodeIPv4         string         `koanf:"local_node_ipv4" format:"ipv4" doc:"IPv4 address of this service: text, or a packed integer"`
	LocalNodeIPv6         string         `koanf:"local_node_ipv6" format:"ipv6" doc:"IPv6 address of this service: text, or a packed integer"`
	LocalNodePort         int            `koanf:"local_node_port" range:"1..65535" doc:"port of this service"`
	Headers               settings.Pairs `koanf:"headers" format:"headers" secret:"true" doc:"headers sent with every request"`
	CertificateFile       string         `koanf:"certificate_file" format:"pem" doc:"CA bundle that replaces the system's, for https"`
	ClientCertificateFile string         `koanf:"client_certificate_file" with:"client_key_file" format:"pem" doc:"client certificate, together with client_key_file"`
	ClientKeyFile         string         `koanf:"client_key_file" with:"client_certificate_file" format:"pem" doc:"key of client_certificate_file"`

	to *url.URL // the endpoint, completed
}

// Factory is the exporter "zipkin". Importing the package registers it with registry.Default.
var Factory = registry.NewFactory("zipkin", defaults, build,
	registry.WithDoc("Zipkin v2 JSON over HTTP, understood by Zipkin, Jaeger and the OpenTelemetry Collector"),
	registry.WithCompletion((*Settings).complete),
	registry.WithTimeoutVariables("OTEL_EXPORTER_ZIPKIN_TIMEOUT"))

func init() { registry.Register(Factory) }

func defaults() Settings { return Settings{Endpoint: defaultEndpoint} }

// complete adds scheme, port and path to the endpoint, and removes what has no effect there. A written path is kept,
// since a proxy may add one; only a trailing slash is removed.
func (s *Settings) complete(c *registry.Completion) {
	if s.Endpoint == "" {
		s.Endpoint = defaultEndpoint
	}
	rule := transport.HTTPRule{Key: "endpoint", Port: defaultPort, Path: usualPath, Trim: !c.Direct()}
	if s.to = rule.Complete(c, s.Endpoint); s.to != nil {
		s.Endpoint = s.to.String()
		c.Destination = endpoint.Redact(s.Endpoint)
		c.Show("endpoint")
		if s.to.Scheme != "https" {
			s.files().Unencrypted(c, "")
		}
	}
	s.Headers = transport.CompleteHTTP(c, "headers", s.Headers)
}

// Validate checks addresses and headers. A program may call it without complete, so it does not use the completed
// endpoint.
func (s Settings) Validate() error {
	_, err := s.node()
	return errors.Join(err, s.headers().Check("headers"))
}

func (s *Settings) files() transport.Files {
	return transport.Files{&s.CertificateFile, &s.ClientCertificateFile, &s.ClientKeyFile}
}

// tls reads the files if the endpoint uses them.
func (s *Settings) tls(log *slog.Logger) (*tlsfiles.TLS, error) {
	if s.to.Scheme != "https" {
		return nil, nil
	}
	return s.files().Certificates().TLS("", log)
}

// headers returns the pairs as headers of package transport. The two types differ, so that package transport does not
// depend on how settings are written.
func (s Settings) headers() transport.Headers {
	out := make(transport.Headers, len(s.Headers))
	for i, p := range s.Headers {
		out[i] = transport.Header(p)
	}
	return out
}

// node returns the address of the local endpoint. It is called by Validate and by build. The addresses are never looked
// up from the host: a service behind a proxy has another one.
func (s Settings) node() (node, error) {
	v4, err4 := address("local_node_ipv4", s.LocalNodeIPv4, 4)
	v6, err6 := address("local_node_ipv6", s.LocalNodeIPv6, 6)
	var errPort error
	if s.LocalNodePort < 0 || s.LocalNodePort > 65535 {
		errPort = &settings.KeyError{Key: "local_node_port", Err: settings.Errorf(settings.ErrOutOfRange, "%d is out of range, want 1 to 65535", s.LocalNodePort)}
	}
	return node{IPv4: v4, IPv6: v6, Port: uint16(s.LocalNodePort)}, errors.Join(err4, err6, errPort)
}

// address parses an address and checks its family. The result has no zone.
func address(key, text string, family int) (string, error) {
	if text == "" {
		return "", nil
	}
	ip, err := parse(text, family)
	switch {
	case err != nil:
		return "", &settings.KeyError{Key: key, Err: settings.Errorf(settings.ErrWrongType, "%s is not an IPv%d address", phrase.Quote(text), family)}
	case ip.Is4() && family == 6:
		return "", &settings.KeyError{Key: key, Err: settings.Errorf(settings.ErrWrongType, "%s is an IPv4 address", phrase.Quote(text)).WithHint("use local_node_ipv4")}
	case ip.Is6() && family == 4:
		return "", &settings.KeyError{Key: key, Err: settings.Errorf(settings.ErrWrongType, "%s is an IPv6 address", phrase.Quote(text)).WithHint("use local_node_ipv6")}
	}
	return ip.WithZone("").String(), nil
}

// parse parses an address, or its number in decimal digits, as Python packs it.
func parse(text string, family int) (netip.Addr, error) {
	if strings.Trim(text, "0123456789") != "" {
		return netip.ParseAddr(strings.Trim(text, "[]"))
	}
	return unpack(text, family)
}

// build opens the exporter of a completed section. It dials nothing; certificate files are read, so that a wrong one is
// an error of the start.
func build(_ context.Context, common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	local, err := s.node()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := s.tls(common.Logger())
	if err != nil {
		return nil, err
	}
	post, err := transport.NewHTTP(transport.HTTPOptions{
		URL:         s.Endpoint,
		ContentType: "application/json",
		Headers:     s.headers(),
		TLS:         tlsConfig,
		Senders:     inFlight,
		Family:      transport.Classic,
		UsualPath:   usualPath,
		UsualPort:   defaultPort,
		From:        common.Name() + ".endpoint (" + common.Source("endpoint") + ")",
	})
	if err != nil {
		return nil, &settings.KeyError{Key: "endpoint", Err: err}
	}
	o := common.Delivery
	o.Senders, o.Endpoint = inFlight, post.Endpoint()
	return delivery.New(newEncoder(local, common.MaxTagValueLength), sender{post}, o), nil
}

// A sender posts payloads.
type sender struct{ http *transport.HTTP }

// Send makes one request.
func (s sender) Send(ctx context.Context, p *payload) delivery.Outcome {
	return s.http.Post(ctx, p.body)
}

// Close ends every connection; running requests fail.
func (s sender) Close(context.Context) error {
	s.http.Close()
	return nil
}

// unpack reads the number of an address. An IPv6 address has 39 digits, which no integer type holds, so it is computed
// byte by byte.
func unpack(digits string, family int) (netip.Addr, error) {
	if family == 4 {
		n, err := strconv.ParseUint(digits, 10, 32)
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), err
	}
	var n [16]byte
	for _, digit := range []byte(digits) {
		carry := uint16(digit - '0')
		for i := len(n) - 1; i >= 0; i-- {
			carry += uint16(n[i]) * 10
			n[i] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return netip.Addr{}, strconv.ErrRange
		}
	}
	return netip.AddrFrom16(n), nil
}
