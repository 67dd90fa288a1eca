package stored

import (
	"net/netip"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// zipkinSpan is a span in Zipkin's model (see docs/exporters.md): tags are texts by key, the kind is as in a Span,
// and the name of an event is the text of its annotation.
type zipkinSpan struct {
	Span
	tags   map[string]string
	remote remote
}

// remote is the remote endpoint; an address excludes a service.
type remote struct {
	service string
	ip      netip.Addr
	port    int64
}

func asZipkin(s sdktrace.ReadOnlySpan) zipkinSpan {
	span := Exact(s)
	span.Start = max(1000, half(span.Start))
	if span.Duration > 0 {
		span.Duration = max(1000, half(span.Duration))
	}
	if span.Kind == "internal" {
		span.Kind = ""
	}
	for i, e := range s.Events() {
		span.Events[i] = Event{Name: annotation(e), Time: half(e.Time.UnixNano())}
	}
	span.Attributes, span.Resource, span.Links, span.TraceState = nil, nil, nil, ""
	span.Status, span.StatusText, span.Scope, span.Dropped = "", "", Scope{}, Dropped{}
	return zipkinSpan{span, zipkinTags(s), remoteOf(s)}
}

// half rounds ns to whole µs, half up.
func half(ns int64) int64 { return (ns + 500) / 1000 * 1000 }

func annotation(e sdktrace.Event) string {
	fields := object(e.Attributes, kit)
	if e.DroppedAttributeCount > 0 {
		fields["otel.dropped_attributes_count"] = e.DroppedAttributeCount
	}
	if len(fields) == 0 {
		return clean(e.Name)
	}
	return jsonOf(clean(e.Name), false) + ": " + jsonOf(fields, false)
}

func zipkinTags(s sdktrace.ReadOnlySpan) map[string]string {
	tags := make(map[string]string)
	for _, list := range [][]attribute.KeyValue{ // the later one takes precedence
		withoutService(s.Resource().Attributes()), scopeAttributes(s), s.Attributes(),
	} {
		for _, kv := range list {
			tags[clean(string(kv.Key))] = plain(kv.Value)
		}
	}
	own := append(scopeTags(s), droppedTags(s, func(key string, n int64) string { return textOf(key, plain(attribute.Int64Value(n))) })...)
	for _, tag := range own {
		key, value, _ := strings.Cut(tag, "=string:")
		tags[key] = value
	}
	switch status := s.Status(); {
	case status.Code == codes.Error:
		tags["otel.status_code"], tags["error"] = "ERROR", clean(status.Description)
	case status.Code == codes.Ok:
		tags["otel.status_code"] = "OK"
	}
	if s.Status().Code != codes.Error && tags["error"] == "false" {
		delete(tags, "error")
	}
	return tags
}

// remoteOf implements the part of the precedence table that the samples need.
func remoteOf(s sdktrace.ReadOnlySpan) (r remote) {
	if s.SpanKind() != trace.SpanKindClient && s.SpanKind() != trace.SpanKindProducer {
		return remote{}
	}
	value := func(key attribute.Key) attribute.Value {
		i := slices.IndexFunc(s.Attributes(), func(kv attribute.KeyValue) bool { return kv.Key == key })
		if i < 0 {
			return attribute.Value{}
		}
		return s.Attributes()[i].Value
	}
	for _, key := range []attribute.Key{"peer.service", "server.address"} {
		if name := value(key); name.Type() == attribute.STRING {
			return remote{service: name.AsString()}
		}
	}
	if ip, err := netip.ParseAddr(value("network.peer.address").AsString()); err == nil {
		return remote{ip: ip, port: value("network.peer.port").AsInt64()}
	}
	return remote{}
}
