package jaeger

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var kinds = [...]string{
	trace.SpanKindServer: "server", trace.SpanKindClient: "client",
	trace.SpanKindProducer: "producer", trace.SpanKindConsumer: "consumer",
}

// span appends s and sets w.repair to the changes that it needed.
func (w *writer) span(b []byte, s sdktrace.ReadOnlySpan) []byte {
	sc, parent := s.SpanContext(), s.Parent().SpanID()
	w.repair = 0
	b, at := w.wire.openSpan(b, identity{sc.TraceID(), sc.SpanID(), parent, w.clean(s.Name())})

	links := s.Links()
	b, linked := w.references(b, sc.TraceID(), parent, links)

	start := s.StartTime()
	duration := s.EndTime().Sub(start)
	if duration < 0 {
		duration = 0
		w.repair |= repairDuration
	}
	start = w.clamp(start)
	b = w.wire.times(b, start, duration, linked)

	events := s.Events()
	b = w.spanTags(b, s, sc.TraceState())
	b = w.logs(b, events, links, start)
	return w.wire.closeSpan(b, at)
}

// references writes the parent, where the encoding has it there, and the links, and reports whether it wrote any.
func (w *writer) references(b []byte, id trace.TraceID, parent trace.SpanID, links []sdktrace.Link) ([]byte, bool) {
	lead := w.wire.parentIsReference() && parent.IsValid()
	if !lead && !anyValid(links) {
		return b, false
	}
	b, at := w.wire.open(b, references)
	n := 0
	if lead {
		b = w.wire.reference(b, childOf, id, parent)
		n++
	}
	for i := range links {
		id := partID{in: references, i: i}
		if sc := links[i].SpanContext; sc.IsValid() && !w.cut.drops(id) {
			from := len(b)
			b = w.wire.reference(b, followsFrom, sc.TraceID(), sc.SpanID())
			n++
			w.cut.wrote(id, rankLog, len(b)-from)
		}
	}
	return w.wire.close(b, references, at, n), true
}

// anyValid reports whether a link has a span context. One without can have attributes only, and is not a reference.
func anyValid(links []sdktrace.Link) bool {
	for i := range links {
		if links[i].SpanContext.IsValid() {
			return true
		}
	}
	return false
}

// spanTags writes the attributes of s as tags, then kind, status, scope, tracestate and dropped counts, for which Jaeger's
// model has no fields.
func (w *writer) spanTags(b []byte, s sdktrace.ReadOnlySpan, state trace.TraceState) []byte {
	b, at := w.wire.open(b, spanTags)
	w.tags = 0
	kind, dropped := kindOf(s), w.cut.dropped(s)
	own, attributes := w.keys(s, dropped), s.Attributes()
	for i := range attributes {
		if !own.holds(attributes[i].Key) {
			b = w.attribute(b, i, &attributes[i])
		}
	}
	if kind != "" {
		b = w.str(b, spanTags, keyKind, kind)
	}
	b = w.status(b, s.Status())
	b = w.scopeOf(b, s.InstrumentationScope(), attributes, own)
	if state.Len() > 0 {
		b = w.userText(b, keyTraceState, state.String())
	}
	b = w.count(b, spanTags, keyDroppedAttributes, dropped.attributes)
	b = w.count(b, spanTags, keyDroppedEvents, dropped.events)
	b = w.count(b, spanTags, keyDroppedLinks, dropped.links)
	if w.cut != nil {
		b = w.boolean(b, spanTags, keyTruncated, true)
	}
	return w.wire.close(b, spanTags, at, w.tags)
}

// kindOf returns the value of span.kind, "" for an internal span.
func kindOf(s sdktrace.ReadOnlySpan) string {
	if kind := s.SpanKind(); kind > 0 && int(kind) < len(kinds) {
		return kinds[kind]
	}
	return ""
}

// keys returns the keys that the mapping itself writes into the tags of s.
func (w *writer) keys(s sdktrace.ReadOnlySpan, dropped droppedCounts) keySet {
	status, scope := s.Status(), s.InstrumentationScope()
	failed := status.Code == codes.Error
	return keySet(0).
		with(kindKey, kindOf(s) != "").
		with(statusCodeKey, failed || status.Code == codes.Ok).
		with(errorKey, failed).
		with(statusDescriptionKey, failed && status.Description != "").
		with(scopeNameKeys, scope.Name != "").
		with(scopeVersionKeys, scope.Version != "").
		with(traceStateKey, s.SpanContext().TraceState().Len() > 0).
		with(droppedAttributesKey, dropped.attributes > 0).
		with(droppedEventsKey, dropped.events > 0).
		with(droppedLinksKey, dropped.links > 0).
		with(truncatedKey, w.cut != nil)
}

// status writes the tags of a status that is set. Jaeger shows a span with error=true as failed.
func (w *writer) status(b []byte, s sdktrace.Status) []byte {
	switch s.Code {
	case codes.Ok:
		return w.str(b, spanTags, keyStatusCode, "OK")
	case codes.Error:
		b = w.str(b, spanTags, keyStatusCode, "ERROR")
		b = w.boolean(b, spanTags, keyError, true)
		if s.Description != "" {
			b = w.userText(b, keyStatusDescription, s.Description)
		}
	}
	return b
}

// scopeOf writes the scope's name and version, and those of its attributes whose keys neither the
// mapping nor the span itself uses.
func (w *writer) scopeOf(b []byte, sc instrumentation.Scope, attributes []attribute.KeyValue, own keySet) []byte {
	switch {
	case w.cut != nil:
		b = w.scopeNames(b, sc)
	case !w.scope.known || sc.Name != w.scope.name || sc.Version != w.scope.version:
		w.keepScope(sc)
		fallthrough
	default:
		b = append(b, w.scope.bytes...)
		w.tags += w.scope.n
		w.repair |= w.scope.repair
	}
	if sc.Attributes.Len() == 0 {
		return b
	}
	for it := sc.Attributes.Iter(); it.Next(); {
		i, kv := it.IndexedAttribute()
		if !has(attributes, kv.Key) && !own.holds(kv.Key) {
			b = w.attribute(b, len(attributes)+i, &kv)
		}
	}
	return b
}

// keepScope encodes the names of a scope for the spans to come.
func (w *writer) keepScope(sc instrumentation.Scope) {
	tags, repair := w.tags, w.repair
	w.tags, w.repair = 0, 0
	b := w.scopeNames(w.scope.bytes[:0], sc)
	w.scope = scopeTags{true, sc.Name, sc.Version, b, w.tags, w.repair}
	w.tags, w.repair = tags, repair
}

// scopeNames writes name and version of a scope, each also under its key of older specifications.
func (w *writer) scopeNames(b []byte, sc instrumentation.Scope) []byte {
	if sc.Name != "" {
		name := w.clean(sc.Name)
		b = w.str(b, spanTags, keyScopeName, name)
		b = w.str(b, spanTags, keyLibraryName, name)
	}
	if sc.Version != "" {
		version := w.clean(sc.Version)
		b = w.str(b, spanTags, keyScopeVersion, version)
		b = w.str(b, spanTags, keyLibraryVersion, version)
	}
	return b
}
