package mw

import (
	"net/http"
	"strings"

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

// lineOwner returns the Owner of the parts of the request line of r. a holds the path and the query; winners are the
// attributes of the program, which take precedence over them.
func (a *requestInfo) lineOwner(r *http.Request, winners []attribute.KeyValue) semattr.Owner {
	size := targetSize(r)
	if o := semattr.OwnerOf(size, 0); !o.Copies() {
		return o
	}
	kept := semattr.Kept(r.Method)
	if !strings.Contains(a.path, "%") && !instrumentation.Has(winners, semattr.URLPath) { // an escaped path may be a copy
		kept += semattr.Kept(a.path)
	}
	if a.query == r.URL.RawQuery && !instrumentation.Has(winners, semattr.URLQuery) {
		kept += semattr.Kept(a.query)
	}
	return semattr.OwnerOf(size, kept)
}

// forwardedInfo returns the information in the forwarded headers of r as a span may keep it.
func (m *middleware) forwardedInfo(r *http.Request) forwarded.Info {
	info := m.proxies.Read(r.RemoteAddr, r.Header)
	if info.Host != "" {
		info.Host = headerOwner(r.Header, forwarded.Headers...).Text(info.Host)
	}
	return info
}

// startAttributes appends the attributes that samplers can read.
func (m *middleware) startAttributes(
	attrs []attribute.KeyValue, a *requestInfo, r *http.Request, route string,
) []attribute.KeyValue {
	attrs = m.appendRequest(attrs, a, r)
	if route != "" {
		attrs = append(attrs, semattr.HTTPRoute.String(route))
	}
	return a.optionalInfo().userAttributes.Override(attrs)
}

// appendRequest appends the attributes of the start, except the route and the attributes of the program.
func (m *middleware) appendRequest(attrs []attribute.KeyValue, a *requestInfo, r *http.Request) []attribute.KeyValue {
	optional := a.optionalInfo()
	attrs = m.methods.info(methodOf(r)).append(attrs, a.line)
	attrs = append(attrs,
		a.line.String(semattr.URLPath, a.path),
		semattr.URLScheme.String(schemeOf(r, optional.forwarded)))
	if a.query != "" {
		attrs = append(attrs, a.line.String(semattr.URLQuery, a.query))
	}
	if host, port, ok := semattr.HostPort(hostOf(r, optional.forwarded)); ok {
		attrs = appendServer(attrs, a.line.Text(host), port)
	}
	attrs = appendPeers(attrs, r.RemoteAddr, optional.forwarded.Client)
	if version := protocolVersion(r.ProtoMajor, r.ProtoMinor); version != "" {
		attrs = append(attrs, semattr.NetworkProtocolVersion.String(version))
	}
	if a.agent != "" {
		attrs = append(attrs, semattr.UserAgentOriginal.String(semattr.Text(a.agent)))
	}
	return append(attrs, optional.headers...)
}
