package mw

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"

	"github.com/go-chi/chi/v5"

	"github.com/spanroute/spanroute/internal/forwarded"
	"github.com/spanroute/spanroute/internal/instrumentation"
)

// A ServerOption changes what [New] makes. Functions given to options are called by many goroutines at once. Options
// cannot fail; a nil argument changes nothing. Of two options that set the same thing the later one counts, except
// where several add up.
type ServerOption interface{ applyToServer(*serverOptions) }

// A ClientOption changes what [NewTransport] makes, by the rules of [ServerOption].
type ClientOption interface{ applyToClient(*clientOptions) }

// An Option is for both sides.
type Option interface {
	ServerOption
	ClientOption
}

type sharedOption func(*options)

func (f sharedOption) applyToServer(o *serverOptions) { f(&o.common) }

func (f sharedOption) applyToClient(o *clientOptions) { f(&o.common) }

// options are the options of both sides.
type options struct {
	source instrumentation.Options

	exclude    []func(*http.Request) bool
	spanName   func(r *http.Request, method, route string) string
	attributes []func(*http.Request) []attribute.KeyValue
	isError    func(code int) bool

	knownMethods    []string
	knownMethodsSet bool
	redactor        redactor

	requestHeaders  []string
	responseHeaders []string
	unredacted      []string
	bodySizes       bool
}

type serverOption func(*serverOptions)

func (f serverOption) applyToServer(o *serverOptions) { f(o) }

// serverOptions are the options of a middleware.
type serverOptions struct {
	common         options
	router         chi.Routes
	mux            *http.ServeMux
	publicEndpoint func(*http.Request) bool
	proxies        forwarded.Proxies
	traceIDHeader  string
}

func newServerOptions(list []ServerOption) (o serverOptions) {
	o.common.isError = isServerError
	for _, option := range list {
		if option != nil {
			option.applyToServer(&o)
		}
	}
	return o
}

type clientOption func(*clientOptions)

func (f clientOption) applyToClient(o *clientOptions) { f(o) }

// clientOptions are the options of a Transport.
type clientOptions struct {
	common       options
	endOnHeaders bool
}

func newClientOptions(list []ClientOption) (o clientOptions) {
	o.common.isError = isClientError
	for _, option := range list {
		if option != nil {
			option.applyToClient(&o)
		}
	}
	return o
}
