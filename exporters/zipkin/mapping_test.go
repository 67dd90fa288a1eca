package zipkin_test

import (
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
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

func TestEncodeMapsASpan(t *testing.T) {
	e := zipkin.NewEncoder(zipkin.Node{IPv4: "192.168.0.1", IPv6: "2001:db8::c001", Port: 31313}, 0)
	got, _ := encode(t, e, exportertest.Span(func(s *tracetest.SpanStub) {
		s.SpanKind = trace.SpanKindClient
		s.Attributes = []attribute.KeyValue{attribute.String("peer.service", "DB"), attribute.Int("n", -7)}
	}))
	want := []model{{
		TraceID: "ff0102030405060708090a0b0c0d0e0f", ID: "fe01020304050607", ParentID: "aa00000000000001",
		Name: "Op", Kind: "CLIENT", Timestamp: 1700000000123457, Duration: 2,
		LocalEndpoint:  &node{ServiceName: "MySvc", IPv4: "192.168.0.1", IPv6: "2001:db8::c001", Port: 31313},
		RemoteEndpoint: &node{ServiceName: "DB"},
		Tags:           map[string]string{"peer.service": "DB", "n": "-7"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("span S (-want +got):\n%s", diff)
	}
}

func TestEncodeOmitsWhatIsAbsent(t *testing.T) {
	got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 0), exportertest.Span(func(s *tracetest.SpanStub) {
		s.Name, s.Parent, s.EndTime = "", trace.SpanContext{}, s.StartTime
	}))
	want := []model{{
		TraceID: "ff0102030405060708090a0b0c0d0e0f", ID: "fe01020304050607", Timestamp: 1700000000123457,
		LocalEndpoint: &node{ServiceName: "MySvc"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bare span (-want +got):\n%s", diff)
	}
}

func TestEncodeKind(t *testing.T) {
	for kind, want := range map[trace.SpanKind]string{
		trace.SpanKindUnspecified: "", trace.SpanKindInternal: "", trace.SpanKindServer: "SERVER",
		trace.SpanKindClient: "CLIENT", trace.SpanKindProducer: "PRODUCER", trace.SpanKindConsumer: "CONSUMER",
		trace.SpanKind(99): "", trace.SpanKind(-1): "",
	} {
		got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 0), exportertest.Span(func(s *tracetest.SpanStub) { s.SpanKind = kind }))
		if got[0].Kind != want {
			t.Errorf("kind of %v = %q, want %q", kind, got[0].Kind, want)
		}
	}
}

func TestEncodeRemoteEndpoint(t *testing.T) {
	str := attribute.String
	tests := []struct {
		name  string
		kind  trace.SpanKind
		attrs []attribute.KeyValue
		want  *node
	}{
		{"server span has none", trace.SpanKindServer, []attribute.KeyValue{str("peer.service", "x")}, nil},
		{"consumer span has none", trace.SpanKindConsumer, []attribute.KeyValue{str("peer.service", "x")}, nil},
		{"client without attributes has none", trace.SpanKindClient, nil, nil},
		{"the best rank wins, whatever the order", trace.SpanKindProducer, []attribute.KeyValue{str("db.name", "d"), str("server.address", "s"), str("peer.hostname", "h")}, &node{ServiceName: "s"}},
		{"peer.service beats all", trace.SpanKindClient, []attribute.KeyValue{str("server.address", "s"), str("peer.service", "p")}, &node{ServiceName: "p"}},
		{"IPv4 and port", trace.SpanKindClient, []attribute.KeyValue{str("network.peer.address", "10.0.0.1"), attribute.Int("network.peer.port", 80)}, &node{IPv4: "10.0.0.1", Port: 80}},
		{"IPv6", trace.SpanKindClient, []attribute.KeyValue{str("server.socket.address", "2001:DB8::1"), str("server.socket.port", "443")}, &node{IPv6: "2001:db8::1", Port: 443}},
		{"IPv4 inside IPv6", trace.SpanKindClient, []attribute.KeyValue{str("net.sock.peer.addr", "::ffff:10.0.0.1")}, &node{IPv4: "10.0.0.1"}},
		{"an address that is no IP: the next rank is asked", trace.SpanKindClient, []attribute.KeyValue{str("network.peer.address", "/run/x.sock"), str("db.name", "d")}, &node{ServiceName: "d"}},
		{"nothing but an address that is no IP", trace.SpanKindClient, []attribute.KeyValue{str("network.peer.address", "/run/x.sock")}, nil},
		{"an empty name yields nothing", trace.SpanKindClient, []attribute.KeyValue{str("peer.service", ""), str("server.address", "s")}, &node{ServiceName: "s"}},
		{"a name that is no text yields nothing", trace.SpanKindClient, []attribute.KeyValue{attribute.Int("peer.service", 3), str("server.address", "s")}, &node{ServiceName: "s"}},
		{"a port out of range is left out", trace.SpanKindClient, []attribute.KeyValue{str("network.peer.address", "10.0.0.1"), attribute.Int("network.peer.port", 70000)}, &node{IPv4: "10.0.0.1"}},
		{"peer.address is a name", trace.SpanKindClient, []attribute.KeyValue{str("peer.address", "10.0.0.1")}, &node{ServiceName: "10.0.0.1"}},
		{"bad UTF-8 is repaired", trace.SpanKindClient, []attribute.KeyValue{str("peer.service", "a\xff")}, &node{ServiceName: "a\uFFFD"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 0), exportertest.Span(func(s *tracetest.SpanStub) { s.SpanKind, s.Attributes = tt.kind, tt.attrs }))
			if diff := cmp.Diff(tt.want, got[0].RemoteEndpoint); diff != "" {
				t.Errorf("remote endpoint (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncodeTags(t *testing.T) {
	str := attribute.String
	tests := []struct {
		name   string
		change func(*tracetest.SpanStub)
		want   map[string]string
	}{
		{"ERROR with empty description", func(s *tracetest.SpanStub) {
			s.Status = sdktrace.Status{Code: codes.Error}
		}, map[string]string{"error": "", "otel.status_code": "ERROR"}},
		{"ERROR replaces an attribute error", func(s *tracetest.SpanStub) {
			s.Status = sdktrace.Status{Code: codes.Error, Description: "boom"}
			s.Attributes = []attribute.KeyValue{str("error", "x"), str("otel.status_code", "mine")}
		}, map[string]string{"error": "boom", "otel.status_code": "ERROR"}},
		{"UNSET with error=false", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.Bool("error", false)}
		}, nil},
		{"OK with error=\"false\"", func(s *tracetest.SpanStub) {
			s.Status = sdktrace.Status{Code: codes.Ok}
			s.Attributes = []attribute.KeyValue{str("error", "false")}
		}, map[string]string{"otel.status_code": "OK"}},
		{"UNSET with error=timeout", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{str("error", "timeout")}
		}, map[string]string{"error": "timeout"}},
		{"no status: the user's otel.status_code stays", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{str("otel.status_code", "mine")}
		}, map[string]string{"otel.status_code": "mine"}},
		{"bytes, NaN in a slice, map, mixed slice", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{
				attribute.ByteSlice("b", []byte{0, 255}), attribute.Float64Slice("f", []float64{math.NaN()}),
				attribute.Map("m", str("k", "a\"b")), attribute.Slice("s", attribute.IntValue(1), attribute.StringValue("<")),
				attribute.Float64("inf", math.Inf(-1)), attribute.StringSlice("none", nil),
			}
		}, map[string]string{"b": "AP8=", "f": `["NaN"]`, "m": `{"k":"a\"b"}`, "s": `[1,"<"]`, "inf": "-Infinity", "none": "[]"}},
		{"dropped counts and scope", func(s *tracetest.SpanStub) {
			s.DroppedAttributes, s.DroppedEvents, s.DroppedLinks = 3, 4, 5
			s.InstrumentationScope = instrumentation.Scope{Name: "lib", Version: "1.2", Attributes: attribute.NewSet(str("sa", "x"))}
		}, map[string]string{
			"otel.dropped_attributes_count": "3", "otel.dropped_events_count": "4", "otel.dropped_links_count": "5",
			"otel.scope.name": "lib", "otel.scope.version": "1.2", "otel.library.name": "lib", "otel.library.version": "1.2", "sa": "x",
		}},
		{"scope without version", func(s *tracetest.SpanStub) {
			s.InstrumentationScope = instrumentation.Scope{Name: "lib"}
		}, map[string]string{"otel.scope.name": "lib", "otel.library.name": "lib"}},
		{"span beats scope beats resource", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{str("a", "span")}
			s.InstrumentationScope = instrumentation.Scope{Version: "1", Attributes: attribute.NewSet(str("a", "scope"), str("b", "scope"))}
			s.Resource = resource.NewSchemaless(str("a", "resource"), str("b", "resource"), str("c", "resource"), str("service.name", "s"), str("service.namespace", "ns"))
		}, map[string]string{"a": "span", "b": "scope", "c": "resource", "service.namespace": "ns", "otel.scope.version": "1", "otel.library.version": "1"}},
		{"the kit's scope name beats the user's", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{str("otel.scope.name", "mine"), str("otel.library.version", "mine")}
			s.InstrumentationScope = instrumentation.Scope{Name: "lib", Attributes: attribute.NewSet(str("otel.scope.name", "set"))}
			s.Resource = resource.NewSchemaless(str("otel.scope.name", "res"))
		}, map[string]string{"otel.scope.name": "lib", "otel.library.name": "lib", "otel.library.version": "mine"}},
		{"an attribute twice: the last wins", func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{str("a", "1"), str("b", "2"), str("a", "3")}
		}, map[string]string{"a": "3", "b": "2"}},
		{"error=false of the resource is removed, its service.name is no tag", func(s *tracetest.SpanStub) {
			s.Resource = resource.NewSchemaless(attribute.Bool("error", false), str("service.name", "x"), str("r", ""))
		}, map[string]string{"r": ""}},
		{"nothing", func(*tracetest.SpanStub) {}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 0), exportertest.Span(tt.change))
			if diff := cmp.Diff(tt.want, got[0].Tags); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncodeAnnotations(t *testing.T) {
	at := time.Unix(1700000000, 123456499)
	tests := []struct {
		name  string
		event sdktrace.Event
		want  annotation
	}{
		{"without attributes the bare name", sdktrace.Event{Name: `a "b"`, Time: at}, annotation{1700000000123456, `a "b"`}},
		{"attributes as JSON behind the quoted name", sdktrace.Event{Name: `a"b`, Time: at.Add(time.Nanosecond), Attributes: []attribute.KeyValue{attribute.String("k", "v\n"), attribute.Int("n", 1)}},
			annotation{1700000000123457, `"a\"b": {"k":"v\n","n":1}`}},
		{"NaN spares its neighbours", sdktrace.Event{Name: "e", Time: at, Attributes: []attribute.KeyValue{attribute.Float64("x", math.NaN()), attribute.String("a", "b")}},
			annotation{1700000000123456, `"e": {"x":"NaN","a":"b"}`}},
		{"the dropped count joins the JSON", sdktrace.Event{Name: "e", Time: at, DroppedAttributeCount: 2, Attributes: []attribute.KeyValue{attribute.Bool("a", true)}},
			annotation{1700000000123456, `"e": {"a":true,"otel.dropped_attributes_count":2}`}},
		{"a dropped count alone", sdktrace.Event{Name: "e", Time: at, DroppedAttributeCount: 2}, annotation{1700000000123456, `"e": {"otel.dropped_attributes_count":2}`}},
		{"a key twice: the last wins", sdktrace.Event{Name: "e", Time: at, Attributes: []attribute.KeyValue{attribute.Int("k", 1), attribute.Int("k", 2)}}, annotation{1700000000123456, `"e": {"k":2}`}},
		{"before 1970", sdktrace.Event{Name: "e", Time: time.Unix(-5, 0)}, annotation{1, "e"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 0), exportertest.Span(func(s *tracetest.SpanStub) { s.Events = []sdktrace.Event{tt.event} }))
			if diff := cmp.Diff([]annotation{tt.want}, got[0].Annotations); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncodeRepairsAndCounts(t *testing.T) {
	start := time.Unix(1700000000, 0)
	tests := []struct {
		name     string
		change   func(*tracetest.SpanStub)
		kinds    []delivery.Repair
		at, took int64
	}{
		{"nothing to repair", func(s *tracetest.SpanStub) { s.EndTime = start.Add(time.Second) }, nil, 1700000000000000, 1000000},
		{"end before start", func(s *tracetest.SpanStub) { s.EndTime = start.Add(-1) }, []delivery.Repair{delivery.RepairDuration}, 1700000000000000, 0},
		{"no end", func(s *tracetest.SpanStub) { s.EndTime = time.Time{} }, []delivery.Repair{delivery.RepairDuration}, 1700000000000000, 0},
		{"start before 1970", func(s *tracetest.SpanStub) { s.StartTime, s.EndTime = time.Unix(-2, 0), time.Unix(-1, 0) }, []delivery.Repair{delivery.RepairStart}, 1, 1000000},
		{"start at 1970", func(s *tracetest.SpanStub) { s.StartTime, s.EndTime = time.Unix(0, 0), time.Unix(0, 0) }, []delivery.Repair{delivery.RepairStart}, 1, 0},
		{"below one microsecond is one", func(s *tracetest.SpanStub) { s.EndTime = start.Add(1) }, nil, 1700000000000000, 1},
		{"half a microsecond is rounded up", func(s *tracetest.SpanStub) { s.EndTime = start.Add(2500) }, nil, 1700000000000000, 3},
		{"less than half is rounded down", func(s *tracetest.SpanStub) { s.EndTime = start.Add(2499) }, nil, 1700000000000000, 2},
		{"bad UTF-8 everywhere counts once", func(s *tracetest.SpanStub) {
			s.Name, s.EndTime = "a\xff", start.Add(1000)
			s.Attributes = []attribute.KeyValue{attribute.String("k\xff", "v\xff"), attribute.StringSlice("l", []string{"\xff"})}
			s.Events = []sdktrace.Event{{Name: "\xff", Time: start}}
			s.Status = sdktrace.Status{Code: codes.Error, Description: "\xff"}
			s.InstrumentationScope = instrumentation.Scope{Name: "\xff"}
		}, []delivery.Repair{delivery.RepairUTF8}, 1700000000000000, 1},
		{"bad UTF-8 of the resource", func(s *tracetest.SpanStub) {
			s.Resource, s.EndTime = resource.NewSchemaless(attribute.String("service.name", "\xffx")), start.Add(1000)
		}, []delivery.Repair{delivery.RepairUTF8}, 1700000000000000, 1},
		{"NaN", func(s *tracetest.SpanStub) {
			s.Attributes, s.EndTime = []attribute.KeyValue{attribute.Float64("x", math.NaN())}, start.Add(1000)
		}, []delivery.Repair{delivery.RepairValue}, 1700000000000000, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, r := encode(t, zipkin.NewEncoder(zipkin.Node{}, 0), exportertest.Span(func(s *tracetest.SpanStub) { s.StartTime = start }, tt.change))
			for _, kind := range []delivery.Repair{delivery.RepairUTF8, delivery.RepairValue, delivery.RepairDuration, delivery.RepairStart, delivery.RepairTruncated} {
				want := 0
				for _, k := range tt.kinds {
					if k == kind {
						want = 1
					}
				}
				if r.Repaired(kind) != want {
					t.Errorf("repaired %s = %d, want %d", kind, r.Repaired(kind), want)
				}
			}
			if got[0].Timestamp != tt.at || got[0].Duration != tt.took {
				t.Errorf("timestamp, duration = %d, %d, want %d, %d", got[0].Timestamp, got[0].Duration, tt.at, tt.took)
			}
		})
	}
}

// A receiver answers 400 for the whole request when one id is zero (zipkin-go v0.4.3, Zipkin itself).
func TestEncodeDropsASpanWithoutIDs(t *testing.T) {
	for name, zero := range map[string]trace.SpanContext{
		"neither":     {},
		"no trace id": trace.SpanContext{}.WithSpanID(trace.SpanID{1}),
		"no span id":  trace.SpanContext{}.WithTraceID(trace.TraceID{1}),
	} {
		bad := exportertest.Span(func(s *tracetest.SpanStub) { s.SpanContext = zero })
		var r delivery.Report
		got := zipkin.NewEncoder(zipkin.Node{}, 0).Encode([]sdktrace.ReadOnlySpan{bad, exportertest.Span(), bad}, &r)
		if len(got) != 1 || check(t, got[0]) != 1 || r.Dropped(delivery.DropInvalid) != 2 {
			t.Errorf("%s: %d payloads, %d invalid, want 1 of a span and 2 invalid", name, len(got), r.Dropped(delivery.DropInvalid))
		}
	}
}

func TestEncodeServiceName(t *testing.T) {
	tests := []struct {
		name string
		res  *resource.Resource
		want string
	}{
		{"nil resource", nil, "unknown_service:zipkin.test"},
		{"no service.name", resource.NewSchemaless(attribute.String("a", "b")), "unknown_service:zipkin.test"},
		{"empty service.name", resource.NewSchemaless(attribute.String("service.name", "")), "unknown_service:zipkin.test"},
		{"never cut by a length limit", resource.NewSchemaless(attribute.String("service.name", "LongName")), "LongName"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 3), exportertest.Span(func(s *tracetest.SpanStub) { s.Resource = tt.res }))
			if name := got[0].LocalEndpoint.ServiceName; name != tt.want {
				t.Errorf("service name = %q, want %q", name, tt.want)
			}
		})
	}
}

func TestEncodeCutsTagValues(t *testing.T) {
	attrs := []attribute.KeyValue{attribute.String("s", "héllo wörld"), attribute.Int("n", 1234567), attribute.IntSlice("l", []int{10, 20, 30})}
	got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 5), exportertest.Span(func(s *tracetest.SpanStub) {
		s.Attributes = attrs
		s.Events = []sdktrace.Event{{Name: "long event name", Time: s.StartTime, Attributes: attrs}}
		s.Resource = resource.NewSchemaless(attribute.String("r", strings.Repeat("x", 9)))
		// Names are not cut.
		s.Status = sdktrace.Status{Code: codes.Error, Description: "a description"}
		s.InstrumentationScope = instrumentation.Scope{Name: "library", Attributes: attribute.NewSet(attribute.String("sa", "attribute"))}
	}))
	want := map[string]string{
		"s": "héllo", "n": "1234567", "l": "[10]", "r": "xxxxx", "sa": "attri", "otel.status_code": "ERROR", "error": "a description",
		"otel.scope.name": "library", "otel.library.name": "library",
	}
	if diff := cmp.Diff(want, got[0].Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if got, want := got[0].Annotations[0].Value, `"long event name": {"s":"héllo","n":1234567,"l":[10]}`; got != want {
		t.Errorf("annotation = %s, want %s", got, want)
	}
}
