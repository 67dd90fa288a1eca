package mw

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/forwarded"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// Capacities for the attributes of the start and of the end, except captured headers and those of the program.
const (
	maxStart = 14
	maxEnd   = 5
)

// buffers holds the attributes of deferred spans.
var buffers = instrumentation.NewBuffers(maxStart + maxEnd)

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

// appendPeers appends the peer of the connection and the client. They are the same unless a proxy reports a client.
func appendPeers(attrs []attribute.KeyValue, remoteAddr, client string) []attribute.KeyValue {
	peer, port, ok := semattr.IPPeer(remoteAddr)
	if ok {
		attrs = appendPeer(attrs, peer, port)
	}
	if client == "" {
		client = peer
	}
	if client == "" {
		return attrs
	}
	return append(attrs, semattr.ClientAddress.String(client))
}

func appendServer(attrs []attribute.KeyValue, host string, port int) []attribute.KeyValue {
	attrs = append(attrs, semattr.ServerAddress.String(semattr.Text(host)))
	if port > 0 {
		attrs = append(attrs, semattr.ServerPort.Int(port))
	}
	return attrs
}

func appendPeer(attrs []attribute.KeyValue, addr string, port int) []attribute.KeyValue {
	attrs = append(attrs, semattr.NetworkPeerAddress.String(addr))
	if port > 0 {
		attrs = append(attrs, semattr.NetworkPeerPort.Int(port))
	}
	return attrs
}

func schemeOf(r *http.Request, info forwarded.Info) string {
	switch {
	case info.Scheme != "":
		return info.Scheme
	case r.TLS != nil:
		return "https"
	}
	return "http"
}

// hostOf returns the name of the server: host or host:port.
func hostOf(r *http.Request, info forwarded.Info) string {
	if info.Host != "" {
		return info.Host
	}
	return r.Host
}

func protocolVersion(major, minor int) string {
	switch {
	case major == 1 && minor == 1:
		return "1.1"
	case major == 2:
		return "2"
	case major == 1 && minor == 0:
		return "1.0"
	case major == 3:
		return "3"
	}
	return ""
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
