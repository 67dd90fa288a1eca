package zipkin

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

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
	w.shared(span, w.origin.scopeTags, attrs, nil)
	w.shared(span, w.origin.resourceTags, attrs, w.origin.scopeTags)
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

// status appends otel.status_code and, for an error, its description, empty or not.
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

// dropped appends how many attributes, events or links the span has lost, if any.
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

// derives reports whether status or dropped counts have written the key.
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

// scopeNames reports whether the scope itself writes the key, which an attribute cannot replace.
func (w *writer) scopeNames(k attribute.Key) bool {
	switch k {
	case "otel.scope.name", "otel.library.name":
		return w.origin.scope.Name != ""
	case "otel.scope.version", "otel.library.version":
		return w.origin.scope.Version != ""
	}
	return false
}

// shared appends the tags of a scope or resource whose keys neither the span nor above has.
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
