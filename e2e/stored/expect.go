package stored

import (
	"encoding/base64"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A Format is the encoding of the spans sent to a receiver.
type Format string

// The formats of spanroute's exporters.
const (
	Thrift Format = "thrift" // UDP and HTTP
	APIv2  Format = "api_v2"
	Zipkin Format = "zipkin"
	OTLP   Format = "otlp"
)

// AtJaeger returns how Jaeger v1.42.0 must answer for a span that came in that format.
func AtJaeger(s sdktrace.ReadOnlySpan, f Format) Span {
	var span Span
	switch f {
	case Thrift, APIv2:
		span = asJaeger(s, true) // the query API answers in µs
	case Zipkin:
		span = zipkinAtJaeger(asZipkin(s))
	default:
		span = otlpAtJaeger(s)
	}
	sortLinks(span.Links)
	return span
}

// otlpAtJaeger: scope attributes and dropped counts get lost, bytes are base64 text, JSON is escaped for HTML.
func otlpAtJaeger(s sdktrace.ReadOnlySpan) Span {
	span := asJaeger(s, true)
	tags := attributesOf(s.Attributes(), jaegerTextOfOTLP)
	if span.Attributes != nil && slices.Contains(span.Attributes, boolOf("error", true)) {
		tags = append(tags, boolOf("error", true)) // beside the user's own
	}
	if kind := kindOf(s.SpanKind()); kind != "" {
		tags = append(tags, textOf("span.kind", kind))
	}
	tags = append(tags, statusTags(s.Status())...)
	for _, tag := range scopeTags(s) {
		if strings.HasPrefix(tag, "otel.library.") {
			tags = append(tags, tag)
		}
	}
	if ts := s.SpanContext().TraceState().String(); ts != "" {
		tags = append(tags, textOf("w3c.tracestate", ts))
	}
	span.Attributes = sorted(tags)
	span.Resource = attributesOf(withoutService(s.Resource().Attributes()), jaegerTextOfOTLP)
	for i, e := range s.Events() {
		e.DroppedAttributeCount = 0
		span.Events[i].Attributes = jaegerFields(e, jaegerTextOfOTLP)
	}
	return span
}

func jaegerTextOfOTLP(key string, v attribute.Value) string {
	switch v.Type() {
	case attribute.BYTESLICE:
		return textOf(key, base64.StdEncoding.EncodeToString(v.AsByteSlice()))
	case attribute.STRING, attribute.BOOL, attribute.INT64, attribute.FLOAT64:
		return jaegerText(key, v)
	}
	return textOf(key, jsonOf(tree(v, receiver), true))
}

// zipkinAtJaeger: tags are texts, the remote endpoint becomes peer tags, of the kinds only two are known, and the
// text of an error moves to a tag of its own.
func zipkinAtJaeger(z zipkinSpan) Span {
	span := z.Span
	failure, failed := z.tags["error"]
	delete(z.tags, "error")
	tags := textTags(z.tags)
	if failed {
		tags = append(tags, boolOf("error", true))
	}
	if failure != "" && failure != "true" {
		tags = append(tags, textOf("error.message", failure))
	}
	switch span.Kind {
	case "client", "server":
		tags = append(tags, textOf("span.kind", span.Kind))
	case "producer":
		span.Events = append(span.Events, Event{Name: "ms", Time: span.Start})
	case "consumer":
		span.Events = append(span.Events, Event{Name: "mr", Time: span.Start})
	}
	if z.remote != (remote{}) {
		tags = append(tags, textOf("peer.service", z.remote.service))
	}
	if z.remote.ip.Is4() {
		tags = append(tags, textOf("peer.ipv4", z.remote.ip.String()))
	}
	if z.remote.port > 0 {
		tags = append(tags, intOf("peer.port", z.remote.port))
	}
	for i := range span.Events {
		e := &span.Events[i]
		*e = Event{Time: e.Time, Attributes: []string{textOf("event", e.Name)}}
	}
	span.Kind, span.Attributes = "", sorted(tags)
	return span
}

func textTags(tags map[string]string) (list []string) {
	for key, value := range tags {
		list = append(list, textOf(key, value))
	}
	return list
}

// AtCollector returns what the OpenTelemetry Collector v0.160.0 must write for a span that came in that format.
func AtCollector(s sdktrace.ReadOnlySpan, f Format) Span {
	switch f {
	case Thrift, APIv2:
		return jaegerAtCollector(s, f)
	case Zipkin:
		return zipkinAtCollector(s)
	default:
		return Exact(s)
	}
}

// jaegerAtCollector: kind, status, event names and parents are restored, scope and tracestate only from api_v2.
func jaegerAtCollector(s sdktrace.ReadOnlySpan, f Format) Span {
	exact, span := Exact(s), asJaeger(s, f == Thrift)
	span.Status, span.StatusText = exact.Status, exact.StatusText
	if exact.Kind != "internal" {
		span.Kind = exact.Kind
	}
	restored := []string{"span.kind=", "otel.status_code=", "otel.status_description="}
	if exact.Status == "error" {
		restored = append(restored, "error=")
	}
	if f == APIv2 {
		span.TraceState = exact.TraceState
		span.Scope = Scope{Name: exact.Scope.Name, Version: exact.Scope.Version}
		restored = append(restored, "w3c.tracestate=", "otel.scope.name=", "otel.scope.version=")
	}
	span.Attributes = without(span.Attributes, restored)
	for i := range span.Events {
		e := &span.Events[i]
		e.Name = valueOf(e.Attributes, "event=string:")
		e.Attributes = without(e.Attributes, []string{"event="})
	}
	for i := range span.Links {
		span.Links[i].Attributes = []string{textOf("opentracing.ref_type", "follows_from")}
	}
	return span
}

func without(list, prefixes []string) []string {
	rest := slices.DeleteFunc(slices.Clone(list), func(a string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(a, p) })
	})
	if len(rest) == 0 {
		return nil
	}
	return rest
}

func valueOf(list []string, prefix string) string {
	for _, a := range list {
		if value, ok := strings.CutPrefix(a, prefix); ok {
			return value
		}
	}
	return ""
}

// zipkinAtCollector: the scope is restored, and so is the status ERROR, from the tag error. The receiver does not
// recognize the specified value OK of otel.status_code and treats it as unset. The samples' resource attributes are
// among those that it recognises.
func zipkinAtCollector(s sdktrace.ReadOnlySpan) Span {
	z, exact := asZipkin(s), Exact(s)
	span := z.Span
	span.Scope = Scope{Name: exact.Scope.Name, Version: exact.Scope.Version}
	span.Resource = attributesOf(withoutService(s.Resource().Attributes()), func(key string, v attribute.Value) string {
		return textOf(key, plain(v))
	})
	for _, kv := range s.Resource().Attributes() {
		delete(z.tags, clean(string(kv.Key)))
	}
	if failure, failed := z.tags["error"]; failed {
		span.Status = "error"
		if failure == "true" {
			delete(z.tags, "error")
		}
	}
	if z.remote.service != "" {
		z.tags["service.peer.name"] = z.remote.service
	}
	if z.remote.ip.IsValid() {
		z.tags["network.peer.address"] = z.remote.ip.String()
	}
	tags := without(textTags(z.tags), []string{"otel.status_code=", "otel.scope.", "otel.library."})
	if z.remote.port > 0 {
		tags = append(tags, intOf("net.peer.port", z.remote.port))
	}
	span.Attributes = sorted(tags)
	return span
}
