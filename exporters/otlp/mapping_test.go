package otlp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
)

func encode(t testing.TB, maxTag int, span sdktrace.ReadOnlySpan) (*tracepb.ResourceSpans, *delivery.Report) {
	t.Helper()
	r := new(delivery.Report)
	payloads := otlp.NewEncoder(16<<20, maxTag).Encode([]sdktrace.ReadOnlySpan{span}, r)
	if len(payloads) != 1 || payloads[0].Spans() != 1 {
		t.Fatalf("%d payloads, want 1 of one span", len(payloads))
	}
	return otlp.Tree(payloads[0])[0], r
}

func TestEncodeMakesEveryStringUTF8(t *testing.T) {
	bad, good := "a\xff", "a\uFFFD"
	kv := attribute.String(bad, bad)
	tree, r := encode(t, 0, exportertest.Span(func(s *tracetest.SpanStub) {
		s.Name, s.Status = bad, sdktrace.Status{Code: codes.Error, Description: bad}
		s.Attributes = []attribute.KeyValue{kv, attribute.StringSlice("l", []string{bad}), attribute.Map("m", attribute.Slice(bad, attribute.StringValue(bad)))}
		s.Events = []sdktrace.Event{{Name: bad, Attributes: []attribute.KeyValue{kv}}}
		s.Links = []sdktrace.Link{{Attributes: []attribute.KeyValue{kv}}}
		s.Resource = resource.NewWithAttributes(bad, attribute.String("service.name", bad), kv)
		s.InstrumentationScope = instrumentation.Scope{Name: bad, Version: bad, SchemaURL: bad, Attributes: attribute.NewSet(kv)}
	}))
	if r.Repaired(delivery.RepairUTF8) != 1 {
		t.Errorf("repaired utf8 = %d, want 1", r.Repaired(delivery.RepairUTF8))
	}
	raw, err := proto.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	back := new(tracepb.ResourceSpans)
	if err := proto.Unmarshal(raw, back); err != nil {
		t.Fatal(err)
	}
	scope := back.ScopeSpans[0]
	span := scope.Spans[0]
	for what, got := range map[string]string{
		"name": span.Name, "status": span.Status.Message, "key": span.Attributes[0].Key, "value": span.Attributes[0].Value.GetStringValue(),
		"element": span.Attributes[1].Value.GetArrayValue().Values[0].GetStringValue(), "map key": span.Attributes[2].Value.GetKvlistValue().Values[0].Key,
		"nested": span.Attributes[2].Value.GetKvlistValue().Values[0].Value.GetArrayValue().Values[0].GetStringValue(),
		"event":  span.Events[0].Name, "event key": span.Events[0].Attributes[0].Key, "link value": span.Links[0].Attributes[0].Value.GetStringValue(),
		"scope": scope.Scope.Name, "scope version": scope.Scope.Version, "scope schema": scope.SchemaUrl, "scope key": scope.Scope.Attributes[0].Key,
		"resource schema": back.SchemaUrl, "service": serviceName(back),
	} {
		if got != good {
			t.Errorf("%s = %q, want %q", what, got, good)
		}
	}
}

func serviceName(rs *tracepb.ResourceSpans) string {
	for _, kv := range rs.Resource.GetAttributes() {
		if kv.Key == "service.name" {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}

func TestEncodeServiceName(t *testing.T) {
	tests := map[string]struct {
		res  *resource.Resource
		want string
	}{
		"nil resource":                        {nil, "unknown_service:otlp.test"},
		"no service.name":                     {resource.NewSchemaless(attribute.String("a", "b")), "unknown_service:otlp.test"},
		"empty":                               {resource.NewSchemaless(attribute.String("service.name", "")), "unknown_service:otlp.test"},
		"not cut by a length limit":           {resource.NewSchemaless(attribute.String("service.name", "LongName")), "LongName"},
		"a number is its text, never dropped": {resource.NewSchemaless(attribute.Int("service.name", 7)), "7"},
	}
	for name, tt := range tests {
		tree, _ := encode(t, 3, exportertest.Span(func(s *tracetest.SpanStub) { s.Resource = tt.res }))
		if got := serviceName(tree); got != tt.want {
			t.Errorf("%s: service name = %q, want %q", name, got, tt.want)
		}
		if n := count(tree.Resource.Attributes, "service.name"); n != 1 {
			t.Errorf("%s: %d service names, want 1", name, n)
		}
	}
}

func count(kvs []*commonpb.KeyValue, key string) (n int) {
	for _, kv := range kvs {
		if kv.Key == key {
			n++
		}
	}
	return n
}

func TestEncodeCutsStringValues(t *testing.T) {
	attrs := []attribute.KeyValue{
		attribute.String("s", "héllo wörld"), attribute.Int("n", 1234567), attribute.StringSlice("l", []string{"abcdefg", "x"}),
		attribute.Map("m", attribute.String("long key stays", "abcdefg")), attribute.ByteSlice("b", []byte("abcdefg")),
	}
	tree, _ := encode(t, 5, exportertest.Span(func(s *tracetest.SpanStub) {
		s.Name, s.Attributes = "a long name", attrs
		s.Events = []sdktrace.Event{{Name: "a long event", Attributes: attrs}}
		s.Links = []sdktrace.Link{{Attributes: attrs}}
	}))
	span := tree.ScopeSpans[0].Spans[0]
	if span.Name != "a long name" || span.Events[0].Name != "a long event" {
		t.Errorf("names were cut: %q, %q", span.Name, span.Events[0].Name)
	}
	for what, kvs := range map[string][]*commonpb.KeyValue{"span": span.Attributes, "event": span.Events[0].Attributes, "link": span.Links[0].Attributes} {
		got := []any{
			kvs[0].Value.GetStringValue(), kvs[1].Value.GetIntValue(), kvs[2].Value.GetArrayValue().Values[0].GetStringValue(),
			kvs[3].Value.GetKvlistValue().Values[0].Key, kvs[3].Value.GetKvlistValue().Values[0].Value.GetStringValue(), string(kvs[4].Value.GetBytesValue()),
		}
		want := []any{"héllo", int64(1234567), "abcde", "long key stays", "abcde", "abcdefg"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s attributes (-want +got):\n%s", what, diff)
		}
	}
}

func TestEncodeRepairsTimes(t *testing.T) {
	at := time.Unix(1700000000, 5)
	tests := map[string]struct {
		start, end time.Time
		want       [2]uint64
		kind       delivery.Repair
	}{
		"well":              {at, at.Add(3), [2]uint64{1700000000000000005, 1700000000000000008}, ""},
		"end before start":  {at, at.Add(-3), [2]uint64{1700000000000000005, 1700000000000000005}, delivery.RepairDuration},
		"no end":            {at, time.Time{}, [2]uint64{1700000000000000005, 1700000000000000005}, delivery.RepairDuration},
		"start before 1970": {time.Unix(-5, 0), at, [2]uint64{0, 1700000000000000005}, delivery.RepairStart},
		"year 3000":         {at, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC), [2]uint64{1700000000000000005, 1<<63 - 1}, ""},
	}
	for name, tt := range tests {
		tree, r := encode(t, 0, exportertest.Span(func(s *tracetest.SpanStub) { s.StartTime, s.EndTime = tt.start, tt.end }))
		span := tree.ScopeSpans[0].Spans[0]
		if got := [2]uint64{span.StartTimeUnixNano, span.EndTimeUnixNano}; got != tt.want {
			t.Errorf("%s: start, end = %v, want %v", name, got, tt.want)
		}
		for _, kind := range []delivery.Repair{delivery.RepairDuration, delivery.RepairStart} {
			if got := r.Repaired(kind) == 1; got != (kind == tt.kind) {
				t.Errorf("%s: repaired %s = %t", name, kind, got)
			}
		}
	}
}

// One value that nests deeper than a receiver reads would lose the request.
func TestEncodeFlattensWhatNestsTooDeep(t *testing.T) {
	nest := func(depth int, wrap func(attribute.Value) attribute.Value) attribute.Value {
		v := attribute.StringValue("x")
		for range depth {
			v = wrap(v)
		}
		return v
	}
	inMap := func(v attribute.Value) attribute.Value {
		return attribute.MapValue(attribute.KeyValue{Key: "k", Value: v})
	}
	inSlice := func(v attribute.Value) attribute.Value { return attribute.SliceValue(v) }
	for _, tt := range []struct {
		depth int
		fixed int
	}{{24, 0}, {25, 1}, {5000, 1}} {
		for _, wrap := range []func(attribute.Value) attribute.Value{inMap, inSlice} {
			deep := []attribute.KeyValue{{Key: "deep", Value: nest(tt.depth, wrap)}, attribute.Map("flat", attribute.Int("n", 1))}
			span := exportertest.Span(func(s *tracetest.SpanStub) {
				s.Attributes, s.Events = deep, []sdktrace.Event{{Name: "e", Attributes: deep}}
			})
			var r delivery.Report
			payloads := otlp.NewEncoder(1<<20, 0).Encode([]sdktrace.ReadOnlySpan{span}, &r)
			raw, err := proto.Marshal(&coltracepb.ExportTraceServiceRequest{ResourceSpans: otlp.Tree(payloads[0])})
			if err != nil {
				t.Fatal(err)
			}
			if err := (proto.UnmarshalOptions{RecursionLimit: 100}).Unmarshal(raw, new(coltracepb.ExportTraceServiceRequest)); err != nil {
				t.Errorf("depth %d: %v", tt.depth, err)
			}
			if got := r.Repaired(delivery.RepairValue); got != tt.fixed {
				t.Errorf("depth %d: repaired %d, want %d", tt.depth, got, tt.fixed)
			}
			flat := otlp.Tree(payloads[0])[0].ScopeSpans[0].Spans[0].Attributes[1].Value.GetKvlistValue()
			if len(flat.GetValues()) != 1 {
				t.Errorf("depth %d: the neighbour is %v, want a map", tt.depth, flat)
			}
		}
	}
}

func TestEncodeGroups(t *testing.T) {
	a := resource.NewSchemaless(attribute.String("service.name", "a"))
	again := resource.NewSchemaless(attribute.String("service.name", "a"))
	b := resource.NewSchemaless(attribute.String("service.name", "b"))
	of := func(res *resource.Resource, scope string) sdktrace.ReadOnlySpan {
		return exportertest.Span(func(s *tracetest.SpanStub) {
			s.Resource, s.InstrumentationScope = res, instrumentation.Scope{Name: scope}
		})
	}
	spans := []sdktrace.ReadOnlySpan{of(b, "x"), of(a, "x"), of(b, "y"), of(again, "x"), of(b, "x")}
	tree := otlp.Tree(otlp.NewEncoder(1<<20, 0).Encode(spans, &delivery.Report{})[0])
	var got []string
	for _, rs := range tree {
		for _, ss := range rs.ScopeSpans {
			got = append(got, serviceName(rs)+ss.Scope.Name+string(rune('0'+len(ss.Spans))))
		}
	}
	if diff := cmp.Diff([]string{"bx2", "by1", "ax2"}, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestEncodeNothing(t *testing.T) {
	for _, spans := range [][]sdktrace.ReadOnlySpan{nil, {nil}} {
		if got := otlp.NewEncoder(1<<20, 0).Encode(spans, &delivery.Report{}); len(got) != 0 {
			t.Errorf("Encode(%v) = %d payloads, want 0", spans, len(got))
		}
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("name", "k", "v", int64(5), int64(9), 0, 100)
	f.Add("\xff", "", "日本\xc3", int64(-5), int64(1<<62), 2, 0)
	f.Fuzz(func(t *testing.T, name, key, value string, start, took int64, limit, most int) {
		span := exportertest.Span(func(s *tracetest.SpanStub) {
			s.Name, s.StartTime = name, time.Unix(start, 0)
			s.EndTime = s.StartTime.Add(time.Duration(took))
			s.Attributes = []attribute.KeyValue{attribute.String(key, value), attribute.StringSlice(value, []string{key}), attribute.Map(name, attribute.String(key, value))}
			s.Events = []sdktrace.Event{{Name: key, Attributes: s.Attributes}}
		})
		got := 0
		for _, p := range otlp.NewEncoder(most, limit).Encode([]sdktrace.ReadOnlySpan{span, span, span}, &delivery.Report{}) {
			for _, rs := range otlp.Tree(p) {
				if _, err := proto.Marshal(rs); err != nil {
					t.Fatal(err)
				}
			}
			if p.Size() > most && p.Spans() > 1 {
				t.Errorf("%d spans in %d bytes, want at most %d", p.Spans(), p.Size(), most)
			}
			got += p.Spans()
		}
		if got != 3 {
			t.Errorf("%d spans came out, want 3", got)
		}
	})
}
