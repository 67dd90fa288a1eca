package jaeger

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// repairs are what was changed in one span; the low bits are spantext's.
type repairs uint8

const (
	repairUTF8  = repairs(spantext.UTF8)
	repairValue = repairs(spantext.Value)

	repairDuration repairs = 1 << (iota + 2)
	repairStart
	repairTruncated
)

var kinds = [...]string{
	trace.SpanKindServer: "server", trace.SpanKindClient: "client",
	trace.SpanKindProducer: "producer", trace.SpanKindConsumer: "consumer",
}

// writer encodes spans by the mapping, in one encoding. It is not safe for concurrent use.
type writer struct {
	wire     wire
	limit    int  // of a tag's text, code points; 0: none
	linkLogs bool // write the attributes of links as logs

	text   []byte // scratch for the text of arrays and maps
	tags   int    // written so far in the open list
	repair repairs
	scope  scopeTags
	cut    *cut // nil: write everything
}

// scopeTags are the tags of the scope that the last span had. Many spans in a row share theirs.
type scopeTags struct {
	known         bool
	name, version string
	bytes         []byte
	n             int
	repair        repairs
}

// span appends s and leaves in w.repair what had to be changed.
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

// The instants both encodings can hold: protobuf's Timestamp ends with the year 9999.
var (
	firstInstant = time.Unix(0, 0)
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
)

func (w *writer) clamp(t time.Time) time.Time {
	switch {
	case t.Before(firstInstant):
		w.repair |= repairStart
		return firstInstant
	case t.After(lastInstant):
		w.repair |= repairStart
		return lastInstant
	}
	return t
}

// clean makes names and keys valid UTF-8. No limit cuts those, but they are cut in a span that does
// not fit a packet.
func (w *writer) clean(s string) string {
	s, r := spantext.Clean(s)
	w.repair |= repairs(r)
	return w.cut.text(s)
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

// anyValid is false for links that carry attributes only: nothing can refer to those.
func anyValid(links []sdktrace.Link) bool {
	for i := range links {
		if links[i].SpanContext.IsValid() {
			return true
		}
	}
	return false
}

// spanTags writes the attributes of s, then what Jaeger's model has no field for.
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

func kindOf(s sdktrace.ReadOnlySpan) string {
	if kind := s.SpanKind(); kind > 0 && int(kind) < len(kinds) {
		return kinds[kind]
	}
	return ""
}

// droppedCounts are the numbers of what is not in a span, although it was recorded.
type droppedCounts struct{ attributes, events, links int }

// keys are the keys that the mapping writes into the tags of s.
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

func (w *writer) keepScope(sc instrumentation.Scope) {
	tags, repair := w.tags, w.repair
	w.tags, w.repair = 0, 0
	b := w.scopeNames(w.scope.bytes[:0], sc)
	w.scope = scopeTags{true, sc.Name, sc.Version, b, w.tags, w.repair}
	w.tags, w.repair = tags, repair
}

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

func has(attributes []attribute.KeyValue, key attribute.Key) bool {
	for i := range attributes {
		if attributes[i].Key == key {
			return true
		}
	}
	return false
}
