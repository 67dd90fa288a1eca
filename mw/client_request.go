package mw

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// clientRequestInfo holds the facts of a request that the span records. They are read before it is sent.
type clientRequestInfo struct {
	methodInfo
	source         semattr.Owner // of parts of the URL
	url            string
	template       string
	headers        []attribute.KeyValue           // captured
	userAttributes instrumentation.UserAttributes // of WithRequestAttributes
}

// fill reads the facts of req.
func (s *clientRequestInfo) fill(in *httpInstrumentation, req *http.Request, m methodInfo, template string) {
	s.methodInfo, s.template = m, template
	s.source, s.url = targetOwner(req), in.redactor.full(req.URL, in.Policy())
	if !in.captureRequest.Empty() {
		s.headers = in.captureRequest.AppendRedacted(nil, requestHeader(req), in.redactHeader)
	}
	if in.attributes != nil {
		s.userAttributes.Add(in.userAttributes(req), s.source.And(contentOwner(req)))
	}
}

// appendTo appends the attributes of the start of the span of req.
func (s *clientRequestInfo) appendTo(attrs []attribute.KeyValue, req *http.Request) []attribute.KeyValue {
	attrs = s.methodInfo.append(attrs, s.source)
	if s.url != "" {
		attrs = append(attrs, semattr.URLFull.String(s.url))
	}
	if host, port, ok := semattr.HostPort(targetHost(req)); ok {
		attrs = appendServer(attrs, s.source.Inside(s.url, host), portOr(port, req.URL.Scheme))
	}
	if s.template != "" {
		attrs = append(attrs, semattr.URLTemplate.String(s.template))
	}
	if n := resends(req); n > 0 {
		attrs = append(attrs, semattr.HTTPRequestResendCount.Int(n))
	}
	return s.userAttributes.Override(append(attrs, s.headers...))
}

func targetHost(req *http.Request) string {
	if req.Host != "" {
		return req.Host
	}
	return req.URL.Host
}

// portOr returns port, or else the default port of scheme.
func portOr(port int, scheme string) int {
	switch {
	case port > 0:
		return port
	case scheme == "https":
		return 443
	case scheme == "http":
		return 80
	}
	return 0
}

// maxResends bounds the number of redirects that are followed back.
const maxResends = 1000

// resends returns the number of responses that led to req.
func resends(req *http.Request) (n int) {
	for res := req.Response; res != nil && n < maxResends; n++ {
		if res.Request == nil {
			return n + 1
		}
		res = res.Request.Response
	}
	return n
}
