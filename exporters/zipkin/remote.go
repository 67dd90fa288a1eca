package zipkin

import (
	"net/netip"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// ranks lists the attributes that yield a remote endpoint, in the order of precedence (OTel spec v1.28.0,
// "OTLP -> Zipkin"). With a port key, the value is an address.
var ranks = [...]struct{ key, port attribute.Key }{
	{key: "peer.service"},
	{key: "server.address"},
	{key: "net.peer.name"},
	{key: "network.peer.address", port: "network.peer.port"},
	{key: "server.socket.domain"},
	{key: "server.socket.address", port: "server.socket.port"},
	{key: "net.sock.peer.name"},
	{key: "net.sock.peer.addr", port: "net.sock.peer.port"},
	{key: "peer.hostname"},
	{key: "peer.address"},
	{key: "db.name"},
}

// rank returns the index of a key in ranks, or -1. A switch on constants, which the compiler turns into a search by
// length and value, is faster than a map for each attribute.
func rank(k attribute.Key) int {
	switch k {
	case "peer.service":
		return 0
	case "server.address":
		return 1
	case "net.peer.name":
		return 2
	case "network.peer.address":
		return 3
	case "server.socket.domain":
		return 4
	case "server.socket.address":
		return 5
	case "net.sock.peer.name":
		return 6
	case "net.sock.peer.addr":
		return 7
	case "peer.hostname":
		return 8
	case "peer.address":
		return 9
	case "db.name":
		return 10
	}
	return -1
}

// remote appends the remote endpoint of a client or producer: the first rank that yields one.
// An address that is not an IP address is skipped for the next rank.
func (w *writer) remote(span sdktrace.ReadOnlySpan) {
	if k := span.SpanKind(); k != trace.SpanKindClient && k != trace.SpanKindProducer {
		return
	}
	attrs := span.Attributes()
	var found [len(ranks)]int // 1 + index of the attribute
	for i := range attrs {
		if n := rank(attrs[i].Key); n >= 0 {
			found[n] = i + 1
		}
	}
	for n, i := range found {
		if i > 0 && w.remoteOf(attrs[i-1].Value, ranks[n].port, attrs) {
			return
		}
	}
}

// remoteOf appends the endpoint that an attribute describes, and reports whether it describes one. With portKey the
// value is an IP address, and without it a name. Other types than text are skipped too, because both are text by the
// semantic conventions.
func (w *writer) remoteOf(v attribute.Value, portKey attribute.Key, attrs []attribute.KeyValue) bool {
	if v.Type() != attribute.STRING || v.AsString() == "" {
		return false
	}
	if portKey == "" {
		w.raw(`,"remoteEndpoint":{"serviceName":`)
		w.quoted(v.AsString())
		w.raw("}")
		return true
	}
	ip, err := netip.ParseAddr(v.AsString())
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		w.raw(`,"remoteEndpoint":{"ipv4":"`)
	} else {
		w.raw(`,"remoteEndpoint":{"ipv6":"`)
	}
	w.buf = ip.AppendTo(w.buf)
	w.raw(`"`)
	if port := portOf(attrs, portKey); port > 0 {
		w.raw(`,"port":`)
		w.buf = strconv.AppendInt(w.buf, port, 10)
	}
	w.raw("}")
	return true
}

// portOf returns the port under key, or 0 without a port from 1 to 65535. A port may be text, because older
// instrumentation records it so. The last attribute of the key counts.
func portOf(attrs []attribute.KeyValue, key attribute.Key) int64 {
	var port int64
	for i := range attrs {
		if attrs[i].Key != key {
			continue
		}
		switch v := attrs[i].Value; v.Type() {
		case attribute.INT64:
			port = v.AsInt64()
		case attribute.STRING:
			port, _ = strconv.ParseInt(v.AsString(), 10, 64)
		}
	}
	if port < 1 || port > 65535 {
		return 0
	}
	return port
}
