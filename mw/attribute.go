package mw

import (
	"cmp"
	"net/http"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/semattr"
)

// Capacities that hold every start attribute, and every end attribute, but captured headers and those of the user.
const (
	maxArrival = 14
	maxEnd     = 5
)

// An attributeBuffer is where attributes are put together that the SDK's SetAttributes copies. It never holds
// those of a span of another make, which might keep the slice.
type attributeBuffer struct{ attrs []attribute.KeyValue }

var scratch = sync.Pool{New: func() any { return &attributeBuffer{make([]attribute.KeyValue, 0, maxArrival+maxEnd)} }}

// keep remembers attrs, which may have outgrown the buffer.
func (b *attributeBuffer) keep(attrs []attribute.KeyValue) []attribute.KeyValue {
	b.attrs = attrs
	return attrs
}

// free gives the buffer back. What it refers to stays alive until its next use or the second garbage collection
// from now; clearing it would cost each request as much as a tenth of all that this package does for it.
func (b *attributeBuffer) free() { scratch.Put(b) }

// appendArrival appends what a request tells at its start, without route and attributes of the user.
func (m *middleware) appendArrival(attrs []attribute.KeyValue, a *arrival, r *http.Request) []attribute.KeyValue {
	more := a.more()
	attrs = m.methods.verb(methodOf(r)).append(attrs, a.line)
	attrs = append(attrs,
		a.line.String(semattr.URLPath, a.path),
		semattr.URLScheme.String(schemeOf(r, more.claim)))
	if a.query != "" {
		attrs = append(attrs, a.line.String(semattr.URLQuery, a.query))
	}
	if host, port, ok := semattr.HostPort(hostOf(r, more.claim)); ok {
		attrs = appendServer(attrs, a.line.Text(host), port)
	}
	attrs = appendPeers(attrs, r.RemoteAddr, more.claim.client)
	if version := protocolVersion(r.ProtoMajor, r.ProtoMinor); version != "" {
		attrs = append(attrs, semattr.NetworkProtocolVersion.String(version))
	}
	if a.agent != "" {
		attrs = append(attrs, semattr.UserAgentOriginal.String(semattr.Text(a.agent)))
	}
	return append(attrs, more.headers...)
}

// appendPeers appends the other end of the connection and the client, which is the same unless a proxy says so.
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

func schemeOf(r *http.Request, c claim) string {
	switch {
	case c.scheme != "":
		return c.scheme
	case r.TLS != nil:
		return "https"
	}
	return "http"
}

// hostOf is what names the server: host or host:port.
func hostOf(r *http.Request, c claim) string {
	if c.host != "" {
		return c.host
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

// override appends the attributes that win, and takes out those with the same keys.
func override(attrs, winners []attribute.KeyValue) []attribute.KeyValue {
	if len(winners) == 0 {
		return attrs
	}
	return append(without(attrs, winners), winners...)
}

// without takes the attributes with the keys of known out of attrs.
func without(attrs, known []attribute.KeyValue) []attribute.KeyValue {
	if len(known) == 0 {
		return attrs
	}
	return slices.DeleteFunc(attrs, func(kv attribute.KeyValue) bool {
		return slices.ContainsFunc(known, func(k attribute.KeyValue) bool { return k.Key == kv.Key })
	})
}

// appendUnset appends the attributes of a start that are set at the end. What was set on the span in the meantime
// stays, as it would if they had been set at the start. start appends to what it is given and keeps no reference.
func appendUnset(
	attrs []attribute.KeyValue, span trace.Span, start func([]attribute.KeyValue) []attribute.KeyValue,
) []attribute.KeyValue {
	n := len(attrs)
	added := start(attrs[n:])
	if span, ok := span.(interface{ Attributes() []attribute.KeyValue }); ok {
		added = without(added, span.Attributes())
	}
	return append(attrs, added...)
}

// own is what the user wants on a span.
type own struct {
	attrs     []attribute.KeyValue
	errorType string // error.type, which must wait until it is known whether the span is an error
}

// ownOf returns attributes of the user as a span may keep them. Their texts may be parts of what source owns.
func ownOf(attrs []attribute.KeyValue, source semattr.Owner) (o own) {
	o.attrs = make([]attribute.KeyValue, 0, len(attrs))
	for _, kv := range attrs {
		if kv.Key == semattr.ErrorTypeKey {
			o.errorType = source.Text(kv.Value.String())
			continue
		}
		o.attrs = append(o.attrs, source.Attribute(kv))
	}
	return o
}

// appendError appends error.type, if out is an error: the user's if there is one.
func (o *own) appendError(attrs []attribute.KeyValue, out outcome) []attribute.KeyValue {
	if out.errorType == "" {
		return attrs
	}
	return append(attrs, semattr.ErrorTypeKey.String(cmp.Or(o.errorType, out.errorType)))
}
