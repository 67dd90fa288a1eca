package jaeger_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

// packOversize packs one span that does not fit a packet of limit bytes, and returns what the agent reads
// and the bytes that stay free.
func packOversize(t testing.TB, protocol string, limit int, s tracetest.SpanStub) (got span, free int, r *delivery.Report) {
	t.Helper()
	r = new(delivery.Report)
	p := packer(protocol, 0, func(s *jaeger.Settings) { s.Thrift.MaxPacketSize = limit })
	bodies := p.Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, r)
	if len(bodies) != 1 || len(bodies[0]) > limit {
		t.Fatalf("%s: %d packets, want one of at most %d bytes", protocol, len(bodies), limit)
	}
	if n := r.Repaired(delivery.RepairTruncated); n != 1 {
		t.Errorf("%s: truncated %d, want 1", protocol, n)
	}
	got = decodePacket(t, bodies[0], protocol == jaeger.ProtocolUDPBinary).Spans[0]
	if valueOf(got.Tags, "spanroute.truncated") != true {
		t.Errorf("%s: the span is not marked spanroute.truncated", protocol)
	}
	return got, limit - len(bodies[0]), r
}

func valueOf(tags []tag, key string) any {
	for _, x := range tags {
		if x.Key == key {
			return x.Value
		}
	}
	return nil
}

func exception(stack int) sdktrace.Event {
	return sdktrace.Event{Name: "exception", Time: epoch, Attributes: []attribute.KeyValue{
		attribute.String("exception.type", "*errors.errorString"), attribute.String("exception.message", "disk full"),
		attribute.String("exception.stacktrace", strings.Repeat("goroutine 1 [running]\n", stack/22+1)[:stack]),
	}}
}

func small(n int) (events []sdktrace.Event) {
	for i := range n {
		events = append(events, sdktrace.Event{Name: fmt.Sprintf("event %d of the tests", i), Time: epoch})
	}
	return events
}

func TestOversizeSpansAreCutToFit(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat("é", 40000)
	tests := []struct {
		name   string
		change func(*tracetest.SpanStub)
		free   int // bytes that may stay free
		check  func(t *testing.T, s span)
	}{
		{"an exception with a long stack", func(s *tracetest.SpanStub) {
			s.Events = []sdktrace.Event{exception(8000)}
		}, 0, func(t *testing.T, s span) {
			wantTags(t, "exception", s.Logs[0].Fields[:3], tag{"event", "exception"}, tag{"exception.type", "*errors.errorString"}, tag{"exception.message", "disk full"})
			if stack, _ := s.Logs[0].Fields[3].Value.(string); len(stack) < 7500 || !strings.HasPrefix(stack, "goroutine 1") {
				t.Errorf("%d bytes of the stack", len(stack))
			}
		}},
		{"a long attribute and ten small events", func(s *tracetest.SpanStub) {
			s.Attributes, s.Events = []attribute.KeyValue{attribute.String("long", strings.Repeat("x", 70000)), attribute.Int("n", 1)}, small(10)
		}, 0, func(t *testing.T, s span) {
			if len(s.Logs) != 10 || len(valueOf(s.Tags, "long").(string)) < 7000 || valueOf(s.Tags, "n") != int64(1) {
				t.Errorf("%d events, %d bytes of the attribute, n %v", len(s.Logs), len(valueOf(s.Tags, "long").(string)), valueOf(s.Tags, "n"))
			}
		}},
		{"fair shares", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{
				attribute.String("a", strings.Repeat("a", 30000)), attribute.String("b", strings.Repeat("b", 700)),
				attribute.String("c", strings.Repeat("c", 5000)), {Key: "d", Value: attribute.ByteSliceValue(make([]byte, 9000))},
			}
		}, 2, func(t *testing.T, s span) {
			a, c, d := len(s.Tags[0].Value.(string)), len(s.Tags[2].Value.(string)), len(s.Tags[3].Value.([]byte))
			if a != c || c != d || a < 2300 || len(s.Tags[1].Value.(string)) != 700 {
				t.Errorf("%d, %d, %d and %d bytes, want three equal shares and 700", a, c, d, len(s.Tags[1].Value.(string)))
			}
		}},
		{"code points stay whole", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.String("a", "x"+wide), attribute.String("b", wide)}
		}, 1, func(t *testing.T, s span) {
			for _, x := range s.Tags[:2] {
				if !strings.HasPrefix("x"+wide, x.Value.(string)) && !strings.HasPrefix(wide, x.Value.(string)) {
					t.Errorf("%s is not the head of the text", x.Key)
				}
			}
		}},
		{"an array and a map stay JSON", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{
				attribute.StringSlice("array", slices.Repeat([]string{"日本語"}, 3000)), {Key: "map", Value: attribute.MapValue(attribute.String("k", wide))},
			}
		}, 13, func(t *testing.T, s span) {
			var elements []string
			if err := json.Unmarshal([]byte(s.Tags[0].Value.(string)), &elements); err != nil || len(elements) < 600 || s.Tags[1].Value != "{}" {
				t.Errorf("%d elements, %v; map %v", len(elements), err, s.Tags[1].Value)
			}
		}},
		{"a long status description", func(s *tracetest.SpanStub) {
			s.Status, s.Events = sdktrace.Status{Code: codes.Error, Description: wide}, small(3)
		}, 1, func(t *testing.T, s span) {
			if valueOf(s.Tags, "otel.status_code") != "ERROR" || valueOf(s.Tags, "error") != true || len(s.Logs) != 3 {
				t.Errorf("tags %v, %d events", s.Tags, len(s.Logs))
			}
		}},
		{"a long tracestate", func(s *tracetest.SpanStub) {
			state, _ := trace.ParseTraceState("vendor=" + strings.Repeat("v", 200))
			s.SpanContext = s.SpanContext.WithTraceState(state)
			s.Attributes = []attribute.KeyValue{attribute.String("a", wide)}
		}, 1, func(t *testing.T, s span) {
			if text, _ := valueOf(s.Tags, "w3c.tracestate").(string); len(text) != 207 {
				t.Errorf("tracestate %q", text)
			}
		}},
		{"a long name, key, event name and scope", func(s *tracetest.SpanStub) {
			s.Name, s.InstrumentationScope.Name = strings.Repeat("n", 9000), strings.Repeat("s", 9000)
			s.Attributes = []attribute.KeyValue{attribute.Int(strings.Repeat("k", 9000), 1)}
			s.Events = []sdktrace.Event{{Name: strings.Repeat("e", 9000), Time: epoch}}
		}, 4, func(t *testing.T, s span) {
			if n := len(s.Name); n < 1500 || len(s.Tags[0].Key) != n || len(s.Logs[0].Fields[0].Value.(string)) != n || len(s.Tags[1].Value.(string)) != n {
				t.Errorf("%d bytes of the name, %d of the key, %d of the scope", len(s.Name), len(s.Tags[0].Key), len(s.Tags[1].Value.(string)))
			}
		}},
		{"an exception among too many events", func(s *tracetest.SpanStub) {
			s.Events = slices.Insert(small(400), 200, exception(100))
			s.DroppedEvents = 7
		}, 80, func(t *testing.T, s span) {
			if i := slices.IndexFunc(s.Logs, func(l logRecord) bool { return l.Fields[0].Value == "exception" }); i < 0 || s.Logs[i].Fields[2].Value != "disk full" {
				t.Error("the exception is gone")
			}
			if n := valueOf(s.Tags, "otel.dropped_events_count"); n != int64(408-len(s.Logs)) || len(s.Logs) < 100 {
				t.Errorf("%d events, otel.dropped_events_count %v", len(s.Logs), n)
			}
		}},
		{"too many fields", func(s *tracetest.SpanStub) {
			e := exception(100)
			for i := range 500 {
				e.Attributes = append(e.Attributes, attribute.Int(fmt.Sprintf("field%d", i), i))
			}
			s.Events = []sdktrace.Event{e}
		}, 30, func(t *testing.T, s span) {
			wantTags(t, "exception", s.Logs[0].Fields[:3], tag{"event", "exception"}, tag{"exception.type", "*errors.errorString"}, tag{"exception.message", "disk full"})
			f := s.Logs[0].Fields
			if n := valueOf(f, "otel.dropped_attributes_count"); n != int64(505-len(f)) || len(f) < 200 {
				t.Errorf("%d fields, otel.dropped_attributes_count %v", len(f), n)
			}
		}},
		{"too many attributes", func(s *tracetest.SpanStub) {
			for i := range 500 {
				s.Attributes = append(s.Attributes, attribute.Int(fmt.Sprintf("attribute%d", i), i))
			}
			s.Events, s.DroppedAttributes = []sdktrace.Event{exception(100)}, 2
		}, 30, func(t *testing.T, s span) {
			if n := valueOf(s.Tags, "otel.dropped_attributes_count"); n != int64(502-(len(s.Tags)-2)) || len(s.Tags) < 200 || len(s.Logs) != 1 {
				t.Errorf("%d tags, otel.dropped_attributes_count %v, %d events", len(s.Tags), n, len(s.Logs))
			}
		}},
		{"too many links", func(s *tracetest.SpanStub) {
			s.Links = slices.Repeat([]sdktrace.Link{{SpanContext: spanContext(otherTrace, otherSpan)}}, 500)
			s.Attributes = []attribute.KeyValue{attribute.Int("n", 1)}
		}, 60, func(t *testing.T, s span) {
			if n := valueOf(s.Tags, "otel.dropped_links_count"); n != int64(500-len(s.References)) || len(s.References) < 100 || valueOf(s.Tags, "n") != int64(1) {
				t.Errorf("%d references, otel.dropped_links_count %v", len(s.References), n)
			}
		}},
		{"an attribute named like the mark", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.String("spanroute.truncated", wide)}
			s.Name = wide
		}, 1, func(t *testing.T, s span) {
			wantTags(t, "tags", s.Tags, tag{"spanroute.truncated", true})
		}},
	}
	for _, tt := range tests {
		for _, protocol := range []string{jaeger.ProtocolUDPCompact, jaeger.ProtocolUDPBinary} {
			t.Run(tt.name+"/"+protocol, func(t *testing.T) {
				got, free, _ := packOversize(t, protocol, 8000, base(tt.change))
				if free > tt.free {
					t.Errorf("%d bytes stay free, want at most %d", free, tt.free)
				}
				tt.check(t, got)
			})
		}
	}
}

// A packet of the smallest size cannot hold what cannot be cut, such as the keys of the mapping.
func TestOversizeSpanThatCannotFit(t *testing.T) {
	t.Parallel()
	s := base(everything, func(s *tracetest.SpanStub) {
		s.Name = strings.Repeat("n", 9000)
		s.Resource = resource.NewSchemaless(attribute.String("service.name", "MySvc"), attribute.String("k", strings.Repeat("x", 200)))
	})
	var r delivery.Report
	if bodies := packets(512).Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, &r); len(bodies) != 0 {
		t.Errorf("%d packets", len(bodies))
	}
	if r.Dropped(delivery.DropTooLarge) != 1 || r.Repaired(delivery.RepairTruncated) != 0 {
		t.Errorf("too_large %d, truncated %d, want 1, 0", r.Dropped(delivery.DropTooLarge), r.Repaired(delivery.RepairTruncated))
	}
}
