package mw

import (
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"

	"github.com/spanroute/spanroute/internal/forwarded"
)

// WithRouter lets a server find the route before the handler runs, so that samplers see it. It is needed if a
// middleware in front of the router replaces the request. A router that is the argument of the result of New is found
// without it.
func WithRouter(router chi.Routes) ServerOption {
	return serverOption(func(o *serverOptions) {
		if router != nil {
			o.router = router
		}
	})
}

// WithServeMux is [WithRouter] for net/http's router.
func WithServeMux(mux *http.ServeMux) ServerOption {
	return serverOption(func(o *serverOptions) {
		if mux != nil {
			o.mux = mux
		}
	})
}

// WithPublicEndpoint starts a new trace for each request and links it to the caller's. It is for servers whose
// callers are untrusted. Their baggage is kept, see [WithoutRemoteBaggage]. The configuration key
// sampling.remote_parent keeps the caller's trace and only ignores its sampling decision.
func WithPublicEndpoint() ServerOption {
	return WithPublicEndpointFn(func(*http.Request) bool { return true })
}

// WithPublicEndpointFn is [WithPublicEndpoint] for the requests for which public returns true. The context of its
// request has what the caller sent.
func WithPublicEndpointFn(public func(*http.Request) bool) ServerOption {
	return serverOption(func(o *serverOptions) {
		if public != nil {
			o.publicEndpoint = public
		}
	})
}

// WithoutRemoteBaggage drops the baggage that callers send, also with [WithPublicEndpoint]: it is neither in the
// handler's context nor in its request's headers, so that it does not travel on with requests made for an untrusted
// client. The headers are those of W3C and of the propagators jaeger and ottrace. Baggage that the service sets itself is
// sent as usual. Without the option, a caller's baggage is kept.
func WithoutRemoteBaggage() ServerOption {
	return serverOption(func(o *serverOptions) { o.common.source.NoRemoteBaggage = true })
}

// WithTrustedProxies sets the peers whose forwarded headers are read, by address. Those of all other peers are
// ignored. Several add up.
func WithTrustedProxies(prefixes ...netip.Prefix) ServerOption {
	return serverOption(func(o *serverOptions) {
		for _, p := range prefixes {
			o.proxies.Prefixes = append(o.proxies.Prefixes, forwarded.Unmap(p))
		}
	})
}

// WithTrustedUnixPeers reads the forwarded headers of peers without an IP address: those of unix sockets.
func WithTrustedUnixPeers() ServerOption {
	return serverOption(func(o *serverOptions) { o.proxies.UnixPeers = true })
}

// WithForwardedFamily selects the forwarded headers that trusted proxies write.
func WithForwardedFamily(f ForwardedFamily) ServerOption {
	return serverOption(func(o *serverOptions) { o.proxies.Family = forwarded.Family(f) })
}

// WithTraceIDHeader sends the trace id of each request, in hex, in the response header called name.
func WithTraceIDHeader(name string) ServerOption {
	return serverOption(func(o *serverOptions) { o.traceIDHeader = name })
}
