package mw

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/forwarded"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// arrival is what is known of a request when it arrives. It is taken from the request before the handler runs,
// because handlers and middlewares change what they share with it: its URL and its header.
type requestInfo struct {
	path, query, agent string        // the query is redacted
	line               semattr.Owner // of what is part of the request line
	optional           *optionalInfo // nil unless options ask for more
}

// extras are what options ask for when a request arrives.
type optionalInfo struct {
	forwarded      forwarded.Info
	headers        []attribute.KeyValue           // captured
	userAttributes instrumentation.UserAttributes // of WithRequestAttributes
}

var noOptionalInfo optionalInfo

// more returns the extras, which may be none.
func (a *requestInfo) optionalInfo() *optionalInfo {
	if a.optional == nil {
		return &noOptionalInfo
	}
	return a.optional
}

// arrive takes from r what its span will tell.
func (m *middleware) arrive(a *requestInfo, r *http.Request) {
	a.path = r.URL.EscapedPath()
	if a.path == "" {
		a.path = "/"
	}
	a.query = m.redactor.query(r.URL.RawQuery, m.Policy())
	a.agent = first(r.Header["User-Agent"])
	attrs := m.userAttributes(r)
	a.line = a.lineOwner(r, attrs)
	info := m.forwardedInfo(r)
	if info == noOptionalInfo.forwarded && m.captureRequest.Empty() && m.attributes == nil {
		return
	}
	a.optional = &optionalInfo{forwarded: info, headers: m.captureRequest.AppendRedacted(nil, requestHeader(r), m.redactHeader)}
	if m.attributes != nil {
		a.optional.userAttributes.Add(attrs, a.line.And(headerOwner(r.Header)))
	}
}
