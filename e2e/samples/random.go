package samples

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

// Random returns a trace of n spans of random shape, the same ones for the same source apart from the trace id and
// the times. Keys have no meaning to any receiver, and texts inside arrays, maps and events so that
// there is one way to write them as JSON.
func Random(t trace.TraceID, r *rand.Rand, n int) []sdktrace.ReadOnlySpan {
	g := generator{r}
	resources := make([]*resource.Resource, 3)
	for i := range resources {
		resources[i] = resource.NewSchemaless(
			attribute.String("service.name", fmt.Sprintf("random %d %s", i, g.text())),
			attribute.String("service.version", g.plain()))
	}
	scopes := make([]instrumentation.Scope, 3)
	for i := range scopes {
		scopes[i] = instrumentation.Scope{Name: fmt.Sprintf("scope %d %s", i, g.plain()), Version: g.plain()}
	}
	stubs := make([]tracetest.SpanStub, n)
	for i := range stubs {
		s := stub(t, i+1, r.IntN(i+1), g.text(), trace.SpanKind(1+r.IntN(5)))
		s.EndTime = s.StartTime.Add(time.Duration(r.Int64N(int64(time.Hour))))
		s.Resource, s.InstrumentationScope = resources[r.IntN(3)], scopes[r.IntN(3)]
		s.Attributes = g.attributes("attr", 8)
		s.Status = sdktrace.Status{Code: codes.Code(r.IntN(3))}
		if s.Status.Code == codes.Error {
			s.Status.Description = g.text()
		}
		for range r.IntN(4) {
			s.Events = append(s.Events, sdktrace.Event{Name: "e" + g.plain(), Time: s.StartTime.Add(time.Duration(r.IntN(1e9))), Attributes: g.fields(4)})
		}
		if s.Parent.IsValid() {
			for range r.IntN(3) {
				s.Links = append(s.Links, sdktrace.Link{SpanContext: contextOf(NewTraceID(), r.IntN(1000)+1, ""), Attributes: g.attributes("link", 3)})
			}
		}
		stubs[i] = s
	}
	return snapshots(stubs...)
}

type generator struct{ *rand.Rand }

// attributes returns a random number of attributes of any type, at most most.
func (g generator) attributes(prefix string, most int) (list []attribute.KeyValue) {
	for i := range g.IntN(most + 1) {
		list = append(list, attribute.KeyValue{Key: attribute.Key(fmt.Sprintf("%s.%d %s", prefix, i, g.plain())), Value: g.value()})
	}
	return list
}

// fields returns a random number of attributes of an event, at most most.
func (g generator) fields(most int) (list []attribute.KeyValue) {
	for i := range g.IntN(most + 1) {
		list = append(list, attribute.KeyValue{Key: attribute.Key(fmt.Sprintf("field.%d", i)), Value: g.nested(1)})
	}
	return list
}

func (g generator) value() attribute.Value {
	if g.IntN(3) == 0 {
		return attribute.StringValue(g.text())
	}
	return g.nested(2)
}

// nested returns a value of at most depth levels below it.
func (g generator) nested(depth int) attribute.Value {
	kinds := 5
	if depth > 0 {
		kinds = 11
	}
	switch g.IntN(kinds) {
	case 0:
		return attribute.StringValue(g.plain())
	case 1:
		return attribute.BoolValue(g.IntN(2) == 0)
	case 2:
		return attribute.Int64Value(int64(g.Uint64()) >> g.IntN(64))
	case 3:
		return attribute.Float64Value(g.double())
	case 4:
		return attribute.ByteSliceValue([]byte(g.text()))
	case 5:
		return attribute.StringSliceValue(some(g, g.plain))
	case 6:
		return attribute.Int64SliceValue(some(g, g.Int64))
	case 7:
		return attribute.Float64SliceValue(some(g, g.double))
	case 8:
		return attribute.BoolSliceValue(some(g, func() bool { return g.IntN(2) == 0 }))
	case 9:
		return attribute.SliceValue(some(g, func() attribute.Value { return g.nested(depth - 1) })...)
	default:
		return attribute.MapValue(g.members(depth)...)
	}
}

func (g generator) members(depth int) (list []attribute.KeyValue) {
	for i := range g.IntN(4) {
		list = append(list, attribute.KeyValue{Key: attribute.Key(fmt.Sprintf("m%d", i)), Value: g.nested(depth - 1)})
	}
	return list
}

func some[T any](g generator, one func() T) []T {
	list := make([]T, g.IntN(5))
	for i := range list {
		list[i] = one()
	}
	return list
}

// double is a finite number of any size, often a whole one.
func (g generator) double() float64 {
	switch g.IntN(3) {
	case 0:
		return float64(g.IntN(2000) - 1000)
	case 1:
		return g.NormFloat64()
	}
	return g.NormFloat64() * math.Pow10(g.IntN(600)-300)
}

// text may contain any bytes that a Go string can contain.
func (g generator) text() string {
	return g.of([]string{"a", "Z", " ", "ß", "≠", "🙂", "\"", "\\", "<", "&", "\n", "\t", "\x00", "\x7f", "\u2028", "\xff", "\xe2\x82", "%s", "|", ",", "="})
}

// plain has one spelling in JSON.
func (g generator) plain() string {
	return g.of([]string{"a", "Z", " ", "ß", "≠", "🙂", "\"", "\\", "<", "&", ">", "\n", "\t", ",", "="})
}

func (g generator) of(parts []string) string {
	var b strings.Builder
	for range g.IntN(12) {
		b.WriteString(parts[g.IntN(len(parts))])
	}
	return b.String()
}
