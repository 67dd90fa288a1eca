package grpcmw

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// usualAttributes is the capacity for the attributes of a span without captured metadata.
const usualAttributes = 8

// buffers holds the attributes of deferred spans from their start to their end.
var buffers = instrumentation.NewBuffers(usualAttributes)

// startAttributes appends the attributes that samplers can read.
func (c *serverCall) startAttributes(ctx context.Context, m method, attrs []attribute.KeyValue) []attribute.KeyValue {
	attrs = m.append(attrs)
	t := c.in.authorities.of(c.carrier.Get(":authority"))
	attrs = appendAddress(attrs, semattr.ServerAddress, t.host, semattr.ServerPort, t.port)
	if p, ok := peer.FromContext(ctx); ok {
		host, port := semattr.Peer(p.Addr)
		attrs = appendAddress(attrs, semattr.NetworkPeerAddress, host, semattr.NetworkPeerPort, port)
	}
	if !c.in.requestMetadata.Empty() {
		attrs = c.in.requestMetadata.Append(attrs, func(key string) []string {
			return wireText(key, c.carrier.Values(key))
		})
	}
	return attrs
}

// startAttributes appends the attributes that samplers can read.
func (c *clientCall) startAttributes(m method, attrs []attribute.KeyValue) []attribute.KeyValue {
	attrs = m.append(attrs)
	if c.cc != nil {
		t := c.in.targets.of(c.cc)
		attrs = appendAddress(attrs, semattr.ServerAddress, t.host, semattr.ServerPort, t.port)
	}
	if !c.in.requestMetadata.Empty() {
		if md, ok := metadata.FromOutgoingContext(c.Context); ok {
			attrs = c.in.requestMetadata.Append(attrs, valuesOf(md))
		}
	}
	return attrs
}

// appendAddress appends an address and a port. An empty address and the port 0 are left out.
func appendAddress(attrs []attribute.KeyValue, addrKey attribute.Key, addr string, portKey attribute.Key, port int) []attribute.KeyValue {
	if addr == "" {
		return attrs
	}
	attrs = append(attrs, semattr.String(addrKey, addr))
	if port != 0 {
		attrs = append(attrs, portKey.Int(port))
	}
	return attrs
}

// callAttributes calls the functions of WithAttributes and adds their attributes to u.
func (in *rpcInstrumentation) callAttributes(ctx context.Context, fullMethod string, u *instrumentation.UserAttributes) {
	for _, f := range in.attributes {
		u.Add(f(ctx, fullMethod), semattr.Unknown())
	}
}

// finishSpan sets the last attributes of a span, and its status: Error if and only if errorType is not empty. A span that is
// not kept gets no attributes, and ends.
func (in *rpcInstrumentation) finishSpan(span trace.Span, attrs []attribute.KeyValue, own *instrumentation.UserAttributes, errorType, message string) {
	if errorType != "" {
		attrs = append(attrs, own.ErrorType(errorType))
		if in.noMessage {
			message = ""
		}
		span.SetStatus(otelcodes.Error, semattr.Own(message)) // which may be part of the request's message
	}
	if instrumentation.Discard(span) {
		return
	}
	span.SetAttributes(append(attrs, own.List()...)...)
}
