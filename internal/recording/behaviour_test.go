package recording_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

var update = flag.Bool("update", false, "write testdata/behaviours.txt as the SDK behaves")

// A world is one provider with the spans that ended, and a transcript.
type world struct {
	t      *testing.T
	ended  *ended
	p      provider
	tracer trace.Tracer
	notes  strings.Builder
}

func (w *world) say(format string, args ...any) { fmt.Fprintf(&w.notes, format+"\n", args...) }

// start starts a span at second 1.
func (w *world) start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	return w.tracer.Start(ctx, name, append([]trace.SpanStartOption{second(1)}, options...)...)
}

// span starts a span, changes it and ends it at second 2.
func (w *world) span(change func(trace.Span), options ...trace.SpanStartOption) {
	_, s := w.start(context.Background(), "work", options...)
	change(s)
	s.End(second(2))
}

func second(n int64) trace.SpanEventOption { return trace.WithTimestamp(time.Unix(n, 0)) }

func remote(flags trace.TraceFlags, state string) context.Context {
	return trace.ContextWithRemoteSpanContext(context.Background(), callerOf(flags, state))
}

func callerOf(flags trace.TraceFlags, state string) trace.SpanContext {
	parsed, err := trace.ParseTraceState(state)
	if err != nil {
		panic(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xa}, SpanID: trace.SpanID{0xb}, TraceFlags: flags, TraceState: parsed,
	})
}

// verdictSampler returns a fixed result and records its parameters.
type verdictSampler struct {
	result sdktrace.SamplingResult
	asked  *[]string
}

func (s verdictSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	*s.asked = append(*s.asked, fmt.Sprintf("%s %v parent [%s]%s, %d links", p.Name, p.Kind, contextText(parent), attributesText(p.Attributes), len(p.Links)))
	return s.result
}

func (verdictSampler) Description() string { return "verdict" }

type textError string

func (e textError) Error() string { return string(e) }

var behaviours = []struct {
	name   string
	config func(*recording.Config)
	do     func(*world)
}{
	{"a span without anything", nil, func(w *world) { w.span(func(trace.Span) {}) }},
	{"kinds", nil, func(w *world) {
		for _, kind := range []trace.SpanKind{trace.SpanKindClient, trace.SpanKindServer, trace.SpanKindProducer, trace.SpanKindConsumer, 0, 77} {
			w.span(func(trace.Span) {}, trace.WithSpanKind(kind))
		}
	}},
	{"parent and children", nil, func(w *world) {
		ctx, s := w.start(context.Background(), "parent")
		for range 3 {
			_, child := w.start(ctx, "child")
			child.End(second(2))
		}
		s.End(second(3))
		_, late := w.start(ctx, "started after the end of its parent")
		late.End(second(4))
	}},
	{"a remote parent", nil, func(w *world) {
		for _, flags := range []trace.TraceFlags{0, trace.FlagsSampled, 0x02, 0x03, 0xff} {
			_, s := w.start(remote(flags, "v=1,w=2"), "work")
			w.say("[%s] recording %v", contextText(s.SpanContext()), s.IsRecording())
			s.End(second(2))
		}
	}},
	{"a new root below a span", nil, func(w *world) {
		ctx, s := w.start(remote(trace.FlagsSampled, "v=1"), "above")
		_, root := w.start(ctx, "root", trace.WithNewRoot())
		root.End(second(2))
		s.End(second(3))
	}},
	{"a nil context", nil, func(w *world) {
		ctx, s := w.start(nil, "work") //nolint:staticcheck // on purpose
		w.say("in context %v", trace.SpanFromContext(ctx) == s)
		s.End(second(2))
	}},
	{"what the sampler sees, and what it adds", func(c *recording.Config) {
		state, _ := trace.ParseTraceState("sampler=yes")
		c.Sampler = verdictSampler{sdktrace.SamplingResult{
			Decision: sdktrace.RecordAndSample, Tracestate: state,
			Attributes: []attribute.KeyValue{attribute.Int("rate", 1), attribute.Int("rate", 2), attribute.String("given", "by the sampler")},
		}, new([]string)}
	}, func(w *world) {
		link := trace.Link{SpanContext: callerOf(0, "")}
		_, s := w.start(remote(0, "v=1"), "work", trace.WithSpanKind(trace.SpanKindServer), trace.WithLinks(link, trace.Link{}),
			trace.WithAttributes(attribute.String("given", "at the start"), attribute.Bool("b", true)))
		s.End(second(2))
	}},
	{"decisions", func(c *recording.Config) { c.Sampler = nameSampler{} }, func(w *world) {
		for _, name := range []string{"drop", "record", "sample", "unknown"} {
			ctx, s := w.start(remote(trace.FlagsSampled, "v=1"), name)
			w.say("%s: [%s] recording %v, provider %v", name, contextText(s.SpanContext()), s.IsRecording(), s.TracerProvider() == trace.TracerProvider(w.p))
			_, readable := s.(sdktrace.ReadOnlySpan)
			w.say("readable %v, in context %v", readable, trace.SpanContextFromContext(ctx).Equal(s.SpanContext()))
			_, child := w.start(ctx, name)
			w.say("child [%s]", contextText(child.SpanContext()))
			child.End(second(2))
			s.End(second(3))
		}
	}},
	{"a dropped span does nothing", func(c *recording.Config) { c.Sampler = sdktrace.NeverSample() }, func(w *world) {
		w.span(func(s trace.Span) {
			s.SetName("other")
			s.SetStatus(codes.Error, "")
			s.SetAttributes(attribute.Bool("a", true))
			s.AddEvent("e")
			s.AddLink(trace.Link{SpanContext: callerOf(0, "")})
			s.RecordError(errors.New("x"))
			w.say("recording %v", s.IsRecording())
		})
	}},
	{"names", nil, func(w *world) {
		w.span(func(s trace.Span) { s.SetName("second"); s.SetName("") })
		w.span(func(s trace.Span) { s.SetName("not UTF-8: \xff") })
	}},
	{"status", nil, func(w *world) {
		for _, sets := range [][]codes.Code{
			{codes.Ok}, {codes.Error}, {codes.Unset}, {codes.Error, codes.Ok}, {codes.Ok, codes.Error}, {codes.Ok, codes.Ok},
			{codes.Error, codes.Unset}, {codes.Error, codes.Error}, {codes.Ok, codes.Unset}, {7, codes.Ok},
		} {
			w.span(func(s trace.Span) {
				for i, code := range sets {
					s.SetStatus(code, fmt.Sprint("description ", i))
				}
			})
		}
	}},
	{"values of all types", nil, func(w *world) {
		w.span(func(s trace.Span) { s.SetAttributes(allTypes()...) })
		w.span(func(trace.Span) {}, trace.WithAttributes(allTypes()...))
	}},
	{"the last value of a key wins, in the first place", nil, func(w *world) {
		w.span(func(s trace.Span) {
			s.SetAttributes(attribute.Int("a", 1), attribute.Int("b", 2), attribute.Int("a", 3))
			s.SetAttributes(attribute.String("b", "text"), attribute.Int("c", 4), attribute.Int("a", 5))
		}, trace.WithAttributes(attribute.Int("c", 0), attribute.Int("c", 1)))
	}},
	{"invalid attributes are dropped", nil, func(w *world) {
		w.span(func(s trace.Span) {
			s.SetAttributes()
			s.SetAttributes(attribute.KeyValue{})
			s.SetAttributes(attribute.Int("", 1), attribute.KeyValue{Key: "empty value"}, attribute.Int("a", 1))
		})
		w.span(func(s trace.Span) { s.SetAttributes(attribute.KeyValue{}) })
	}},
	{"limit of attributes", limited(func(l *sdktrace.SpanLimits) { l.AttributeCountLimit = 3 }), func(w *world) {
		w.span(func(s trace.Span) {
			for i := range 6 {
				s.SetAttributes(attribute.Int(fmt.Sprint(i), i))
			}
			s.SetAttributes(attribute.Int("1", 10), attribute.Int("7", 7), attribute.KeyValue{}, attribute.Int("2", 20), attribute.Int("7", 70))
		}, trace.WithAttributes(attribute.Int("0", 100)))
		w.span(func(s trace.Span) {
			s.SetAttributes(attribute.Int("a", 1), attribute.Int("a", 2), attribute.Int("a", 3), attribute.Int("a", 4), attribute.Int("b", 5))
		})
	}},
	{"no attributes", limited(func(l *sdktrace.SpanLimits) { l.AttributeCountLimit = 0 }), func(w *world) {
		w.span(func(s trace.Span) {
			s.SetAttributes(attribute.Int("a", 1), attribute.Int("a", 2), attribute.KeyValue{})
		}, trace.WithAttributes(attribute.Int("0", 100)))
	}},
	{"many attributes without a limit", limited(func(l *sdktrace.SpanLimits) { l.AttributeCountLimit = -1 }), func(w *world) {
		w.span(func(s trace.Span) {
			for i := range 400 {
				s.SetAttributes(attribute.Int(fmt.Sprint("key.", i%150), i))
			}
		})
	}},
	{"limit of text", limited(func(l *sdktrace.SpanLimits) { l.AttributeValueLengthLimit = 3 }), func(w *world) {
		w.span(func(s trace.Span) {
			s.SetAttributes(longTexts()...)
			s.AddEvent("event", second(2), trace.WithAttributes(longTexts()...))
			s.AddLink(trace.Link{Attributes: longTexts()})
		})
	}},
	{"no text", limited(func(l *sdktrace.SpanLimits) { l.AttributeValueLengthLimit = 0 }), func(w *world) {
		w.span(func(s trace.Span) { s.SetAttributes(longTexts()...) })
	}},
	{"limit of depth", limited(func(l *sdktrace.SpanLimits) { l.AttributeValueDepthLimit = 2 }), func(w *world) {
		w.span(func(s trace.Span) {
			s.SetAttributes(deepValues()...)
			s.AddEvent("event", second(2), trace.WithAttributes(deepValues()...))
			s.AddLink(trace.Link{Attributes: deepValues()})
		})
	}},
	{"no limit of depth", limited(func(l *sdktrace.SpanLimits) { l.AttributeValueDepthLimit = -1 }), func(w *world) {
		w.span(func(s trace.Span) { s.SetAttributes(deepValues()...) })
	}},
	{"default limit of depth", limited(func(l *sdktrace.SpanLimits) { l.AttributeValueDepthLimit = 0 }), func(w *world) {
		deep := attribute.StringValue("bottom")
		for range 70 {
			deep = attribute.SliceValue(deep)
		}
		w.span(func(s trace.Span) { s.SetAttributes(attribute.KeyValue{Key: "deep", Value: deep}) })
	}},
	{"events", nil, func(w *world) {
		w.span(func(s trace.Span) {
			s.AddEvent("now")
			s.AddEvent("", second(5), trace.WithAttributes(attribute.Int("a", 1), attribute.Int("a", 2), attribute.KeyValue{}))
			s.AddEvent("two options", second(6), second(7), trace.WithAttributes(attribute.Int("a", 1)), trace.WithAttributes(attribute.Int("b", 1)), trace.WithStackTrace(true))
		})
	}},
	{"limit of events", limited(func(l *sdktrace.SpanLimits) { l.EventCountLimit, l.AttributePerEventCountLimit = 2, 1 }), func(w *world) {
		w.span(func(s trace.Span) {
			for i := range 5 {
				s.AddEvent(fmt.Sprint(i), second(int64(i)), trace.WithAttributes(attribute.Int("a", 1), attribute.Int("b", 2)))
			}
		})
	}},
	{"no limit of events", limited(func(l *sdktrace.SpanLimits) { l.EventCountLimit, l.AttributePerEventCountLimit = -1, 0 }), func(w *world) {
		w.span(func(s trace.Span) {
			for i := range 200 {
				s.AddEvent(fmt.Sprint(i), second(int64(i)), trace.WithAttributes(attribute.Int("a", 1)))
			}
		})
	}},
	{"links", nil, func(w *world) {
		w.span(func(s trace.Span) {
			s.AddLink(trace.Link{})
			s.AddLink(trace.Link{Attributes: []attribute.KeyValue{attribute.Int("a", 1), attribute.Int("a", 2)}})
			s.AddLink(trace.Link{SpanContext: trace.SpanContext{}.WithTraceState(callerOf(0, "v=1").TraceState())})
			s.AddLink(trace.LinkFromContext(remote(1, "v=1"), attribute.Bool("b", true)))
		}, trace.WithLinks(trace.Link{SpanContext: callerOf(1, "")}, trace.Link{}))
	}},
	{"limit of links", limited(func(l *sdktrace.SpanLimits) { l.LinkCountLimit, l.AttributePerLinkCountLimit = 2, 1 }), func(w *world) {
		w.span(func(s trace.Span) {
			for i := range 4 {
				s.AddLink(trace.Link{Attributes: []attribute.KeyValue{attribute.Int("n", i), attribute.Int("m", i)}})
			}
		}, trace.WithLinks(trace.Link{SpanContext: callerOf(1, "")}))
	}},
	{"links without attributes", limited(func(l *sdktrace.SpanLimits) { l.LinkCountLimit, l.AttributePerLinkCountLimit = -1, 0 }), func(w *world) {
		w.span(func(s trace.Span) { s.AddLink(trace.Link{Attributes: []attribute.KeyValue{attribute.Int("n", 1)}}) })
	}},
	{"errors", nil, func(w *world) {
		w.span(func(s trace.Span) {
			s.RecordError(nil)
			s.RecordError(errors.New("plain"), second(3))
			s.RecordError(textError("typed"), second(4), trace.WithAttributes(attribute.Int("a", 1)))
			s.RecordError(fmt.Errorf("wrapped: %w", context.Canceled), second(5), trace.WithStackTrace(true))
			s.RecordError(&os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}, second(6), trace.WithStackTrace(false))
		})
	}},
	{"an error whose text comes from the span", nil, func(w *world) {
		w.span(func(s trace.Span) { s.RecordError(reentrant{s}, second(3)) })
	}},
	{"options of an error are not written to", nil, func(w *world) {
		options := append(make([]trace.EventOption, 0, 8), second(3))
		w.span(func(s trace.Span) {
			s.RecordError(errors.New("one"), options...)
			s.RecordError(errors.New("two"), options...)
		})
	}},
	{"a panic", nil, func(w *world) { panicking(w, "the value") }},
	{"a panic with a stack", nil, func(w *world) { panicking(w, textError("the error"), trace.WithStackTrace(true)) }},
	{"a panic whose text panics", nil, func(w *world) { panicking(w, panickingText{}) }},
	{"a panic that is not recorded", func(c *recording.Config) { c.WithoutPanicRecording = true }, func(w *world) { panicking(w, "the value") }},
	{"a panic after the end", nil, func(w *world) {
		defer func() { w.say("recovered %v", recover()) }()
		_, s := w.start(context.Background(), "work")
		defer s.End(second(9))
		s.End(second(2))
		panic("late")
	}},
	{"use after the end", nil, func(w *world) {
		_, s := w.start(context.Background(), "work", trace.WithAttributes(attribute.Int("a", 1)))
		s.AddEvent("before", second(2))
		s.End(second(2))
		s.SetName("after")
		s.SetStatus(codes.Error, "after")
		s.SetAttributes(attribute.Int("a", 2), attribute.Int("b", 2))
		s.AddEvent("after")
		s.AddLink(trace.Link{SpanContext: callerOf(0, "")})
		s.RecordError(errors.New("after"))
		s.End(second(9))
		s.End()
		w.say("recording %v [%s]", s.IsRecording(), contextText(s.SpanContext()))
		w.say("%s", describe(s.(sdktrace.ReadOnlySpan)))
	}},
	{"a span that runs is readable", nil, func(w *world) {
		_, s := w.start(remote(trace.FlagsSampled, "v=1"), "work", trace.WithAttributes(attribute.Int("a", 1)), trace.WithSpanKind(trace.SpanKindServer))
		r := s.(sdktrace.ReadWriteSpan)
		before, events, links := r.Attributes(), r.Events(), r.Links()
		w.say("%s", describe(r))
		w.say("events nil %v, links nil %v", events == nil, links == nil)
		s.SetAttributes(attribute.Int("a", 2), attribute.Int("b", 2))
		s.AddEvent("event", second(2))
		s.AddLink(trace.Link{SpanContext: callerOf(0, "")})
		s.SetStatus(codes.Error, "description")
		w.say("%s", describe(r))
		w.say("what was read before: %s, %d events, %d links", attributesText(before), len(events), len(links))
		s.End(second(2))
	}},
	{"times", nil, func(w *world) {
		_, s := w.tracer.Start(context.Background(), "now")
		s.AddEvent("now")
		s.End()
		ended := w.ended.spans[0]
		elapsed := ended.EndTime().Sub(ended.StartTime())
		w.say("monotonic %v, in order %v", strings.Contains(ended.EndTime().String(), "m="), elapsed >= 0 && elapsed < time.Minute && !ended.Events()[0].Time.After(ended.EndTime()))
		_, s = w.tracer.Start(context.Background(), "from the past", second(1))
		s.End()
		_, s = w.tracer.Start(context.Background(), "to the past")
		s.End(second(1))
		_, s = w.tracer.Start(context.Background(), "zero times", trace.WithTimestamp(time.Time{}))
		s.End(trace.WithTimestamp(time.Time{}))
	}},
	{"scopes", nil, func(w *world) {
		duplicate := attribute.Map("map", attribute.Int("k", 1), attribute.Int("k", 2))
		for _, options := range [][]trace.TracerOption{
			nil,
			{trace.WithInstrumentationVersion("1.2"), trace.WithSchemaURL("https://example.com/schema")},
			{trace.WithInstrumentationAttributes(attribute.Int("a", 1), attribute.Int("a", 2), duplicate)},
			{trace.WithInstrumentationAttributes(attribute.Int("a", 1)), trace.WithInstrumentationAttributes(attribute.Int("b", 1))},
		} {
			for _, name := range []string{"", "library"} {
				w.tracer = w.p.Tracer(name, options...)
				w.say("the same tracer %v", w.tracer == w.p.Tracer(name, options...))
				w.span(func(trace.Span) {})
			}
		}
	}},
	{"OnStart sees the span and the parent's context", nil, func(w *world) {
		type key struct{}
		ctx, above := w.start(context.WithValue(context.Background(), key{}, "value"), "above")
		w.ended.onStart = func(ctx context.Context, s sdktrace.ReadWriteSpan) {
			w.say("value %v, parent %v\n%s", ctx.Value(key{}), trace.SpanFromContext(ctx) == above, describe(s))
			s.SetAttributes(attribute.Bool("set in OnStart", s.IsRecording()))
		}
		_, s := w.start(ctx, "below", trace.WithAttributes(attribute.Int("a", 1)))
		s.End(second(2))
	}},
	{"a span that ends in OnStart", nil, func(w *world) {
		w.ended.onStart = func(_ context.Context, s sdktrace.ReadWriteSpan) { s.End(second(2)) }
		_, s := w.start(context.Background(), "work")
		w.say("recording %v", s.IsRecording())
		s.End(second(3))
	}},
	{"processors in order, added and removed", func(c *recording.Config) { c.Processors = append(c.Processors, &noisy{name: "first"}) }, func(w *world) {
		second := &noisy{name: "second", w: w}
		w.p.RegisterSpanProcessor(second)
		third := &noisy{name: "third", w: w}
		w.p.RegisterSpanProcessor(third)
		w.span(func(trace.Span) {})
		_, s := w.start(context.Background(), "running")
		w.p.UnregisterSpanProcessor(second)
		w.p.UnregisterSpanProcessor(&noisy{name: "unknown", w: w})
		s.End()
		w.say("flush: %v", w.p.ForceFlush(context.Background()))
		w.say("shutdown: %v", w.p.Shutdown(context.Background()))
		w.say("shutdown again: %v", w.p.Shutdown(context.Background()))
		w.p.RegisterSpanProcessor(second)
		w.span(func(trace.Span) {})
		w.say("flush: %v", w.p.ForceFlush(context.Background()))
	}},
	{"tracers after Shutdown", nil, func(w *world) {
		_, running := w.start(context.Background(), "running")
		w.say("%v", w.p.Shutdown(context.Background()))
		w.span(func(s trace.Span) { w.say("of an old tracer: recording %v", s.IsRecording()) })
		_, s := w.p.Tracer("new").Start(context.Background(), "work")
		w.say("of a new tracer: recording %v, valid %v", s.IsRecording(), s.SpanContext().IsValid())
		running.End()
	}},
	{"Shutdown whose context is over", nil, func(w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		w.say("flush: %v", w.p.ForceFlush(ctx))
		w.say("shutdown: %v", w.p.Shutdown(ctx))
		w.span(func(trace.Span) {})
	}},
	{"Shutdown and ForceFlush that fail", nil, func(w *world) {
		w.p.RegisterSpanProcessor(&noisy{name: "a", w: w, err: errors.New("a fails")})
		w.p.RegisterSpanProcessor(&noisy{name: "b", w: w, err: errors.New("b fails")})
		w.say("flush: %v", w.p.ForceFlush(context.Background()))
		w.say("shutdown: %v", w.p.Shutdown(context.Background()))
	}},
	{"a processor that uses the provider during its shutdown", nil, func(w *world) {
		w.p.RegisterSpanProcessor(&noisy{name: "recursive", w: w, during: func() {
			w.say("inner shutdown: %v", w.p.Shutdown(context.Background()))
			w.p.RegisterSpanProcessor(&noisy{name: "too late", w: w})
			w.p.UnregisterSpanProcessor(w.ended)
			_, s := w.p.Tracer("inner").Start(context.Background(), "inner")
			w.say("recording %v", s.IsRecording())
		}})
		w.say("shutdown: %v", w.p.Shutdown(context.Background()))
	}},
}

func limited(set func(*sdktrace.SpanLimits)) func(*recording.Config) {
	return func(c *recording.Config) { set(&c.Limits) }
}

// nameSampler decides by the name of the span, and keeps the tracestate.
type nameSampler struct{}

func (nameSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	decision, ok := map[string]sdktrace.SamplingDecision{"record": sdktrace.RecordOnly, "sample": sdktrace.RecordAndSample, "unknown": 99}[p.Name]
	if !ok {
		decision = sdktrace.Drop
	}
	return sdktrace.SamplingResult{Decision: decision, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

func (nameSampler) Description() string { return "name" }

// reentrant is an error whose text changes the span that it is recorded on.
type reentrant struct{ span trace.Span }

func (e reentrant) Error() string {
	e.span.SetAttributes(attribute.Bool("set by Error", true))
	return "reentrant"
}

type panickingText struct{}

func (panickingText) String() string { panic("in String") }

func panicking(w *world, value any, options ...trace.SpanEndOption) {
	defer func() { w.say("recovered %v", recover() == value) }()
	_, s := w.start(context.Background(), "work")
	defer s.End(append(options, second(2))...)
	panic(value)
}

// noisy is a processor that records its calls.
type noisy struct {
	name   string
	w      *world // nil: silent
	err    error
	during func() // Shutdown
}

func (n *noisy) note(call string) {
	if n.w != nil {
		n.w.say("%s: %s", n.name, call)
	}
}

func (n *noisy) OnStart(_ context.Context, s sdktrace.ReadWriteSpan) { n.note("start " + s.Name()) }
func (n *noisy) OnEnd(s sdktrace.ReadOnlySpan)                       { n.note("end " + s.Name()) }
func (n *noisy) ForceFlush(context.Context) error                    { n.note("flush"); return n.err }

func (n *noisy) Shutdown(context.Context) error {
	n.note("shutdown")
	if n.during != nil {
		n.during()
	}
	return n.err
}

func allTypes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.Bool("bool", true), attribute.Int("int", -7), attribute.Float64("float", 1.5), attribute.String("text", "é\xff"),
		attribute.BoolSlice("bools", []bool{true, false}), attribute.IntSlice("ints", []int{1, 2, 3, 4}),
		attribute.Float64Slice("floats", []float64{0.5}), attribute.StringSlice("texts", []string{"", "a", "b", "c", "d"}),
		attribute.ByteSlice("bytes", []byte{0, 255}), {Key: "empty"}, attribute.StringSlice("no texts", nil),
		attribute.Slice("list", attribute.IntValue(1), attribute.StringValue("two"), attribute.Value{}), attribute.Slice("empty list"),
		attribute.Map("map", attribute.Int("z", 1), attribute.Int("a", 1)), attribute.Map("empty map"),
	}
}

func longTexts() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("text", "abcdef"), attribute.String("short", "abc"), attribute.String("runes", "äöüß"), attribute.String("fits in runes", "äö"),
		attribute.String("not UTF-8", "a\xffb\xfec\xfdd"), attribute.String("short not UTF-8", "a\xff"), attribute.String("replacement", "\ufffd\ufffd\ufffd\ufffd"),
		attribute.StringSlice("texts", []string{"abcdef", "a", "äöüß", "x\xffyz\xff"}), attribute.ByteSlice("bytes", []byte("abcdef")),
		attribute.Int("int", 123456), attribute.Slice("list", attribute.StringValue("abcdef"), attribute.StringSliceValue([]string{"abcdef"})),
		attribute.Map("map", attribute.String("long key", "abcdef"), attribute.Slice("list", attribute.StringValue("abcdef"))),
	}
}

func deepValues() []attribute.KeyValue {
	inner := attribute.Map("inner", attribute.Int("k", 1), attribute.Int("k", 2), attribute.StringSlice("texts", []string{"a"}))
	return []attribute.KeyValue{
		inner, attribute.StringSlice("texts", []string{"a"}),
		attribute.Map("map", inner, attribute.Int("x", 1), attribute.Int("x", 2), inner),
		attribute.Slice("list", inner.Value, attribute.IntSliceValue([]int{1}), attribute.IntValue(1)),
		attribute.Slice("one", attribute.SliceValue(attribute.SliceValue(attribute.ByteSliceValue([]byte{1})))),
		attribute.Map("duplicates only", attribute.Int("k", 1), attribute.Int("k", 2)),
	}
}

// TestBehaviours runs all subjects through the table and compares them with testdata/behaviours.txt, which holds what
// the SDK does: go test -run TestBehaviours -update writes it.
func TestBehaviours(t *testing.T) {
	file := filepath.Join("testdata", "behaviours.txt")
	if *update {
		if err := os.WriteFile(file, []byte(transcript(t, oracle)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := sections(string(data))
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			got := sections(transcript(t, s))
			if len(got) != len(want) {
				t.Errorf("%d rows, %d in %s", len(got), len(want), file)
			}
			for name, text := range got {
				if text != want[name] {
					t.Errorf("%s\ngot:\n%s\nwant:\n%s", name, text, want[name])
				}
			}
		})
	}
}

func transcript(t *testing.T, s subject) string {
	var b strings.Builder
	for _, row := range behaviours {
		fmt.Fprintf(&b, "== %s\n%s", row.name, behave(t, s, row.config, row.do))
	}
	return b.String()
}

func behave(t *testing.T, s subject, configure func(*recording.Config), do func(*world)) string {
	w := &world{t: t, ended: new(ended)}
	c := newConfig()
	c.Processors = append(c.Processors, w.ended)
	if configure != nil {
		configure(&c)
	}
	w.p = s.open(c)
	w.tracer = w.p.Tracer("test")
	do(w)
	if sampler, ok := c.Sampler.(verdictSampler); ok {
		for _, asked := range *sampler.asked {
			w.say("sampler asked: %s", asked)
		}
	}
	for _, span := range w.ended.spans {
		w.notes.WriteString(describe(span))
	}
	return w.notes.String()
}

func sections(text string) map[string]string {
	all := make(map[string]string)
	for _, section := range strings.Split(text, "== ")[1:] {
		name, rest, _ := strings.Cut(section, "\n")
		all[name] = rest
	}
	return all
}
