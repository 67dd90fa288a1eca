package zipkin

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// describe renders what all spans of one resource and scope share, unless the last span had the same. Resources are
// compared by pointer, which is cheap and at worst renders the same tags again.
func (w *writer) describe(span sdktrace.ReadOnlySpan) {
	res, scope := span.Resource(), span.InstrumentationScope()
	if !w.known || res != w.resource {
		w.setResource(res)
	}
	if !w.known || scope != w.scope {
		w.setScope(scope)
	}
	w.known = true
}

// setResource renders the tags of a resource and the local endpoint, which contains the name of the service. The name
// of the service is not a tag, because Zipkin has a field for it in the local endpoint.
func (w *writer) setResource(res *resource.Resource) {
	w.resource = res
	w.resources = nil
	for iter := res.Iter(); iter.Next(); {
		if kv := iter.Attribute(); kv.Key != spantext.ServiceKey {
			w.resources = append(w.resources, render(kv, w.limit))
		}
	}
	name, fixed := spantext.ServiceName(res)
	b := append([]byte(nil), `,"localEndpoint":{"serviceName":`...)
	b, _ = spantext.AppendQuoted(b, name, 0)
	w.endpoint = append(appendNode(b, w.local), '}')
	w.endpointFix = fixed
}

// appendNode appends the fields of an endpoint after its name.
func appendNode(b []byte, n node) []byte {
	if n.IPv4 != "" {
		b = append(append(append(b, `,"ipv4":"`...), n.IPv4...), '"')
	}
	if n.IPv6 != "" {
		b = append(append(append(b, `,"ipv6":"`...), n.IPv6...), '"')
	}
	if n.Port != 0 {
		b = strconv.AppendUint(append(b, `,"port":`...), uint64(n.Port), 10)
	}
	return b
}

// setScope renders the tags of a scope. Name and version have two keys each, the current and the deprecated one, and
// take precedence over attributes of the scope with these keys. The specification of OpenTelemetry requires the
// deprecated keys too, for backends that still search for them.
func (w *writer) setScope(scope instrumentation.Scope) {
	w.scope = scope
	w.scopes = nil
	for _, own := range [...]struct{ key, value string }{
		{"otel.scope.name", scope.Name},
		{"otel.library.name", scope.Name},
		{"otel.scope.version", scope.Version},
		{"otel.library.version", scope.Version},
	} {
		if own.value != "" {
			w.scopes = append(w.scopes, render(attribute.String(own.key, own.value), 0))
		}
	}
	derived := len(w.scopes)
	for iter := scope.Attributes.Iter(); iter.Next(); {
		if kv := iter.Attribute(); !w.scopes[:derived].has(kv.Key) {
			w.scopes = append(w.scopes, render(kv, w.limit))
		}
	}
}

// tags appends all tags, each key once. What is derived from the span takes precedence over its attributes, these over
// the attributes of the scope, and those over the attributes of the resource.
func (w *writer) tags(span sdktrace.ReadOnlySpan) {
	open := len(w.buf) + len(`,"tags":`)
	w.raw(`,"tags":`)
	w.seen = 0
	status := w.status(span.Status())
	w.dropped("otel.dropped_attributes_count", span.DroppedAttributes())
	w.dropped("otel.dropped_events_count", span.DroppedEvents())
	w.dropped("otel.dropped_links_count", span.DroppedLinks())
	derived := w.seen
	attrs := span.Attributes()
	twice := w.see(attrs)
	for i := range attrs {
		kv := &attrs[i]
		if derived.maybe(kv.Key) && w.derives(span, kv.Key) || twice && later(attrs[i+1:], kv.Key) {
			continue
		}
		if kv.Key == "error" && (status == codes.Error || isFalse(kv)) || w.scopeNames(kv.Key) {
			continue
		}
		w.tag(kv)
	}
	w.shared(span, w.scopes, attrs, nil)
	w.shared(span, w.resources, attrs, w.scopes)
	w.close(open)
}

// see adds the keys to the filter and reports whether two of them may be the same.
func (w *writer) see(attrs []attribute.KeyValue) (twice bool) {
	var own keys
	for i := range attrs {
		b := bit(attrs[i].Key)
		twice = twice || own&b != 0
		own |= b
	}
	w.seen |= own
	return twice
}

// close turns the first comma into the brace, or removes the empty object.
func (w *writer) close(open int) {
	if len(w.buf) == open {
		w.buf = w.buf[:open-len(`,"tags":`)]
		return
	}
	w.buf[open] = '{'
	w.raw("}")
}

// tag appends an attribute of the span as a tag.
func (w *writer) tag(kv *attribute.KeyValue) {
	w.raw(",")
	w.quoted(string(kv.Key))
	w.raw(":")
	var fixed spantext.Repair
	w.buf, fixed = spantext.AppendQuotedValue(w.buf, kv.Value, w.limit)
	w.repair |= fixed
}

// status appends otel.status_code and, for an error, its description, empty or not. The specification of OpenTelemetry
// requires both tags. Zipkin shows a span with a tag error as failed, whatever its value, also if it is empty.
func (w *writer) status(s sdktrace.Status) codes.Code {
	switch s.Code {
	case codes.Ok:
		w.raw(`,"otel.status_code":"OK"`)
		w.seen |= bit("otel.status_code")
	case codes.Error:
		w.raw(`,"otel.status_code":"ERROR","error":`)
		w.quoted(s.Description)
		w.seen |= bit("otel.status_code") | bit("error")
	}
	return s.Code
}

// dropped appends how many attributes, events or links the span has lost, if any. The keys are those of the
// specification of OpenTelemetry for formats without such a field.
func (w *writer) dropped(key attribute.Key, n int) {
	if n > 0 {
		w.raw(`,"`)
		w.raw(string(key))
		w.raw(`":"`)
		w.buf = strconv.AppendInt(w.buf, int64(n), 10)
		w.raw(`"`)
		w.seen |= bit(key)
	}
}

// derives reports whether status or dropped counts have written the key. It answers exactly what the filter only
// guesses, and is called for the few attributes that pass it.
func (w *writer) derives(span sdktrace.ReadOnlySpan, k attribute.Key) bool {
	switch k {
	case "otel.status_code":
		return span.Status().Code != codes.Unset
	case "error":
		return span.Status().Code == codes.Error
	case "otel.dropped_attributes_count":
		return span.DroppedAttributes() > 0
	case "otel.dropped_events_count":
		return span.DroppedEvents() > 0
	case "otel.dropped_links_count":
		return span.DroppedLinks() > 0
	}
	return false
}

// scopeNames reports whether the scope itself writes the key, which an attribute cannot replace. A reader of the tag
// must be able to rely on it being that of the instrumentation.
func (w *writer) scopeNames(k attribute.Key) bool {
	switch k {
	case "otel.scope.name", "otel.library.name":
		return w.scope.Name != ""
	case "otel.scope.version", "otel.library.version":
		return w.scope.Version != ""
	}
	return false
}

// shared appends the tags of a scope or resource whose keys neither the span nor above has. These are the only tags
// that are rendered once for many spans, so what decides is whether to copy their bytes.
func (w *writer) shared(span sdktrace.ReadOnlySpan, ts tags, attrs []attribute.KeyValue, above tags) {
	for i := range ts {
		t := &ts[i]
		if t.off || above.has(t.key) {
			continue
		}
		if w.seen.maybe(t.key) && (w.derives(span, t.key) || !w.scopeNames(t.key) && later(attrs, t.key)) {
			continue
		}
		w.buf = append(w.buf, t.text...)
		w.repair |= t.fixed
	}
}
