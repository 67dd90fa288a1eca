package delivery_test

import (
	"reflect"
	"runtime"
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
)

func callerOf(state string) trace.SpanContext {
	parsed, err := trace.ParseTraceState(state)
	if err != nil {
		panic(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: parsed, Remote: true,
	})
}

// nested is an attribute of every type, with texts at several depths.
var nested = []attribute.KeyValue{
	attribute.String("text", "abcdefgh"), attribute.StringSlice("texts", []string{"a", "abcdefgh", ""}),
	attribute.Bool("bool", true), attribute.BoolSlice("bools", []bool{true, false}), attribute.Int("int", 7),
	attribute.IntSlice("ints", []int{1, 2, 3, 4}), attribute.Float64("float", 1.5), attribute.Float64Slice("floats", []float64{1}),
	{Key: "bytes", Value: attribute.ByteSliceValue([]byte("abcdefgh"))}, {Key: "empty"},
	{Key: "list", Value: attribute.SliceValue(attribute.StringValue("abcdefgh"), attribute.SliceValue(attribute.StringValue("ijklmnop")), attribute.IntValue(1))},
	{Key: "map", Value: attribute.MapValue(attribute.String("a", "abcdefgh"), attribute.StringSlice("b", []string{"ijklmnop"}))},
}

// rich is a span with something in every field, and a tracestate, for which it is copied.
func rich() tracetest.SpanStub {
	return tracetest.SpanStub{
		Name: "work", SpanContext: callerOf("a=1,b=2"), Parent: callerOf("a=1,b=2"), SpanKind: trace.SpanKindServer,
		StartTime: time.Unix(1, 2), EndTime: time.Unix(3, 4), Attributes: nested,
		Events: []sdktrace.Event{
			{Name: "first", Time: time.Unix(2, 0), Attributes: nested},
			{Name: "second", Attributes: append(make([]attribute.KeyValue, 0, 50), nested...), DroppedAttributeCount: 9},
		},
		Links: []sdktrace.Link{
			{SpanContext: callerOf("c=3"), Attributes: append(make([]attribute.KeyValue, 0, 50), nested...), DroppedAttributeCount: 8},
			{SpanContext: callerOf("")},
		},
		Status:            sdktrace.Status{Code: codes.Error, Description: "boom"},
		DroppedAttributes: 5, DroppedEvents: 6, DroppedLinks: 7, ChildSpanCount: 4,
		Resource:             resource.NewSchemaless(attribute.String("service.name", "shop")),
		InstrumentationScope: instrumentation.Scope{Name: "scope", Version: "1", SchemaURL: "https://example.com", Attributes: attribute.NewSet(attribute.Bool("x", true))},
	}
}

// shown is what the methods of a span return, by name.
func shown(s sdktrace.ReadOnlySpan) map[string]any {
	all := map[string]any{}
	of := reflect.TypeFor[sdktrace.ReadOnlySpan]()
	for i := range of.NumMethod() {
		if m := of.Method(i); m.IsExported() {
			all[m.Name] = reflect.ValueOf(s).MethodByName(m.Name).Call(nil)[0].Interface()
		}
	}
	return all
}

var sameSpan = cmp.Options{
	cmp.Comparer(func(a, b attribute.Value) bool { return a == b }),
	cmp.Comparer(func(a, b attribute.Set) bool { return a.Equals(&b) }),
	cmp.Comparer(func(a, b trace.SpanContext) bool {
		return a.Equal(b) && a.IsRemote() == b.IsRemote() && a.TraceState().String() == b.TraceState().String()
	}),
	cmp.Comparer(func(a, b *resource.Resource) bool { return a == b }),
}

// A copy shows what the span shows, by every method that the interface has.
func TestCopiesShowTheSame(t *testing.T) {
	bare := tracetest.SpanStub{Name: "bare", Links: []sdktrace.Link{}}
	parented := rich()
	parented.Parent = callerOf("b=2,a=1")
	for name, stub := range map[string]tracetest.SpanStub{"rich": rich(), "bare": bare, "another tracestate of the parent": parented} {
		span := stub.Snapshot()
		for how, copied := range map[string]sdktrace.ReadOnlySpan{
			"Own": delivery.Own(span), "Copy": delivery.Copy(span),
			"Copy of Own": delivery.Copy(delivery.Own(span)), "Own of Copy": delivery.Own(delivery.Copy(span)),
		} {
			if diff := cmp.Diff(shown(span), shown(copied), sameSpan, cmp.Transformer("empty", func(list []attribute.KeyValue) []string { return keysOf(list) })); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", how, name, diff)
			}
		}
	}
}

// keysOf is a list of attributes as text.
func keysOf(list []attribute.KeyValue) (all []string) {
	for _, kv := range list {
		all = append(all, string(kv.Key)+"="+kv.Value.String())
	}
	return all
}

// A method that a later SDK adds to the interface is promoted from the embedded span, which must not be nil.
func TestCopiesAnswerMethodsOfLaterSDKs(t *testing.T) {
	embedded := func(span sdktrace.ReadOnlySpan) (sdktrace.ReadOnlySpan, bool) {
		inner, ok := reflect.ValueOf(span).Elem().FieldByName("ReadOnlySpan").Interface().(sdktrace.ReadOnlySpan)
		return inner, ok
	}
	span := tracetest.SpanStub{Name: "GET /", SpanContext: callerOf("a=1")}.Snapshot()
	for name, span := range map[string]sdktrace.ReadOnlySpan{"own": delivery.Own(span), "copy": delivery.Copy(span)} {
		inner, ok := embedded(span)
		if !ok {
			t.Errorf("%s: the embedded span is nil", name)
		} else if inner.Name() != "" || len(inner.Attributes())+len(inner.Events())+len(inner.Links()) > 0 {
			t.Errorf("%s: the embedded span has content", name)
		}
	}
}

func TestOwnCopiesOnlyWhatHidesSomething(t *testing.T) {
	link := func(attributes ...attribute.KeyValue) tracetest.SpanStub {
		return tracetest.SpanStub{Links: []sdktrace.Link{{Attributes: attributes}}}
	}
	for name, row := range map[string]struct {
		stub tracetest.SpanStub
		copy bool
	}{
		"bare":                     {tracetest.SpanStub{}, false},
		"every type":               {tracetest.SpanStub{Attributes: nested}, false},
		"tracestate":               {tracetest.SpanStub{SpanContext: callerOf("a=1")}, true},
		"tracestate of the parent": {tracetest.SpanStub{Parent: callerOf("a=1")}, true},
		"event":                    {tracetest.SpanStub{Events: []sdktrace.Event{{Attributes: nested[:2]}}}, false},
		"event with dropped ones":  {tracetest.SpanStub{Events: []sdktrace.Event{{Attributes: nested[:2], DroppedAttributeCount: 1}}}, true},
		"link":                     {link(nested[:2:2]...), false},
		"part of a list in a link": {link(nested[:2]...), true},
	} {
		span := row.stub.Snapshot()
		if copied := !reflect.DeepEqual(reflect.TypeOf(delivery.Own(span)), reflect.TypeOf(span)); copied != row.copy {
			t.Errorf("%s: copied %t, want %t", name, copied, row.copy)
		}
	}
}

// Another provider cuts values itself, and its span processor exports them: what is queued is still
// what is charged.
func TestQueueBehindAnotherSpanProcessor(t *testing.T) {
	for name, text := range map[string]string{"text": strings.Repeat("x", 50_000), "text that is not UTF-8": "a" + strings.Repeat("\xff", 50_000)} {
		t.Run(name, func(t *testing.T) {
			const queue = 1 << 20
			o := options(&record{})
			o.QueueBytes, o.BatchDelay, o.BatchSize = queue, time.Hour, 1<<20
			x := delivery.New(encoder{each: 1}, &sender{}, o)
			limits := sdktrace.NewSpanLimits()
			limits.AttributeValueLengthLimit = 256
			provider := sdktrace.NewTracerProvider(sdktrace.WithRawSpanLimits(limits), sdktrace.WithSyncer(x))
			before := heap()
			for x.Stats().Dropped["queue_full"] == 0 {
				_, s := provider.Tracer("test").Start(t.Context(), "work")
				s.SetAttributes(attribute.String("k", strings.Clone(text)), attribute.StringSlice("l", []string{strings.Clone(text)}))
				s.End()
			}
			if ratio := float64(heap()-before) / queue; ratio < 0.7 || ratio > 1.3 {
				t.Errorf("%.2f times the bound is kept, want 0.7 to 1.3", ratio)
			}
			finish(t, x)
		})
	}
}

// heap is the memory in use once all garbage is gone.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
