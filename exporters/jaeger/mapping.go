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

// Tag keys of the mapping to formats that are not OTLP (OpenTelemetry specification v1.49.0,
// common/mapping-to-non-otlp.md, and sdk_exporters/jaeger.md before its removal).
const (
	keyKind              = "span.kind"
	keyError             = "error"
	keyEvent             = "event"
	keyStatusCode        = "otel.status_code"
	keyStatusDescription = "otel.status_description"
	keyScopeName         = "otel.scope.name"
	keyScopeVersion      = "otel.scope.version"
	keyLibraryName       = "otel.library.name"
	keyLibraryVersion    = "otel.library.version"
	keyTraceState        = "w3c.tracestate"
	keyDroppedAttributes = "otel.dropped_attributes_count"
	keyDroppedEvents     = "otel.dropped_events_count"
	keyDroppedLinks      = "otel.dropped_links_count"
	keyTruncated         = "spanroute.truncated"
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

// clean makes names and keys valid UTF-8; no limit cuts those.
func (w *writer) clean(s string) string {
	s, r := spantext.Clean(s)
	w.repair |= repairs(r)
	return s
}

// references writes the parent, where the encoding has it there, and the links, and says whether there were any.
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
		if sc := links[i].SpanContext; sc.IsValid() {
			b = w.wire.reference(b, followsFrom, sc.TraceID(), sc.SpanID())
			n++
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

func (w *writer) spanTags(b []byte, s sdktrace.ReadOnlySpan, state trace.TraceState) []byte {
	b, at := w.wire.open(b, spanTags)
	w.tags = 0
	status, attributes := s.Status(), s.Attributes()
	failed := status.Code == codes.Error
	for i := range attributes {
		if failed && attributes[i].Key == keyError {
			continue // gives way to the status's
		}
		b = w.spanTag(b, &attributes[i], w.limit)
	}
	if kind := s.SpanKind(); kind > 0 && int(kind) < len(kinds) && kinds[kind] != "" {
		b = w.str(b, spanTags, keyKind, kinds[kind])
	}
	b = w.status(b, status)
	b = w.scopeOf(b, s.InstrumentationScope(), attributes, failed)
	if state.Len() > 0 {
		b = w.userText(b, keyTraceState, state.String())
	}
	b = w.count(b, spanTags, keyDroppedAttributes, s.DroppedAttributes())
	b = w.count(b, spanTags, keyDroppedEvents, s.DroppedEvents()+w.cut.droppedLogs())
	b = w.count(b, spanTags, keyDroppedLinks, s.DroppedLinks())
	if w.cut != nil {
		b = w.boolean(b, spanTags, keyTruncated, true)
	}
	return w.wire.close(b, spanTags, at, w.tags)
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

// scopeOf writes the scope's name and version, and those of its attributes whose keys the span does not use itself.
func (w *writer) scopeOf(b []byte, sc instrumentation.Scope, own []attribute.KeyValue, failed bool) []byte {
	if !w.scope.known || sc.Name != w.scope.name || sc.Version != w.scope.version {
		w.keepScope(sc)
	}
	b = append(b, w.scope.bytes...)
	w.tags += w.scope.n
	w.repair |= w.scope.repair
	if sc.Attributes.Len() == 0 {
		return b
	}
	for it := sc.Attributes.Iter(); it.Next(); {
		kv := it.Attribute()
		if !has(own, kv.Key) && !(failed && kv.Key == keyError) {
			b = w.spanTag(b, &kv, w.limit)
		}
	}
	return b
}

func (w *writer) keepScope(sc instrumentation.Scope) {
	tags, repair := w.tags, w.repair
	w.tags, w.repair = 0, 0
	name, version := w.clean(sc.Name), w.clean(sc.Version)
	b := w.scope.bytes[:0]
	if name != "" {
		b = w.str(b, spanTags, keyScopeName, name)
		b = w.str(b, spanTags, keyLibraryName, name)
	}
	if version != "" {
		b = w.str(b, spanTags, keyScopeVersion, version)
		b = w.str(b, spanTags, keyLibraryVersion, version)
	}
	w.scope = scopeTags{true, sc.Name, sc.Version, b, w.tags, w.repair}
	w.tags, w.repair = tags, repair
}

func has(attributes []attribute.KeyValue, key attribute.Key) bool {
	for i := range attributes {
		if attributes[i].Key == key {
			return true
		}
	}
	return false
}
