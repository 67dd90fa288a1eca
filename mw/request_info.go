package mw

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/forwarded"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// requestInfo holds the facts of a request that the span records. They are read before the handler runs, because
// handlers and middlewares may change the URL and the header that they share with the request.
type requestInfo struct {
	path, query, agent string        // the query is redacted
	line               semattr.Owner // of what is part of the request line
	optional           *optionalInfo // nil without options that record more
}

// optionalInfo holds the facts that only some options record, and those of trusted proxies.
type optionalInfo struct {
	forwarded      forwarded.Info
	headers        []attribute.KeyValue           // captured
	userAttributes instrumentation.UserAttributes // of WithRequestAttributes
}

var noOptionalInfo optionalInfo

// optionalInfo returns the optional facts, which may be empty.
func (a *requestInfo) optionalInfo() *optionalInfo {
	if a.optional == nil {
		return &noOptionalInfo
	}
	return a.optional
}

// readRequest fills a with the facts of r.
func (m *middleware) readRequest(a *requestInfo, r *http.Request) {
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
		a.optional.userAttributes.Add(attrs, a.line.And(contentOwner(r)))
	}
}
