// Package stored defines the common form in which the end-to-end tests compare spans: those that a receiver stored, and
// those that it should have stored by the documented mapping. Lists whose order no format promises are sorted, so two spans are
// the same exactly if cmp.Diff finds nothing.
//
// [FromJaeger] and [FromCollector] read the responses of the receivers. [Exact], [AtJaeger] and [AtCollector] compute the
// expected spans from a span of the SDK by the mapping in docs/exporters.md. They share no code with the exporters that
// they check.
package stored

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
)

// Span is one stored span. Attributes are texts "key=type:value" with type string, bool, int, double, bytes, array
// or map, sorted; a key that was stored twice is listed twice.
type Span struct {
	TraceID, SpanID, Parent string // hex; Parent is empty for a root
	Name, Kind              string // Kind is server, client, producer, consumer, internal, or empty
	Start, Duration         int64  // ns since the epoch, and ns
	Status, StatusText      string // Status is ok, error or empty
	TraceState              string
	Attributes              []string
	Events                  []Event
	Links                   []Link
	Service                 string
	Resource                []string // without service.name
	Scope                   Scope
	Dropped                 Dropped
}

// Event is one event of a span, or log of a Jaeger span.
type Event struct {
	Name       string
	Time       int64 // ns since the epoch
	Attributes []string
	Dropped    int
}

// Link is one link of a span, or reference of a Jaeger span that is not the parent.
type Link struct {
	TraceID, SpanID, TraceState string
	Attributes                  []string
	Dropped                     int
}

// Scope is the instrumentation scope.
type Scope struct {
	Name, Version string
	Attributes    []string
}

// Dropped counts what the SDK's limits dropped.
type Dropped struct{ Attributes, Events, Links int }

// Sort orders spans by id.
func Sort(spans []Span) {
	slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Compare(a.SpanID, b.SpanID) })
}

// Texts of an attribute in a Span.
func textOf(key, text string) string   { return key + "=string:" + text }
func boolOf(key string, v bool) string { return key + "=bool:" + strconv.FormatBool(v) }
func intOf(key string, v int64) string { return key + "=int:" + strconv.FormatInt(v, 10) }
func doubleOf(key string, v float64) string {
	return key + "=double:" + strconv.FormatFloat(v, 'g', -1, 64)
}
func bytesOf(key string, v []byte) string {
	return key + "=bytes:" + base64.StdEncoding.EncodeToString(v)
}
func nestedOf(key, kind, value string) string { return key + "=" + kind + ":" + value }

// sorted returns list sorted, and nil for an empty one.
func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return list
}
