package jaeger

import "go.opentelemetry.io/otel/attribute"

// Tag keys of the mapping to formats that are not OTLP (OpenTelemetry specification v1.49.0,
// common/mapping-to-non-otlp.md, and sdk_exporters/jaeger.md before its removal).
const (
	keyKind              = "span.kind"
	keyError             = "error"
	keyEvent             = "event"
	keyTraceID           = "trace_id"
	keySpanID            = "span_id"
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

// keySet is a set of the keys above. A key that the mapping writes for a span, event or link is left
// out of its attributes: Jaeger keeps both tags of one key, and its backends disagree on which of them
// counts. The Collector, for one, reads kind and status from the last tag of the key, which is the mapping's.
type keySet uint16

const (
	kindKey keySet = 1 << iota
	errorKey
	eventKey
	traceIDKey
	spanIDKey
	statusCodeKey
	statusDescriptionKey
	scopeNameKeys // otel.scope.name and otel.library.name
	scopeVersionKeys
	traceStateKey
	droppedAttributesKey
	droppedEventsKey
	droppedLinksKey
	truncatedKey
)

// holds reports whether key is in the set.
func (set keySet) holds(key attribute.Key) bool { return set != 0 && set&setOf(key) != 0 }

// with returns the set with more in it, if that is to be written.
func (set keySet) with(more keySet, written bool) keySet {
	if written {
		return set | more
	}
	return set
}

func setOf(key attribute.Key) keySet {
	switch key {
	case keyKind:
		return kindKey
	case keyError:
		return errorKey
	case keyEvent:
		return eventKey
	case keyTraceID:
		return traceIDKey
	case keySpanID:
		return spanIDKey
	case keyStatusCode:
		return statusCodeKey
	case keyStatusDescription:
		return statusDescriptionKey
	case keyScopeName, keyLibraryName:
		return scopeNameKeys
	case keyScopeVersion, keyLibraryVersion:
		return scopeVersionKeys
	case keyTraceState:
		return traceStateKey
	case keyDroppedAttributes:
		return droppedAttributesKey
	case keyDroppedEvents:
		return droppedEventsKey
	case keyDroppedLinks:
		return droppedLinksKey
	case keyTruncated:
		return truncatedKey
	}
	return 0
}

// has reports whether a list has an attribute with a key.
func has(attributes []attribute.KeyValue, key attribute.Key) bool {
	for i := range attributes {
		if attributes[i].Key == key {
			return true
		}
	}
	return false
}
