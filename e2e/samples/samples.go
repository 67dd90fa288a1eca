// Package samples makes the spans that the end-to-end tests send.
package samples

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// NewTraceID returns a fresh id, so that tests can share a receiver. Its first bit is set, because formats with
// signed numbers must keep it.
func NewTraceID() trace.TraceID {
	var id trace.TraceID
	_, _ = rand.Read(id[:]) // never fails
	id[0] |= 0x80
	return id
}

var (
	// The time is recent because query APIs look back one hour. The 789 ns distinguish truncating from rounding.
	origin = time.Now().Truncate(time.Second).Add(123456789 * time.Nanosecond)

	shop = resource.NewSchemaless(
		attribute.String("service.name", "Shop & Söhne"),
		attribute.String("service.version", "1.2.3"),
		attribute.String("host.name", "web-1"),
	)
	billing = resource.NewSchemaless(
		attribute.String("service.name", "billing"),
		attribute.String("service.version", "0.9"),
		attribute.String("os.type", "linux"),
	)

	web = instrumentation.Scope{Name: "example.org/web", Version: "2.0", Attributes: attribute.NewSet(attribute.String("scope.color", "red"))}
	db  = instrumentation.Scope{Name: "example.org/db"}
)

// spanID returns the n-th id of a set of spans, with the first bit set.
func spanID(n int) trace.SpanID {
	var id trace.SpanID
	binary.BigEndian.PutUint64(id[:], 0xfe01020304050000+uint64(n))
	return id
}

func contextOf(t trace.TraceID, n int, state string) trace.SpanContext {
	parsed, err := trace.ParseTraceState(state)
	if err != nil {
		panic(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: t, SpanID: spanID(n), TraceFlags: trace.FlagsSampled, TraceState: parsed})
}

// stub is a span n of trace t below span parent (0: a root), one of whose times is odd.
func stub(t trace.TraceID, n, parent int, name string, kind trace.SpanKind) tracetest.SpanStub {
	s := tracetest.SpanStub{
		Name: name, SpanKind: kind, SpanContext: contextOf(t, n, ""),
		StartTime: origin.Add(time.Duration(n) * time.Millisecond),
		EndTime:   origin.Add(time.Duration(n)*time.Millisecond + 1500*time.Nanosecond),
		Resource:  shop, InstrumentationScope: web,
	}
	if parent > 0 {
		s.Parent = contextOf(t, parent, "")
	}
	return s
}

// Rich returns one trace with all kinds, all types of attributes, events, links, statuses, a tracestate, odd texts,
// two resources and two scopes.
func Rich(t trace.TraceID) []sdktrace.ReadOnlySpan {
	server := stub(t, 1, 0, "GET /users/{id}", trace.SpanKindServer)
	server.Attributes = scalars()

	internal := stub(t, 2, 1, "Größe ≠ 0 \"quoted\" \\ \u2028 🙂", trace.SpanKindInternal)
	internal.Attributes = arrays()
	internal.Status = sdktrace.Status{Code: codes.Ok}
	internal.InstrumentationScope = db

	client := stub(t, 3, 2, "SELECT", trace.SpanKindClient)
	client.InstrumentationScope = db
	client.Attributes = []attribute.KeyValue{attribute.String("server.address", "db.example"), attribute.String("error", "x")}
	client.Status = sdktrace.Status{Code: codes.Error, Description: "boom"}
	client.Events = events()

	producer := stub(t, 4, 1, "publish", trace.SpanKindProducer)
	producer.Attributes = []attribute.KeyValue{attribute.String("network.peer.address", "192.0.2.7"), attribute.Int("network.peer.port", 5672)}
	producer.SpanContext = contextOf(t, 4, "vendor=abc,other=1")
	producer.EndTime = producer.StartTime

	consumer := stub(t, 5, 4, "process", trace.SpanKindConsumer)
	consumer.Resource = billing
	consumer.Links = links(t)
	consumer.DroppedAttributes, consumer.DroppedEvents, consumer.DroppedLinks = 3, 4, 5

	bare := stub(t, 6, 5, "bare", trace.SpanKindInternal)
	bare.Resource, bare.InstrumentationScope = billing, instrumentation.Scope{}
	bare.EndTime = bare.StartTime.Add(90 * time.Minute)

	return snapshots(server, internal, client, producer, consumer, bare)
}

func snapshots(stubs ...tracetest.SpanStub) []sdktrace.ReadOnlySpan {
	return tracetest.SpanStubs(stubs).Snapshots()
}

func scalars() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("text", "héllo wörld"),
		attribute.String("text.empty", ""),
		attribute.String("text.odd", "<a href=\"x\">&\x00\t\n\u2028 | 🙂"),
		attribute.Bool("yes", true),
		attribute.Bool("no", false),
		attribute.Int64("int.min", math.MinInt64),
		attribute.Int64("int.max", math.MaxInt64),
		attribute.Int64("int.zero", 0),
		attribute.Float64("double", 0.1),
		attribute.Float64("double.big", 1e300),
		attribute.ByteSlice("bytes", []byte{0, 255}),
		attribute.String("schlüssel mit leerzeichen", "v"),
	}
}

func arrays() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.StringSlice("texts", []string{`a"b`, "<&>", ""}),
		attribute.Int64Slice("ints", []int64{math.MinInt64, 0, 7}),
		attribute.Float64Slice("doubles", []float64{0.5, -2.25}),
		attribute.BoolSlice("bools", []bool{true, false}),
		attribute.StringSlice("nothing", []string{}),
		attribute.Map("map", attribute.String("a", "x"), attribute.Int("b", 2), attribute.Map("c", attribute.Bool("d", true))),
		attribute.Slice("mixed", attribute.StringValue("s"), attribute.IntValue(1), attribute.BoolValue(true), attribute.StringSliceValue([]string{"t"})),
	}
}

func events() []sdktrace.Event {
	at := func(n time.Duration) time.Time { return origin.Add(3*time.Millisecond + n) }
	return []sdktrace.Event{
		{Name: "ev", Time: at(100), Attributes: []attribute.KeyValue{attribute.String("k", "v"), attribute.Int("n", 7)}},
		{Name: "bare", Time: at(1200)},
		{Name: "cut \"short\"", Time: at(1300), DroppedAttributeCount: 2, Attributes: []attribute.KeyValue{attribute.Bool("b", true)}},
		{Name: "named twice", Time: at(1400), Attributes: []attribute.KeyValue{attribute.String("event", "mine")}},
	}
}

func links(t trace.TraceID) []sdktrace.Link {
	other := NewTraceID()
	return []sdktrace.Link{
		{SpanContext: contextOf(other, 9, "vendor=link"), Attributes: []attribute.KeyValue{attribute.String("la", "lv")}, DroppedAttributeCount: 1},
		{SpanContext: contextOf(t, 2, "")},
	}
}

// Odd returns one trace of spans that must be repaired, and what only some receivers can hold: invalid UTF-8
// everywhere but in the service's name, NaN and infinities, an end before the start.
func Odd(t trace.TraceID) []sdktrace.ReadOnlySpan {
	const bad = "bad\xff\xfetext"
	utf8 := stub(t, 1, 0, bad, trace.SpanKindServer)
	utf8.Attributes = []attribute.KeyValue{attribute.String("key"+bad, bad), attribute.StringSlice("list", []string{bad})}
	utf8.Events = []sdktrace.Event{{Name: bad, Time: utf8.StartTime, Attributes: []attribute.KeyValue{attribute.String("k"+bad, bad)}}}
	utf8.Status = sdktrace.Status{Code: codes.Error, Description: bad}
	utf8.InstrumentationScope = instrumentation.Scope{Name: "scope" + bad, Version: bad}

	numbers := stub(t, 2, 1, "numbers", trace.SpanKindInternal)
	numbers.Attributes = []attribute.KeyValue{
		attribute.Float64("nan", math.NaN()), attribute.Float64("inf", math.Inf(1)), attribute.Float64("minus", math.Inf(-1)),
		attribute.Float64Slice("list", []float64{math.NaN(), 1}),
	}

	backwards := stub(t, 3, 1, "backwards", trace.SpanKindInternal)
	backwards.EndTime = backwards.StartTime.Add(-time.Second)
	return snapshots(utf8, numbers, backwards)
}

// Many returns n small spans of one trace, all children of one that is not among them.
func Many(t trace.TraceID, n int) []sdktrace.ReadOnlySpan {
	return Sized(t, n, 0)
}

// Sized returns n spans of one trace with a text of size bytes each.
func Sized(t trace.TraceID, n, size int) []sdktrace.ReadOnlySpan {
	text := strings.Repeat("x", size)
	stubs := make([]tracetest.SpanStub, n)
	for i := range stubs {
		s := stub(t, i%60000+1, 0, "work", trace.SpanKindInternal)
		s.Attributes = []attribute.KeyValue{attribute.String("http.request.method", "GET"), attribute.String("url.path", "/users/7"), attribute.Int("n", i)}
		if size > 0 {
			s.Attributes = append(s.Attributes, attribute.String("text", text))
		}
		stubs[i] = s
	}
	return snapshots(stubs...)
}

// Named returns one span of a service of that name.
func Named(t trace.TraceID, service string) []sdktrace.ReadOnlySpan {
	s := stub(t, 1, 0, "named", trace.SpanKindServer)
	s.Resource = resource.NewSchemaless(attribute.String("service.name", service))
	return snapshots(s)
}

// Burdened returns three spans whose resource has an attribute of size bytes beside a small one.
func Burdened(t trace.TraceID, size int) []sdktrace.ReadOnlySpan {
	var stubs []tracetest.SpanStub
	burden := resource.NewSchemaless(
		attribute.String("service.name", "burdened"), attribute.String("small", "kept"), attribute.String("large", strings.Repeat("x", size)))
	for n := range 3 {
		s := stub(t, n+1, 0, "burdened", trace.SpanKindServer)
		s.Resource = burden
		stubs = append(stubs, s)
	}
	return snapshots(stubs...)
}

// Long returns one span with texts longer than a short limit.
func Long(t trace.TraceID) []sdktrace.ReadOnlySpan {
	s := stub(t, 1, 0, "a long name", trace.SpanKindServer)
	s.Resource = resource.NewSchemaless(attribute.String("service.name", "a long service name"))
	s.Attributes = []attribute.KeyValue{
		attribute.String("text", "héllo wörld"), attribute.Int("number", 1234567), attribute.StringSlice("list", []string{"a", "b", "cccccccc"}),
	}
	return snapshots(s)
}
