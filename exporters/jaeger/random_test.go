package jaeger_test

import (
	"fmt"
	"math"
	"math/rand/v2"
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

var epoch = time.Unix(1700000000, 123456789)

// random makes spans of all kinds, the same ones for the same seed.
type random struct {
	*rand.Rand
	words []string
}

func newRandom(seed uint64, words ...string) random {
	return random{rand.New(rand.NewPCG(seed, 1)), append(words, "", "http.route", "héllo wörld", "a\"b\\c\n", "event", "error", "span.kind", "otel.scope.name", "otel.dropped_attributes_count")}
}

func (r random) word() string { return r.words[r.IntN(len(r.words))] }

func (r random) traceID() (id trace.TraceID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[0] |= 1
	return id
}

func (r random) spanID() (id trace.SpanID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[0] |= 1
	return id
}

func (r random) context() trace.SpanContext {
	c := trace.SpanContextConfig{TraceID: r.traceID(), SpanID: r.spanID(), TraceFlags: trace.FlagsSampled}
	if r.IntN(4) == 0 {
		c.TraceState, _ = trace.ParseTraceState("vendor=abc,other=1")
	}
	return trace.NewSpanContext(c)
}

func (r random) value(depth int) attribute.Value {
	floats := []float64{0, math.Copysign(0, -1), 0.1, -1e300, math.NaN(), math.Inf(1), math.Inf(-1)}
	ints := []int64{0, 1, -1, math.MinInt64, math.MaxInt64, 300}
	switch r.IntN(12) {
	case 0:
		return attribute.BoolValue(r.IntN(2) == 0)
	case 1:
		return attribute.Int64Value(ints[r.IntN(len(ints))])
	case 2:
		return attribute.Float64Value(floats[r.IntN(len(floats))])
	case 3:
		return attribute.BoolSliceValue([]bool{true, false}[:r.IntN(3)])
	case 4:
		return attribute.Int64SliceValue(ints[:r.IntN(len(ints))])
	case 5:
		return attribute.Float64SliceValue(floats[:r.IntN(len(floats))])
	case 6:
		return attribute.StringSliceValue(r.words[:r.IntN(len(r.words))])
	case 7:
		return attribute.ByteSliceValue([]byte(r.word()))
	case 8:
		if depth < 3 {
			return attribute.SliceValue(r.value(depth+1), r.value(depth+1))
		}
	case 9:
		if depth < 3 {
			return attribute.MapValue(r.attributes(depth + 1)...)
		}
	case 10:
		return attribute.Value{}
	}
	return attribute.StringValue(r.word())
}

func (r random) attributes(depth int) []attribute.KeyValue {
	kvs := make([]attribute.KeyValue, r.IntN(4))
	if depth == 0 && r.IntN(24) == 0 {
		kvs = make([]attribute.KeyValue, 10+r.IntN(200))
	}
	for i := range kvs {
		kvs[i] = attribute.KeyValue{Key: attribute.Key(r.word() + fmt.Sprint(i%7)), Value: r.value(depth)}
		if r.IntN(5) == 0 {
			kvs[i].Key = attribute.Key(r.word())
		}
	}
	return kvs
}

func (r random) count() int {
	if r.IntN(3) > 0 {
		return 0
	}
	return r.IntN(40)
}

func (r random) span(res *resource.Resource) sdktrace.ReadOnlySpan {
	start := epoch.Add(time.Duration(r.Int64N(1e12)))
	s := tracetest.SpanStub{
		Name: r.word(), SpanContext: r.context(), SpanKind: trace.SpanKind(r.IntN(7)),
		StartTime: start, EndTime: start.Add(time.Duration(r.Int64N(1e10))),
		Attributes: r.attributes(0), Resource: res,
		Status:            sdktrace.Status{Code: codes.Code(r.IntN(3)), Description: r.word()},
		DroppedAttributes: r.IntN(3), DroppedEvents: r.IntN(3), DroppedLinks: r.IntN(3),
		InstrumentationScope: instrumentation.Scope{Name: r.word(), Version: r.word(), Attributes: attribute.NewSet(r.attributes(1)...)},
	}
	switch r.IntN(8) {
	case 0:
		s.StartTime = time.Unix(-5, 0)
	case 1:
		s.EndTime = time.Time{}
	}
	if r.IntN(3) > 0 {
		s.Parent = r.context()
	}
	for range r.count() {
		s.Events = append(s.Events, sdktrace.Event{Name: r.word(), Time: start.Add(999), Attributes: unique(r.attributes(1)), DroppedAttributeCount: r.IntN(3)})
	}
	for range r.count() {
		s.Links = append(s.Links, sdktrace.Link{SpanContext: r.context(), Attributes: r.attributes(1), DroppedAttributeCount: r.IntN(3)})
	}
	if r.IntN(10) == 0 {
		s.Links = append(s.Links, sdktrace.Link{Attributes: r.attributes(1)})
	}
	return s.Snapshot()
}

// unique keeps the first attribute of each key.
func unique(kvs []attribute.KeyValue) []attribute.KeyValue {
	seen := map[attribute.Key]bool{}
	out := kvs[:0]
	for _, kv := range kvs {
		if !seen[kv.Key] {
			seen[kv.Key] = true
			out = append(out, kv)
		}
	}
	return out
}

// sized makes a span of about n bytes.
func (r random) sized(n int, res *resource.Resource) sdktrace.ReadOnlySpan {
	s := tracetest.SpanStub{
		Name: "sized", SpanContext: r.context(), StartTime: epoch, EndTime: epoch.Add(time.Millisecond), Resource: res,
	}
	switch r.IntN(3) {
	case 0:
		s.Attributes = []attribute.KeyValue{attribute.String("text", strings.Repeat("é", n/2))}
	case 1:
		for left := n; left > 0; left -= 100 {
			s.Events = append(s.Events, sdktrace.Event{Name: "e", Time: epoch, Attributes: []attribute.KeyValue{attribute.String("text", strings.Repeat("x", min(left, 100)))}})
		}
	default:
		for left := n; left > 0; left -= 500 { // cannot be cut
			s.Attributes = append(s.Attributes, attribute.String("text", strings.Repeat("x", min(left, 500))))
		}
	}
	return s.Snapshot()
}
