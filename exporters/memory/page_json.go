package memory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type summaryJSON struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"` // of the root, or of the first span if the root is not here
	Service    string    `json:"service"`
	Start      time.Time `json:"start"`
	DurationNs int64     `json:"durationNs"`
	Spans      int       `json:"spans"`
	Errors     int       `json:"errors"`
}

type traceJSON struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Start      time.Time  `json:"start"`
	DurationNs int64      `json:"durationNs"`
	Evicted    int        `json:"evicted"`
	Total      int        `json:"total"` // spans held of it
	Spans      []spanJSON `json:"spans"` // those asked for; parents before children, siblings by start
}

type spanJSON struct {
	SpanID     string          `json:"spanId"`
	ParentID   string          `json:"parentId,omitempty"`
	TraceState string          `json:"traceState,omitempty"`
	Name       string          `json:"name"`
	Kind       string          `json:"kind"`
	Depth      int             `json:"depth"`
	Start      time.Time       `json:"start"`
	OffsetNs   int64           `json:"offsetNs"` // since the trace's start
	DurationNs int64           `json:"durationNs"`
	Status     statusJSON      `json:"status"`
	Scope      scopeJSON       `json:"scope"`
	Attributes []attributeJSON `json:"attributes"`
	Events     []eventJSON     `json:"events"`
	Links      []linkJSON      `json:"links"`
	Resource   []attributeJSON `json:"resource"`
	Dropped    string          `json:"dropped,omitempty"` // what the SDK's limits cost
}

type statusJSON struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
}

type scopeJSON struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type attributeJSON struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value string `json:"value"`
	Cut   int    `json:"cut,omitempty"` // bytes that are not shown
}

type eventJSON struct {
	Name       string          `json:"name"`
	OffsetNs   int64           `json:"offsetNs"`
	Attributes []attributeJSON `json:"attributes"`
}

type linkJSON struct {
	TraceID    string          `json:"traceId"`
	SpanID     string          `json:"spanId"`
	Attributes []attributeJSON `json:"attributes"`
}

func summaryOf(t Trace) summaryJSON {
	start, end := extent(t)
	root := rootOf(t)
	s := summaryJSON{
		ID: t.ID.String(), Name: clean(root.Name()), Service: clean(serviceOf(root)),
		Start: start, DurationNs: int64(end.Sub(start)), Spans: len(t.Spans),
	}
	for _, span := range t.Spans {
		if span.Status().Code == codes.Error {
			s.Errors++
		}
	}
	return s
}

// rootOf is the span that stands for the trace: one whose parent is elsewhere, the earliest of them.
func rootOf(t Trace) sdktrace.ReadOnlySpan {
	here := make(map[trace.SpanID]struct{}, len(t.Spans))
	for _, span := range t.Spans {
		here[span.SpanContext().SpanID()] = struct{}{}
	}
	var root sdktrace.ReadOnlySpan
	for _, span := range t.Spans {
		if _, below := here[span.Parent().SpanID()]; !below && (root == nil || span.StartTime().Before(root.StartTime())) {
			root = span
		}
	}
	if root == nil { // only spans that claim one another for a parent
		root = t.Spans[0]
	}
	return root
}

// part says what of a trace is asked for; the zero part is everything.
type part struct {
	from, most int // spans in waterfall order; 0 is no limit
	shown      int // bytes of a value; 0 is no limit
}

// traceOf lays a part of a trace out for reading.
func traceOf(t Trace, p part) traceJSON {
	start, end := extent(t)
	spans := nested(t.Spans)
	out := traceJSON{
		ID: t.ID.String(), Name: clean(rootOf(t).Name()), Start: start, DurationNs: int64(end.Sub(start)), Evicted: t.Evicted,
		Total: len(spans), Spans: []spanJSON{},
	}
	spans = spans[min(p.from, len(spans)):]
	if p.most > 0 {
		spans = spans[:min(p.most, len(spans))]
	}
	for _, placed := range spans {
		out.Spans = append(out.Spans, spanOf(placed, start, p.shown))
	}
	return out
}

type placedSpan struct {
	sdktrace.ReadOnlySpan
	depth int
}

// nested orders spans as a waterfall. It does not recurse, since a hostile trace may be one long chain, and gives
// every span a place, also those of a cycle.
func nested(spans []sdktrace.ReadOnlySpan) []placedSpan {
	byStart := slices.Clone(spans)
	slices.SortStableFunc(byStart, func(a, b sdktrace.ReadOnlySpan) int { return b.StartTime().Compare(a.StartTime()) }) // latest first: a stack
	here := make(map[trace.SpanID]struct{}, len(spans))
	for _, s := range spans {
		here[s.SpanContext().SpanID()] = struct{}{}
	}
	children := make(map[trace.SpanID][]sdktrace.ReadOnlySpan)
	var stack []placedSpan
	for _, s := range byStart {
		if _, ok := here[s.Parent().SpanID()]; ok {
			children[s.Parent().SpanID()] = append(children[s.Parent().SpanID()], s)
		} else {
			stack = append(stack, placedSpan{s, 0})
		}
	}
	out := make([]placedSpan, 0, len(spans))
	for {
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			out = append(out, top)
			id := top.SpanContext().SpanID()
			for _, child := range children[id] {
				stack = append(stack, placedSpan{child, top.depth + 1})
			}
			delete(children, id)
		}
		if len(children) == 0 {
			return out
		}
		// What is left hangs below itself: begin anywhere.
		id := slices.MinFunc(slices.Collect(maps.Keys(children)), func(a, b trace.SpanID) int { return cmp.Compare(a.String(), b.String()) })
		first := children[id][0]
		if children[id] = children[id][1:]; len(children[id]) == 0 {
			delete(children, id)
		}
		stack = append(stack, placedSpan{first, 0})
	}
}

func spanOf(s placedSpan, begin time.Time, shown int) spanJSON {
	out := spanJSON{
		SpanID: s.SpanContext().SpanID().String(), TraceState: clean(s.SpanContext().TraceState().String()),
		Name: clean(s.Name()), Kind: strings.ToUpper(s.SpanKind().String()), Depth: s.depth,
		Start: s.StartTime(), OffsetNs: int64(s.StartTime().Sub(begin)), DurationNs: max(0, int64(s.EndTime().Sub(s.StartTime()))),
		Status:     statusJSON{s.Status().Code.String(), clean(s.Status().Description)},
		Scope:      scopeJSON{clean(s.InstrumentationScope().Name), clean(s.InstrumentationScope().Version)},
		Attributes: attributesOf(s.Attributes(), shown), Events: []eventJSON{}, Links: []linkJSON{}, Resource: []attributeJSON{},
		Dropped: droppedOf(s),
	}
	if s.Parent().SpanID().IsValid() {
		out.ParentID = s.Parent().SpanID().String()
	}
	for _, e := range s.Events() {
		out.Events = append(out.Events, eventJSON{clean(e.Name), int64(e.Time.Sub(begin)), attributesOf(e.Attributes, shown)})
	}
	for _, l := range s.Links() {
		out.Links = append(out.Links, linkJSON{l.SpanContext.TraceID().String(), l.SpanContext.SpanID().String(), attributesOf(l.Attributes, shown)})
	}
	if s.Resource() != nil {
		out.Resource = attributesOf(s.Resource().Attributes(), shown)
	}
	return out
}

func droppedOf(s sdktrace.ReadOnlySpan) string {
	if s.DroppedAttributes()+s.DroppedEvents()+s.DroppedLinks() == 0 {
		return ""
	}
	return fmt.Sprintf("%d attributes, %d events, %d links", s.DroppedAttributes(), s.DroppedEvents(), s.DroppedLinks())
}

func attributesOf(list []attribute.KeyValue, shown int) []attributeJSON {
	out := make([]attributeJSON, 0, len(list))
	for _, a := range list {
		text := a.Value.String()
		cut := 0
		if shown > 0 && len(text) > shown {
			end := shown
			for end > 0 && !utf8.RuneStart(text[end]) {
				end--
			}
			text, cut = text[:end], len(text)-end
		}
		out = append(out, attributeJSON{clean(string(a.Key)), a.Value.Type().String(), clean(text), cut})
	}
	return out
}

// clean makes text that JSON can hold; encoding/json escapes the rest.
func clean(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
