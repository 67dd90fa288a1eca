package jaegerremote

import (
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// DefaultEndpoint is the endpoint of a Jaeger server or agent on the same host.
const DefaultEndpoint = "http://localhost:5778/sampling"

// An Endpoint is the address of a sampling server: a URL for HTTP, or a target for gRPC.
type Endpoint struct {
	URL    *url.URL // nil for gRPC
	Target string   // host:port, or a target with one of the schemes dns, unix and passthrough; "" for HTTP
	TLS    bool     // the scheme is https or grpcs
}

// ParseEndpoint parses the endpoint of a sampling server. The protocol is gRPC for the schemes grpc and grpcs, for the
// schemes dns, unix and passthrough of gRPC targets, which use no TLS, and for the ports 5779 and 14250 without a path, because the specification
// of OTEL_TRACES_SAMPLER_ARG writes http://localhost:14250 for a gRPC server. Otherwise it is HTTP. An HTTP endpoint
// without a path gets the path of Jaeger: /api/sampling on port 14268, /sampling on all others. The port of a gRPC
// endpoint without a port is 5779. Errors are of type *[settings.Fault].
func ParseEndpoint(text string) (Endpoint, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme = "http"
	}
	switch strings.ToLower(scheme) {
	case "grpc":
		return parseGRPC(text, "http://"+rest)
	case "grpcs":
		return parseGRPC(text, "https://"+rest)
	case "dns", "unix", "passthrough":
		return parseGRPC(text, text)
	}
	h, err := endpoint.ParseHTTP(text)
	if err != nil {
		return Endpoint{}, err
	}
	if strings.Trim(h.URL.Path, "/") == "" && h.URL.RawQuery == "" {
		switch h.URL.Port() {
		case grpcPort, "14250":
			return parseGRPC(text, text)
		case "14268":
			h.URL.Path = "/api/sampling"
		default:
			h.URL.Path = "/sampling"
		}
	}
	return Endpoint{URL: h.URL, TLS: h.URL.Scheme == "https"}, nil
}

// parseGRPC parses text, the endpoint as written with a scheme that package endpoint accepts.
func parseGRPC(written, text string) (Endpoint, error) {
	g, err := endpoint.ParseGRPC(text)
	if err != nil {
		return Endpoint{}, err
	}
	if g.PathIgnored != "" {
		return Endpoint{}, settings.Errorf(settings.ErrURL, "%s has a path, which gRPC does not use", phrase.Quote(endpoint.Redact(written))).WithHint("remove the path, or use the scheme http")
	}
	if _, rest, found := strings.Cut(text, "://"); g.Host == "" && found && g.Scheme != "unix" && !strings.HasPrefix(rest, "/") {
		return Endpoint{}, settings.Errorf(settings.ErrURL, "%s names a DNS server, which is not supported", phrase.Quote(text)).WithHint("write " + g.Scheme + ":///host:port")
	}
	if g.Host != "" && !strings.HasSuffix(strings.TrimSuffix(text, "/"), ":"+g.Port) {
		g = g.JoinPort(grpcPort)
	}
	return Endpoint{Target: g.Target, TLS: g.Scheme == "https"}, nil
}
