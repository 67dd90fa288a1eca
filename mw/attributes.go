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
