package endpoint

import (
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
)

// GRPC is a parsed gRPC target.
//
// Scheme keeps what the text decided about TLS: "https" and "http" decide, "" leaves the decision to a setting of the
// exporter. gRPC's own schemes have neither host nor port here, because their resolvers define what follows the scheme.
type GRPC struct {
	Scheme      string // "http", "https", "" for host[:port]; "dns", "unix", "passthrough" for gRPC's own
	Target      string // for grpc.NewClient; without a port if neither text nor scheme has one
	Host        string // without brackets; "" for gRPC's own schemes
	Port        string // unchanged, or 80 or 443 by the scheme; "" for a bare host and gRPC's own schemes
	PathIgnored string // path and query of a URL, which gRPC does not use
}

// JoinPort returns g with the port set. It is for a bare host without a port.
func (g GRPC) JoinPort(port string) GRPC {
	g.Port = port
	g.Target = target(authority{host: g.Host, port: port})
	return g
}

// ParseGRPC parses http(s)://host[:port], host[:port], dns:///name, unix:///path or passthrough:///name. A URL with
// http or https names the transport security. gRPC itself does not have it: the OTLP specification defines it for
// OTEL_EXPORTER_OTLP_ENDPOINT. The other schemes are those of gRPC's name resolvers and reach grpc-go unchanged.
func ParseGRPC(text string) (GRPC, error) {
	if err := clean(text); err != nil {
		return GRPC{}, err
	}
	scheme, rest, written := cutScheme(text)
	switch scheme {
	case "dns", "unix", "passthrough":
		return parseResolver(text, scheme, rest)
	case "http", "https", "":
		if written && scheme == "" {
			return GRPC{}, fault(text, "has an empty scheme, want http, https or none")
		}
	default:
		return GRPC{}, fault(text, "has the scheme %s, want http, https, dns, unix or passthrough", phrase.Quote(scheme))
	}
	a, err := parseAuthority(text, rest)
	if err != nil {
		return GRPC{}, err
	}
	if a.user != "" {
		return GRPC{}, fault(text, "has user information, which gRPC does not use").WithHint("send a header")
	}
	switch {
	case a.port == "" && scheme == "http":
		a.port = "80"
	case a.port == "" && scheme == "https":
		a.port = "443"
	}
	return GRPC{Scheme: scheme, Target: target(a), Host: a.host, Port: a.port, PathIgnored: strings.TrimSuffix(a.tail, "/")}, nil
}

// parseResolver checks a target of gRPC's own resolvers as far as a typing error is likely: dns://host:4317 is a target
// whose DNS server is host and whose name is empty, so it gets a fault that shows the third slash.
func parseResolver(text, scheme, rest string) (GRPC, error) {
	if rest == "" || rest == "/" {
		return GRPC{}, fault(text, "has nothing after %s://", scheme)
	}
	if scheme != "unix" && !strings.Contains(rest, "/") {
		return GRPC{}, fault(text, "is not of the form %s:///host:port", scheme)
	}
	return GRPC{Scheme: scheme, Target: scheme + "://" + rest}, nil
}

// target returns host:port. A host with the name of a gRPC resolver gets the scheme dns, because gRPC would take it for
// the scheme of that resolver.
func target(a authority) string {
	switch strings.ToLower(a.host) {
	case "dns", "unix", "unix-abstract", "passthrough", "xds", "vsock":
		return "dns:///" + a.hostPort()
	}
	return a.hostPort()
}
