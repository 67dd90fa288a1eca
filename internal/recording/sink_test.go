package recording_test

import (
	"context"
	"errors"
	"testing"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

// taking is a sink that describes the bodies it takes, and releases them at once.
type taking struct{ seen []string }

func (s *taking) Take(b *recording.Body) {
	s.seen = append(s.seen, describe(b))
	b.Release()
}

// keeping is a sink that keeps bodies until the test releases them.
type keeping struct{ bodies []*recording.Body }

func (s *keeping) Take(b *recording.Body) { s.bodies = append(s.bodies, b) }

func sinkConfig(sinks ...recording.Sink) recording.Config {
	c := newConfig()
	c.Sinks = sinks
	return c
}

// What a sink takes is what a processor of the SDK gets, also when bodies are used again and again.
func TestSinksTakeWhatProcessorsGet(t *testing.T) {
	first, other := new(taking), new(taking)
	pooled, collected := recording.New(sinkConfig(first, other)).Tracer("test"), new(ended)
	c := newConfig()
	c.Processors = []sdktrace.SpanProcessor{collected}
	want := oracle.open(c).Tracer("test")
	for range 50 {
		for _, attributes := range [][]attribute.KeyValue{allTypes(), nil, longTexts(), deepValues(), make([]attribute.KeyValue, 3)} {
			for _, tracer := range []trace.Tracer{pooled, want} {
				ctx, span := tracer.Start(remote(trace.FlagsSampled, "v=1"), "work", second(1), trace.WithAttributes(attributes...))
				_, child := tracer.Start(ctx, "child", second(1))
				child.End(second(2))
				span.AddEvent("event", second(2), trace.WithAttributes(attributes...))
				span.AddLink(trace.Link{SpanContext: callerOf(0, "w=2"), Attributes: attributes})
				span.RecordError(errors.New("error"), second(2))
				span.SetStatus(codes.Error, "description")
				span.End(second(3))
			}
		}
	}
	for i, span := range collected.spans {
		if want := describe(span); first.seen[i] != want || other.seen[i] != want {
			t.Fatalf("span %d: the sinks took\n%s%swant\n%s", i, first.seen[i], other.seen[i], want)
		}
	}
}

func TestHandleAfterItsEnd(t *testing.T) {
	kept := new(keeping)
	_, span := recording.New(sinkConfig(kept)).Tracer("test", trace.WithInstrumentationVersion("1")).Start(context.Background(), "work")
	sc := span.SpanContext()
	span.End()
	span.SetName("after")
	span.SetAttributes(attribute.Bool("after", true))
	span.AddEvent("after")
	span.AddLink(trace.Link{SpanContext: sc})
	span.SetStatus(codes.Error, "after")
	span.RecordError(errors.New("after"))
	span.End()
	if span.IsRecording() || !span.SpanContext().Equal(sc) || len(kept.bodies) != 1 {
		t.Fatalf("recording %v, context %v, %d bodies", span.IsRecording(), span.SpanContext(), len(kept.bodies))
	}
	handle, body := span.(sdktrace.ReadOnlySpan), kept.bodies[0]
	if handle.Name() != "" || !handle.EndTime().IsZero() || handle.InstrumentationScope().Version != "1" || handle.Resource().Len() != 1 {
		t.Errorf("the handle shows %s", describe(handle))
	}
	if body.Name() != "work" || len(body.Attributes())+len(body.Events())+len(body.Links()) != 0 || body.Status().Code != codes.Unset {
		t.Errorf("the body shows %s", describe(body))
	}
	body.Release()
}

// Where there is a span processor, which may keep spans, bodies stay readable after the sinks have released them.
func TestBodiesThatProcessorsGotStay(t *testing.T) {
	for name, late := range map[string]bool{"from the start": false, "registered while the span runs": true} {
		t.Run(name, func(t *testing.T) {
			kept, released := new(ended), new(taking)
			c := sinkConfig(released)
			if !late {
				c.Processors = []sdktrace.SpanProcessor{kept}
			}
			p := recording.New(c)
			tracer := p.Tracer("test")
			var handles []trace.Span
			for i := range 100 {
				_, span := tracer.Start(context.Background(), "work", trace.WithAttributes(attribute.Int("i", i)))
				if late && i == 0 {
					p.RegisterSpanProcessor(kept)
				}
				span.End()
				handles = append(handles, span)
			}
			for i, span := range kept.spans {
				if got := describe(span); got != released.seen[i] || got != describe(handles[i].(sdktrace.ReadOnlySpan)) {
					t.Fatalf("span %d was\n%sand is now\n%s", i, released.seen[i], got)
				}
			}
			if len(kept.spans) != 100 {
				t.Errorf("%d spans, want 100", len(kept.spans))
			}
		})
	}
}

func TestSinksTakeUnsampledSpansAndThoseAfterShutdown(t *testing.T) {
	sink := new(taking)
	c := sinkConfig(sink)
	c.Sampler = nameSampler{}
	p := recording.New(c)
	tracer := p.Tracer("test")
	_, running := tracer.Start(context.Background(), "sample")
	for _, name := range []string{"drop", "record"} {
		_, span := tracer.Start(context.Background(), name)
		span.End()
	}
	if err := p.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	running.End()
	if len(sink.seen) != 2 {
		t.Errorf("took %q, want the span that is only recorded, and the late one", sink.seen)
	}
}

// A body does not keep lists of the program, or texts that a limit cut.
func TestBodiesOwnTheirMemory(t *testing.T) {
	kept := new(keeping)
	c := sinkConfig(kept)
	c.Limits.AttributeValueLengthLimit, c.Limits.AttributePerEventCountLimit, c.Limits.AttributePerLinkCountLimit = 3, 1, 1
	_, span := recording.New(c).Tracer("test").Start(context.Background(), "work")
	list := []attribute.KeyValue{attribute.String("a", "text that is long"), attribute.Int("b", 2)}
	span.SetAttributes(list...)
	span.AddEvent("event", trace.WithAttributes(list...))
	span.AddLink(trace.Link{Attributes: list})
	list[0] = attribute.Int("changed", 0)
	span.End()
	b := kept.bodies[0]
	event, link := b.Events()[0].Attributes, b.Links()[0].Attributes
	if b.Attributes()[0].Key != "a" || event[0].Key != "a" || link[0].Key != "a" {
		t.Errorf("a list of the program is shared: %s", describe(b))
	}
	if cap(event) != 1 || cap(link) != 1 {
		t.Errorf("room for %d and %d attributes, want that of one", cap(event), cap(link))
	}
}

// The tracestates of a body are copies: their members do not refer to the header that they were read from.
func TestBodiesOwnTheirTracestates(t *testing.T) {
	kept := new(keeping)
	ctx := remote(trace.FlagsSampled, "v=1,w=2")
	header := trace.SpanContextFromContext(ctx).TraceState()
	_, span := recording.New(sinkConfig(kept)).Tracer("test").Start(ctx, "work", trace.WithLinks(trace.LinkFromContext(ctx)))
	span.End()
	b := kept.bodies[0]
	for name, state := range map[string]trace.TraceState{"span": b.SpanContext().TraceState(), "parent": b.Parent().TraceState(), "link": b.Links()[0].SpanContext.TraceState()} {
		if state.String() != "v=1,w=2" {
			t.Errorf("tracestate of the %s is %q", name, state)
		}
		state.Walk(func(key, value string) bool {
			if unsafe.StringData(value) == unsafe.StringData(header.Get(key)) {
				t.Errorf("member %q of the %s refers to the header", key, name)
			}
			return true
		})
	}
}

// Close leaves the processors registered, and does not shut them down.
func TestClose(t *testing.T) {
	log := &noisy{name: "processor", w: new(world)}
	c := newConfig()
	c.Processors = []sdktrace.SpanProcessor{log}
	p := recording.New(c)
	tracer := p.Tracer("test")
	p.Close()
	_, span := tracer.Start(context.Background(), "late")
	span.End()
	if _, span := p.Tracer("test").Start(context.Background(), "of a new tracer"); span.IsRecording() {
		t.Error("a tracer obtained after Close records")
	}
	if err := p.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if got := log.w.notes.String(); got != "processor: start late\nprocessor: end late\n" {
		t.Errorf("the processor saw %q", got)
	}
}
