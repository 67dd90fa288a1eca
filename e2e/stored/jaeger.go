package stored

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// The response to GET /api/traces/{id}, with the fields that tests compare.
type (
	jaegerAnswer struct{ Data []jaegerTrace }
	jaegerTrace  struct {
		Spans     []jaegerSpan
		Processes map[string]jaegerProcess
	}
	jaegerProcess struct {
		ServiceName string
		Tags        []jaegerTag
	}
	jaegerSpan struct {
		TraceID, SpanID, OperationName string
		References                     []struct{ RefType, TraceID, SpanID string }
		StartTime, Duration            json.Number // µs
		Tags                           []jaegerTag
		Logs                           []struct {
			Timestamp json.Number // µs
			Fields    []jaegerTag
		}
		ProcessID string
	}
	jaegerTag struct {
		Key, Type string
		Value     any
	}
)

// FromJaeger reads a response of Jaeger's query API and returns the spans of all its traces. Jaeger keeps kind, status, scope and the like as
// tags, and so does the Span. Its own tag internal.span.format is left out. Links are sorted, because the query API
// moves references (model/adjuster/parent_reference.go puts a link into the own trace before the parent).
func FromJaeger(body []byte) ([]Span, error) {
	var answer jaegerAnswer
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("answer of the query API: %w", err)
	}
	var spans []Span
	for _, trace := range answer.Data {
		for _, s := range trace.Spans {
			span, err := s.span(trace.Processes[s.ProcessID])
			if err != nil {
				return nil, fmt.Errorf("span %s: %w", s.SpanID, err)
			}
			spans = append(spans, span)
		}
	}
	Sort(spans)
	return spans, nil
}

func (s jaegerSpan) span(p jaegerProcess) (Span, error) {
	span := Span{TraceID: s.TraceID, SpanID: s.SpanID, Name: s.OperationName, Service: p.ServiceName}
	var err error
	if span.Start, err = micros(s.StartTime); err != nil {
		return span, err
	}
	if span.Duration, err = micros(s.Duration); err != nil {
		return span, err
	}
	for _, r := range s.References {
		if span.Parent == "" && r.RefType == "CHILD_OF" && r.TraceID == s.TraceID {
			span.Parent = r.SpanID
			continue
		}
		span.Links = append(span.Links, Link{TraceID: r.TraceID, SpanID: r.SpanID, Attributes: []string{textOf("ref", r.RefType)}})
	}
	sortLinks(span.Links)
	for _, l := range s.Logs {
		at, err := micros(l.Timestamp)
		if err != nil {
			return span, err
		}
		span.Events = append(span.Events, Event{Time: at, Attributes: jaegerTags(l.Fields)})
	}
	span.Attributes = jaegerTags(s.Tags)
	span.Resource = jaegerTags(p.Tags)
	return span, nil
}

func micros(n json.Number) (ns int64, err error) {
	us, err := n.Int64()
	return us * 1000, err
}

var jaegerTypes = map[string]string{"string": "string", "bool": "bool", "int64": "int", "float64": "double", "binary": "bytes"}

func jaegerTags(tags []jaegerTag) []string {
	var list []string
	for _, t := range tags {
		if t.Key == "internal.span.format" {
			continue
		}
		if t.Value == nil { // an empty byte slice
			t.Value = ""
		}
		list = append(list, nestedOf(t.Key, jaegerTypes[t.Type], jaegerValue(t)))
	}
	return sorted(list)
}

// jaegerValue gives numbers one spelling.
func jaegerValue(t jaegerTag) string {
	if n, ok := t.Value.(json.Number); ok && t.Type == "float64" {
		if f, err := n.Float64(); err == nil {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	}
	return fmt.Sprint(t.Value)
}

func sortLinks(links []Link) {
	slices.SortFunc(links, func(a, b Link) int { return cmp.Or(cmp.Compare(a.TraceID, b.TraceID), cmp.Compare(a.SpanID, b.SpanID)) })
}
