package stored

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// One line of the collector's file in OTLP JSON, with the fields that tests compare. Absent means zero.
type (
	otlpLine struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []otlpAttribute }
			ScopeSpans []struct {
				Scope struct {
					Name, Version string
					Attributes    []otlpAttribute
				}
				Spans []otlpSpan
			}
		}
	}
	otlpSpan struct {
		TraceID, SpanID, ParentSpanID, TraceState, Name string
		Kind                                            int
		StartTimeUnixNano, EndTimeUnixNano              uint64 `json:",string"`
		Attributes                                      []otlpAttribute
		Events                                          []struct {
			Name                   string
			TimeUnixNano           uint64 `json:",string"`
			Attributes             []otlpAttribute
			DroppedAttributesCount int
		}
		Links []struct {
			TraceID, SpanID, TraceState string
			Attributes                  []otlpAttribute
			DroppedAttributesCount      int
		}
		Status struct {
			Code    int
			Message string
		}
		DroppedAttributesCount, DroppedEventsCount, DroppedLinksCount int
	}
	otlpAttribute struct {
		Key   string
		Value otlpValue
	}
	otlpValue struct {
		StringValue *string
		BoolValue   *bool
		IntValue    *string
		DoubleValue json.RawMessage
		BytesValue  *string
		ArrayValue  *struct{ Values []otlpValue }
		KvlistValue *struct{ Values []otlpAttribute }
	}
)

var (
	otlpKinds    = []string{"", "internal", "server", "client", "producer", "consumer"}
	otlpStatuses = []string{"", "ok", "error"}
)

// FromCollector reads one line of the collector's file.
func FromCollector(line []byte) ([]Span, error) {
	var batch otlpLine
	if err := json.Unmarshal(line, &batch); err != nil {
		return nil, err
	}
	var spans []Span
	for _, r := range batch.ResourceSpans {
		service, resource := splitService(otlpAttributes(r.Resource.Attributes))
		for _, sc := range r.ScopeSpans {
			scope := Scope{Name: sc.Scope.Name, Version: sc.Scope.Version, Attributes: otlpAttributes(sc.Scope.Attributes)}
			for _, s := range sc.Spans {
				span := s.span()
				span.Service, span.Resource, span.Scope = service, resource, scope
				spans = append(spans, span)
			}
		}
	}
	return spans, nil
}

// splitService takes service.name out of resource attributes.
func splitService(attributes []string) (service string, rest []string) {
	for _, a := range attributes {
		if name, ok := strings.CutPrefix(a, "service.name=string:"); ok {
			service = name
		} else {
			rest = append(rest, a)
		}
	}
	return service, rest
}

func (s otlpSpan) span() Span {
	span := Span{
		TraceID: s.TraceID, SpanID: s.SpanID, Parent: s.ParentSpanID,
		Name: s.Name, Kind: otlpKinds[s.Kind],
		Start: int64(s.StartTimeUnixNano), Duration: int64(s.EndTimeUnixNano - s.StartTimeUnixNano),
		Status: otlpStatuses[s.Status.Code], StatusText: s.Status.Message,
		TraceState: s.TraceState,
		Attributes: otlpAttributes(s.Attributes),
		Dropped:    Dropped{s.DroppedAttributesCount, s.DroppedEventsCount, s.DroppedLinksCount},
	}
	for _, e := range s.Events {
		span.Events = append(span.Events, Event{e.Name, int64(e.TimeUnixNano), otlpAttributes(e.Attributes), e.DroppedAttributesCount})
	}
	for _, l := range s.Links {
		span.Links = append(span.Links, Link{l.TraceID, l.SpanID, l.TraceState, otlpAttributes(l.Attributes), l.DroppedAttributesCount})
	}
	return span
}

func otlpAttributes(attributes []otlpAttribute) []string {
	var list []string
	for _, a := range attributes {
		kind, text := a.Value.text()
		list = append(list, nestedOf(a.Key, kind, text))
	}
	return sorted(list)
}

func (v otlpValue) text() (kind, text string) {
	switch {
	case v.StringValue != nil:
		return "string", *v.StringValue
	case v.BoolValue != nil:
		return "bool", strconv.FormatBool(*v.BoolValue)
	case v.IntValue != nil:
		return "int", *v.IntValue
	case v.DoubleValue != nil:
		return "double", otlpDouble(v.DoubleValue)
	case v.BytesValue != nil:
		return "bytes", *v.BytesValue
	case v.ArrayValue != nil:
		return "array", otlpArray(v.ArrayValue.Values)
	case v.KvlistValue != nil:
		return "map", "{" + strings.Join(otlpAttributes(v.KvlistValue.Values), ", ") + "}"
	}
	return "empty", ""
}

// otlpDouble gives numbers one spelling; NaN and the infinities are JSON texts.
func otlpDouble(raw json.RawMessage) string {
	v, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil {
		return fmt.Sprintf("unreadable %s", raw)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func otlpArray(values []otlpValue) string {
	var list []string
	for _, v := range values {
		kind, text := v.text()
		list = append(list, kind+":"+text)
	}
	return "[" + strings.Join(list, ", ") + "]"
}
