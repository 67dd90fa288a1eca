// Package tracing is the contract between a tracing pipeline and the instrumentation that makes its spans. The
// pipeline of this module, *spanroute.Tracing, and its instrumentation, packages mw and grpcmw, meet here. Programs
// need it only if they give mw.With or grpcmw.With a pipeline of their own:
//
//	func (p *pipeline) Instrumentation() tracing.Instrumentation {
//		return tracing.Instrumentation{Policy: func() tracing.Policy { return healthChecks{} }}
//	}
package tracing

// An Instrumentation is what a pipeline passes to instrumentation, in addition to its tracer provider and propagator. The
// zero value works with every tracer provider: attributes are set when a span starts, nothing is excluded, and nothing
// is redacted beyond the defaults.
type Instrumentation struct {
	// DeferAttributes reports that no sampler and no span processor reads the attributes of a span when it starts.
	// All attributes are then set in one call when it ends, and a span that is not recorded costs none.
	DeferAttributes bool

	// Policy returns the rules in force. It is called for each request and each recorded text, by many goroutines at
	// once, so that a reload of the configuration takes effect immediately. It must be fast and must not block. A nil
	// function, or a nil Policy, has no rules.
	Policy func() Policy
}

// A Policy holds the operator's decisions about requests: which of them get no span, and what is redacted in the spans
// of the others. It does not change; a reload replaces it. Its methods are called by many goroutines at once.
// Implementations embed [NoRules], so that they still compile when methods are added.
type Policy interface {
	// ExcludesPath reports whether an HTTP request for path, percent-decoded and without query, gets no span.
	ExcludesPath(path string) bool
	// NeedsURL reports whether ExcludesURL must be called, too. Instrumentation builds the URL only then.
	NeedsURL() bool
	// ExcludesURL reports whether an HTTP request for url, in the form scheme://host/path, gets no span.
	ExcludesURL(url string) bool
	// ExcludesRPC reports whether a call of fullMethod, in the form /pkg.Service/Method, gets no span.
	ExcludesRPC(fullMethod string) bool
	// RedactsQueryKey reports whether the values of the query key called name, percent-decoded, are redacted in
	// addition to those that are redacted by default.
	RedactsQueryKey(name string) bool
	// RedactsPanicMessages reports whether the values of panics are left out of spans.
	RedactsPanicMessages() bool
	// ReadsRequests reports whether the sampler reads the attributes and the headers of a request when its span starts.
	// Instrumentation then sets attributes at the start, also if [Instrumentation.DeferAttributes] is true.
	ReadsRequests() bool
	// ReadsRoutes reports whether the sampler reads the route of a request when its span starts, or the name, which has the
	// route. An HTTP server then looks it up before the handler, in every router that it can find.
	ReadsRoutes() bool
}

// NoRules is a [Policy] that excludes nothing and redacts nothing beyond the defaults.
type NoRules struct{}

// ExcludesPath returns false.
func (NoRules) ExcludesPath(string) bool { return false }

// NeedsURL returns false.
func (NoRules) NeedsURL() bool { return false }

// ExcludesURL returns false.
func (NoRules) ExcludesURL(string) bool { return false }

// ExcludesRPC returns false.
func (NoRules) ExcludesRPC(string) bool { return false }

// RedactsQueryKey returns false.
func (NoRules) RedactsQueryKey(string) bool { return false }

// RedactsPanicMessages returns false.
func (NoRules) RedactsPanicMessages() bool { return false }

// ReadsRequests returns false.
func (NoRules) ReadsRequests() bool { return false }

// ReadsRoutes returns false.
func (NoRules) ReadsRoutes() bool { return false }
