package jaeger_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

var (
	baseTrace  = trace.TraceID{0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf}
	baseSpan   = trace.SpanID{0xfe, 1, 2, 3, 4, 5, 6, 7}
	baseParent = trace.SpanID{0xaa, 0, 0, 0, 0, 0, 0, 1}
	otherTrace = trace.TraceID{0xee, 15: 0x10}
	otherSpan  = trace.SpanID{0xdd, 7: 0x20}
)

func spanContext(t trace.TraceID, s trace.SpanID) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: t, SpanID: s, TraceFlags: trace.FlagsSampled})
}

// base is the span S of the reference's cases.
func base(change ...func(*tracetest.SpanStub)) tracetest.SpanStub {
	s := tracetest.SpanStub{
		Name: "op", SpanContext: spanContext(baseTrace, baseSpan), Parent: spanContext(baseTrace, baseParent),
		SpanKind: trace.SpanKindInternal, StartTime: epoch, EndTime: epoch.Add(1500),
		Resource: resource.NewSchemaless(attribute.String("service.name", "MySvc")),
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// encodeOne sends one span through an encoding and back.
func encodeOne(t *testing.T, protocol string, limit int, s tracetest.SpanStub) (batch, span, *delivery.Report) {
	t.Helper()
	var r delivery.Report
	bodies := packer(protocol, limit).Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, &r)
	if len(bodies) != 1 {
		t.Fatalf("%s: %d payloads for a span, want 1", protocol, len(bodies))
	}
	for _, e := range encodings {
		if e.protocol == protocol {
			b := e.decode(t, bodies[0])
			return b, b.Spans[0], &r
		}
	}
	panic("no encoding " + protocol)
}

// everyEncoding runs a case through all four.
func everyEncoding(t *testing.T, limit int, s tracetest.SpanStub, check func(t *testing.T, b batch, s span, r *delivery.Report)) {
	t.Helper()
	for _, e := range encodings {
		t.Run(e.protocol, func(t *testing.T) {
			b, got, r := encodeOne(t, e.protocol, limit, s)
			check(t, b, got, r)
		})
	}
}

func wantTags(t *testing.T, what string, got []tag, want ...tag) {
	t.Helper()
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestIdentifiers(t *testing.T) {
	s := base(func(s *tracetest.SpanStub) {
		s.Links = []sdktrace.Link{{SpanContext: spanContext(otherTrace, otherSpan)}}
	})
	everyEncoding(t, 0, s, func(t *testing.T, b batch, got span, _ *delivery.Report) {
		if got.Trace != baseTrace.String() || got.ID != baseSpan.String() || got.Parent != baseParent.String() {
			t.Errorf("ids %s %s %s, want %s %s %s", got.Trace, got.ID, got.Parent, baseTrace, baseSpan, baseParent)
		}
		// A CHILD_OF reference of Thrift would show up here; that of api_v2 is the parent above.
		want := []reference{{"FOLLOWS_FROM", otherTrace.String(), otherSpan.String()}}
		if diff := cmp.Diff(want, got.References); diff != "" {
			t.Errorf("references (-want +got):\n%s", diff)
		}
		if b.Service != "MySvc" || got.Flags != 1 {
			t.Errorf("service %q, flags %d, want MySvc, 1", b.Service, got.Flags)
		}
	})
}

func TestRootHasNoParent(t *testing.T) {
	s := base(func(s *tracetest.SpanStub) { s.Parent = trace.SpanContext{} })
	everyEncoding(t, 0, s, func(t *testing.T, _ batch, got span, _ *delivery.Report) {
		if got.Parent != noSpan || len(got.References) != 0 {
			t.Errorf("parent %s, references %v, want none", got.Parent, got.References)
		}
	})
}

func TestRootWithLinkIntoItsOwnTrace(t *testing.T) {
	s := base(func(s *tracetest.SpanStub) {
		s.Parent = trace.SpanContext{}
		s.Links = []sdktrace.Link{{SpanContext: spanContext(baseTrace, otherSpan)}}
	})
	everyEncoding(t, 0, s, func(t *testing.T, _ batch, got span, _ *delivery.Report) {
		want := []reference{{"FOLLOWS_FROM", baseTrace.String(), otherSpan.String()}}
		if diff := cmp.Diff(want, got.References); diff != "" || got.Parent != noSpan {
			t.Errorf("parent %s, references (-want +got):\n%s", got.Parent, diff)
		}
	})
}

func TestLinkLogs(t *testing.T) {
	s := base(func(s *tracetest.SpanStub) {
		s.Links = []sdktrace.Link{
			{SpanContext: spanContext(otherTrace, otherSpan), Attributes: []attribute.KeyValue{attribute.String("la", "lv")}},
			{SpanContext: spanContext(otherTrace, otherSpan)}, // without attributes
		}
	})
	everyEncoding(t, 0, s, func(t *testing.T, _ batch, got span, _ *delivery.Report) {
		if len(got.Logs) != 1 || got.Logs[0].Time != got.Start {
			t.Fatalf("logs %v, want one at %d", got.Logs, got.Start)
		}
		wantTags(t, "log", got.Logs[0].Fields, tag{"event", "link"}, tag{"trace_id", otherTrace.String()}, tag{"span_id", otherSpan.String()}, tag{"la", "lv"})
	})
	silent := packer(jaeger.ProtocolUDPCompact, 0, func(s *jaeger.Settings) { s.LinkLogs = false })
	b := decodePacket(t, silent.Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, new(delivery.Report))[0], false)
	if len(b.Spans[0].Logs) != 0 || len(b.Spans[0].References) != 2 {
		t.Errorf("link_logs false: logs %v, references %v", b.Spans[0].Logs, b.Spans[0].References)
	}
}

func TestTags(t *testing.T) {
	tests := []struct {
		name   string
		change func(*tracetest.SpanStub)
		want   []tag
	}{
		{"INTERNAL has no kind", func(*tracetest.SpanStub) {}, nil},
		{"client", func(s *tracetest.SpanStub) { s.SpanKind = trace.SpanKindClient }, []tag{{"span.kind", "client"}}},
		{"server", func(s *tracetest.SpanStub) { s.SpanKind = trace.SpanKindServer }, []tag{{"span.kind", "server"}}},
		{"producer", func(s *tracetest.SpanStub) { s.SpanKind = trace.SpanKindProducer }, []tag{{"span.kind", "producer"}}},
		{"consumer", func(s *tracetest.SpanStub) { s.SpanKind = trace.SpanKindConsumer }, []tag{{"span.kind", "consumer"}}},
		{"kind unspecified", func(s *tracetest.SpanStub) { s.SpanKind = trace.SpanKindUnspecified }, nil},
		{"a kind nobody knows", func(s *tracetest.SpanStub) { s.SpanKind = 77 }, nil},
		{"OK", func(s *tracetest.SpanStub) { s.Status = sdktrace.Status{Code: codes.Ok, Description: "x"} }, []tag{{"otel.status_code", "OK"}}},
		{"ERROR", func(s *tracetest.SpanStub) { s.Status = sdktrace.Status{Code: codes.Error, Description: "boom"} },
			[]tag{{"otel.status_code", "ERROR"}, {"error", true}, {"otel.status_description", "boom"}}},
		{"ERROR without description", func(s *tracetest.SpanStub) { s.Status.Code = codes.Error },
			[]tag{{"otel.status_code", "ERROR"}, {"error", true}}},
		{"the user's error gives way", func(s *tracetest.SpanStub) {
			s.Status.Code = codes.Error
			s.Attributes = []attribute.KeyValue{attribute.String("error", "x"), attribute.Int("n", 1)}
		}, []tag{{"n", int64(1)}, {"otel.status_code", "ERROR"}, {"error", true}}},
		{"the user's error stays without a status", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.String("error", "x")}
		}, []tag{{"error", "x"}}},
		{"dropped counts", func(s *tracetest.SpanStub) {
			s.DroppedAttributes, s.DroppedEvents, s.DroppedLinks = 3, 4, 5
		}, []tag{{"otel.dropped_attributes_count", int64(3)}, {"otel.dropped_events_count", int64(4)}, {"otel.dropped_links_count", int64(5)}}},
		{"scope", func(s *tracetest.SpanStub) {
			s.InstrumentationScope = instrumentation.Scope{Name: "lib", Version: "1.2", Attributes: attribute.NewSet(attribute.String("sa", "x"))}
		}, []tag{{"otel.scope.name", "lib"}, {"otel.library.name", "lib"}, {"otel.scope.version", "1.2"}, {"otel.library.version", "1.2"}, {"sa", "x"}}},
		{"scope without version", func(s *tracetest.SpanStub) { s.InstrumentationScope.Name = "lib" },
			[]tag{{"otel.scope.name", "lib"}, {"otel.library.name", "lib"}}},
		{"a scope attribute gives way to the span's", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.String("sa", "span")}
			s.InstrumentationScope = instrumentation.Scope{Name: "lib", Attributes: attribute.NewSet(attribute.String("sa", "scope"))}
		}, []tag{{"sa", "span"}, {"otel.scope.name", "lib"}, {"otel.library.name", "lib"}}},
		{"a scope's error gives way to the status", func(s *tracetest.SpanStub) {
			s.Status.Code = codes.Error
			s.InstrumentationScope = instrumentation.Scope{Name: "lib", Attributes: attribute.NewSet(attribute.String("error", "scope"))}
		}, []tag{{"otel.status_code", "ERROR"}, {"error", true}, {"otel.scope.name", "lib"}, {"otel.library.name", "lib"}}},
		{"tracestate", func(s *tracetest.SpanStub) {
			state, _ := trace.ParseTraceState("vendor=abc")
			s.SpanContext = s.SpanContext.WithTraceState(state)
		}, []tag{{"w3c.tracestate", "vendor=abc"}}},
		{"types", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{
				attribute.Int64("min", math.MinInt64), attribute.Int64("max", math.MaxInt64), attribute.Float64("d", 0.1),
				attribute.Bool("b", true), attribute.Bool("no", false), attribute.String("s", ""), attribute.Int("zero", 0), attribute.Float64("0", 0),
			}
		}, []tag{{"min", int64(math.MinInt64)}, {"max", int64(math.MaxInt64)}, {"d", 0.1}, {"b", true}, {"no", false}, {"s", ""}, {"zero", int64(0)}, {"0", 0.0}}},
		{"arrays are JSON", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{
				attribute.StringSlice("s", []string{`a"b`}), attribute.Float64Slice("f", []float64{math.NaN()}), attribute.StringSlice("e", []string{}),
			}
		}, []tag{{"s", `["a\"b"]`}, {"f", `["NaN"]`}, {"e", `[]`}}},
		{"bytes, maps, mixed slices", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{
				{Key: "bytes", Value: attribute.ByteSliceValue([]byte{0, 255})},
				{Key: "map", Value: attribute.MapValue(attribute.Int("a", 1))},
				{Key: "mixed", Value: attribute.SliceValue(attribute.IntValue(1), attribute.StringValue("x"))},
				{Key: "none"},
			}
		}, []tag{{"bytes", []byte{0, 255}}, {"map", `{"a":1}`}, {"mixed", `[1,"x"]`}, {"none", ""}}},
		{"NaN and infinities are words", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.Float64("a", math.NaN()), attribute.Float64("b", math.Inf(1)), attribute.Float64("c", math.Inf(-1))}
		}, []tag{{"a", "NaN"}, {"b", "Infinity"}, {"c", "-Infinity"}}},
		{"keys stay as they are, in order", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.Int("b", 1), attribute.Int("A.x", 2), attribute.Int("a", 3)}
		}, []tag{{"b", int64(1)}, {"A.x", int64(2)}, {"a", int64(3)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			everyEncoding(t, 0, base(tt.change), func(t *testing.T, _ batch, got span, _ *delivery.Report) {
				wantTags(t, "tags", got.Tags, tt.want...)
			})
		})
	}
}

func TestEvents(t *testing.T) {
	at := time.Unix(1700000000, 123456999)
	s := base(func(s *tracetest.SpanStub) {
		s.Events = []sdktrace.Event{
			{Name: "ev", Time: at, Attributes: []attribute.KeyValue{attribute.String("k", "v")}},
			{Name: "dropped", Time: at, DroppedAttributeCount: 2},
			{Name: "name", Time: at, Attributes: []attribute.KeyValue{attribute.Int("n", 1), attribute.String("event", "mine")}},
		}
	})
	for _, e := range encodings {
		_, got, _ := encodeOne(t, e.protocol, 0, s)
		if len(got.Logs) != 3 {
			t.Fatalf("%s: %d logs, want 3", e.protocol, len(got.Logs))
		}
		want := at.UnixNano()
		if e.micro {
			want = 1700000000123456000
		}
		if got.Logs[0].Time != want {
			t.Errorf("%s: log at %d, want %d", e.protocol, got.Logs[0].Time, want)
		}
		wantTags(t, e.protocol, got.Logs[0].Fields, tag{"event", "ev"}, tag{"k", "v"})
		wantTags(t, e.protocol, got.Logs[1].Fields, tag{"event", "dropped"}, tag{"otel.dropped_attributes_count", int64(2)})
		wantTags(t, e.protocol, got.Logs[2].Fields, tag{"n", int64(1)}, tag{"event", "mine"})
	}
}

func TestTimes(t *testing.T) {
	for _, e := range encodings {
		_, got, _ := encodeOne(t, e.protocol, 0, base())
		start, duration := epoch.UnixNano(), int64(1500)
		if e.micro {
			start, duration = 1700000000123456000, 1000
		}
		if got.Start != start || got.Nanoseconds != duration {
			t.Errorf("%s: start %d, duration %d, want %d, %d", e.protocol, got.Start, got.Nanoseconds, start, duration)
		}
	}
}

func TestRepairs(t *testing.T) {
	const bad = "a\xffb"
	tests := []struct {
		name   string
		change func(*tracetest.SpanStub)
		kind   delivery.Repair
	}{
		{"start before 1970", func(s *tracetest.SpanStub) { s.StartTime = time.Unix(-3600, 0) }, delivery.RepairStart},
		{"no start", func(s *tracetest.SpanStub) { s.StartTime = time.Time{} }, delivery.RepairStart},
		{"start in the year 12000", func(s *tracetest.SpanStub) {
			s.StartTime = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
			s.EndTime = s.StartTime
		}, delivery.RepairStart},
		{"end before start", func(s *tracetest.SpanStub) { s.EndTime = epoch.Add(-5) }, delivery.RepairDuration},
		{"no end", func(s *tracetest.SpanStub) { s.EndTime = time.Time{} }, delivery.RepairDuration},
		{"NaN", func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.Float64("n", math.NaN())} }, delivery.RepairValue},
		{"bad name", func(s *tracetest.SpanStub) { s.Name = bad }, delivery.RepairUTF8},
		{"bad key", func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.Int(bad, 1)} }, delivery.RepairUTF8},
		{"bad value", func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("k", bad)} }, delivery.RepairUTF8},
		{"bad element", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.StringSlice("k", []string{bad})}
		}, delivery.RepairUTF8},
		{"bad event", func(s *tracetest.SpanStub) { s.Events = []sdktrace.Event{{Name: bad, Time: epoch}} }, delivery.RepairUTF8},
		{"bad status", func(s *tracetest.SpanStub) { s.Status = sdktrace.Status{Code: codes.Error, Description: bad} }, delivery.RepairUTF8},
		{"bad scope", func(s *tracetest.SpanStub) { s.InstrumentationScope.Name = bad }, delivery.RepairUTF8},
		{"bad link attribute", func(s *tracetest.SpanStub) {
			s.Links = []sdktrace.Link{{SpanContext: spanContext(otherTrace, otherSpan), Attributes: []attribute.KeyValue{attribute.String(bad, bad)}}}
		}, delivery.RepairUTF8},
		{"bad service name", func(s *tracetest.SpanStub) {
			s.Resource = resource.NewSchemaless(attribute.String("service.name", bad))
		}, delivery.RepairUTF8},
		{"bad resource attribute", func(s *tracetest.SpanStub) { s.Resource = resource.NewSchemaless(attribute.String("k", bad)) }, delivery.RepairUTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			everyEncoding(t, 0, base(tt.change), func(t *testing.T, b batch, got span, r *delivery.Report) {
				if n := r.Repaired(tt.kind); n != 1 {
					t.Errorf("%s %d, want 1", tt.kind, n)
				}
				far := tt.name == "start in the year 12000" // no int64 of nanoseconds holds 9999
				if got.Start < 0 && !far || got.Nanoseconds < 0 {
					t.Errorf("start %d, duration %d", got.Start, got.Nanoseconds)
				}
				text, _ := json.Marshal([]any{b, got})
				if tt.kind == delivery.RepairUTF8 && !strings.Contains(string(text), "a\uFFFDb") && !strings.Contains(string(text), `a\ufffdb`) {
					t.Errorf("no U+FFFD in %s", text)
				}
			})
		})
	}
}

func TestCleanSpanNeedsNoRepair(t *testing.T) {
	everyEncoding(t, 0, base(), func(t *testing.T, _ batch, _ span, r *delivery.Report) {
		for _, kind := range []delivery.Repair{delivery.RepairUTF8, delivery.RepairValue, delivery.RepairDuration, delivery.RepairStart, delivery.RepairTruncated} {
			if n := r.Repaired(kind); n != 0 {
				t.Errorf("%s %d, want 0", kind, n)
			}
		}
	})
}

func TestServiceName(t *testing.T) {
	for _, res := range []*resource.Resource{nil, resource.Empty(), resource.NewSchemaless(attribute.String("service.name", ""))} {
		s := base(func(s *tracetest.SpanStub) { s.Resource = res })
		everyEncoding(t, 3, s, func(t *testing.T, b batch, _ span, _ *delivery.Report) {
			if b.Service != spantext.UnknownService() {
				t.Errorf("service %q, want %q", b.Service, spantext.UnknownService())
			}
		})
	}
}

func TestResourceTags(t *testing.T) {
	s := base(func(s *tracetest.SpanStub) {
		s.Resource = resource.NewSchemaless(attribute.String("service.name", "MySvc"), attribute.String("k", "resource"), attribute.Int("n", 1))
		s.Attributes = []attribute.KeyValue{attribute.String("k", "span")}
	})
	everyEncoding(t, 0, s, func(t *testing.T, b batch, got span, _ *delivery.Report) {
		wantTags(t, "process", b.Tags, tag{"k", "resource"}, tag{"n", int64(1)})
		wantTags(t, "span", got.Tags, tag{"k", "span"})
	})
}

func TestLimitOfText(t *testing.T) {
	const long = "héllo wörld"
	values := []attribute.KeyValue{
		attribute.String("s", long), attribute.Int("n", 1234567), attribute.IntSlice("a", []int{1, 2, 3}),
		{Key: "b", Value: attribute.ByteSliceValue([]byte("0123456789"))},
	}
	cut := []tag{{"s", "héllo"}, {"n", int64(1234567)}, {"a", "[1,2]"}, {"b", []byte("01234")}}
	s := base(func(s *tracetest.SpanStub) {
		s.Name, s.Attributes = long, values
		s.Resource = resource.NewSchemaless(attribute.String("service.name", long), attribute.String("r", long))
		s.Events = []sdktrace.Event{{Name: long, Time: epoch, Attributes: values}}
		s.Links = []sdktrace.Link{{SpanContext: spanContext(otherTrace, otherSpan), Attributes: values}}
		// Texts outside of attributes stay whole.
		s.Status = sdktrace.Status{Code: codes.Error, Description: long}
		s.InstrumentationScope = instrumentation.Scope{Name: long, Attributes: attribute.NewSet(attribute.String("sa", long))}
		state, _ := trace.ParseTraceState("vendor=abc")
		s.SpanContext = s.SpanContext.WithTraceState(state)
	})
	everyEncoding(t, 5, s, func(t *testing.T, b batch, got span, _ *delivery.Report) {
		wantTags(t, "tags", got.Tags, append(cut[:len(cut):len(cut)], tag{"otel.status_code", "ERROR"}, tag{"error", true}, tag{"otel.status_description", long},
			tag{"otel.scope.name", long}, tag{"otel.library.name", long}, tag{"sa", "héllo"}, tag{"w3c.tracestate", "vendor=abc"})...)
		wantTags(t, "link", got.Logs[1].Fields[3:], cut...)
		wantTags(t, "fields", got.Logs[0].Fields, append([]tag{{"event", long}}, cut...)...)
		wantTags(t, "process", b.Tags, tag{"r", "héllo"})
		if got.Name != long || b.Service != long {
			t.Errorf("name %q, service %q, want %q", got.Name, b.Service, long)
		}
	})
}

func TestBatchPerResource(t *testing.T) {
	a := base()
	b := base(func(s *tracetest.SpanStub) {
		s.Resource = resource.NewSchemaless(attribute.String("service.name", "Other"))
	})
	again := base() // equal to a's resource, another pointer
	spans := []sdktrace.ReadOnlySpan{b.Snapshot(), a.Snapshot(), again.Snapshot(), b.Snapshot()}
	for _, e := range encodings {
		var got []string
		var counts []int
		for _, body := range packer(e.protocol, 0).Pack(spans, new(delivery.Report)) {
			d := e.decode(t, body)
			got, counts = append(got, d.Service), append(counts, len(d.Spans))
		}
		if diff := cmp.Diff([]string{"Other", "MySvc"}, got); diff != "" {
			t.Errorf("%s: batches (-want +got):\n%s", e.protocol, diff)
		}
		if diff := cmp.Diff([]int{2, 2}, counts); diff != "" {
			t.Errorf("%s: spans (-want +got):\n%s", e.protocol, diff)
		}
	}
}

func TestNothingMakesNoPayload(t *testing.T) {
	for _, e := range encodings {
		if got := packer(e.protocol, 0).Pack(nil, new(delivery.Report)); len(got) != 0 {
			t.Errorf("%s: %d payloads for no spans", e.protocol, len(got))
		}
	}
}
