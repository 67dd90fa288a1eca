package recording_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

// FuzzOperations performs the operations that the input encodes on the SDK and on this package, and compares all that a
// program, a sampler or a processor can see of them.
func FuzzOperations(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomInput(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		bothAlike(t, func(t *testing.T, s subject) string { return operate(s, input) })
	})
}

// The inputs differ in each run.
func TestRandomOperations(t *testing.T) {
	for range 2000 {
		seed := rand.Uint64()
		input := randomInput(seed)
		if got, want := operate(own, input), operate(oracle, input); got != want {
			t.Fatalf("seed %d: differs from the SDK.\ngot:\n%s\nwant:\n%s", seed, got, want)
		}
	}
}

func randomInput(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	input := make([]byte, 20+r.IntN(400))
	for i := range input {
		input[i] = byte(r.Uint32())
	}
	return input
}

// choices are read from the input of a fuzz test, and are 0 behind its end.
type choices []byte

func (c *choices) next() int {
	if len(*c) == 0 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	return int(b)
}

func (c *choices) below(n int) int { return c.next() % n }
func (c *choices) yes() bool       { return c.next()&1 == 1 }

func (c *choices) limit() int { return []int{-1, 0, 1, 2, 3, 5, 128}[c.below(7)] }

var texts = []string{"", "a", "key.one", "key.two", "http.request.method", "äöü", "\xff", "a\xffb\xfe", "\ufffd", "a longer text", "\U0001f600\U0001f600"}

func (c *choices) text() string { return texts[c.below(len(texts))] }

func (c *choices) texts() (list []string) {
	for range c.below(5) {
		list = append(list, c.text())
	}
	return list
}

func (c *choices) value(depth int) attribute.Value {
	kinds := 12
	if depth > 4 {
		kinds = 10
	}
	switch c.below(kinds) {
	case 0:
		return attribute.StringValue(c.text())
	case 1:
		return attribute.Int64Value(int64(c.next()))
	case 2:
		return attribute.BoolValue(c.yes())
	case 3:
		return attribute.Float64Value(float64(c.next()) / 3)
	case 4:
		return attribute.StringSliceValue(c.texts())
	case 5:
		return attribute.ByteSliceValue([]byte(c.text()))
	case 6:
		return attribute.IntSliceValue(make([]int, c.below(6)))
	case 7:
		return attribute.BoolSliceValue(make([]bool, c.below(6)))
	case 8:
		return attribute.Float64SliceValue(make([]float64, c.below(6)))
	case 9:
		return attribute.Value{}
	case 10:
		var list []attribute.Value
		for range c.below(8) {
			list = append(list, c.value(depth+1))
		}
		return attribute.SliceValue(list...)
	}
	return attribute.MapValue(c.attributes(8, depth+1)...)
}

func (c *choices) attributes(most, depth int) (list []attribute.KeyValue) {
	for range c.below(most) {
		list = append(list, attribute.KeyValue{Key: attribute.Key(c.text()), Value: c.value(depth)})
	}
	return list
}

func (c *choices) context() trace.SpanContext {
	state, _ := trace.ParseTraceState([]string{"", "v=1", "v=1,w=2"}[c.below(3)])
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{byte(c.below(2))}, SpanID: trace.SpanID{byte(c.below(2))},
		TraceFlags: trace.TraceFlags(c.next()), TraceState: state, Remote: c.yes(),
	})
}

func (c *choices) link() trace.Link {
	return trace.Link{SpanContext: c.context(), Attributes: c.attributes(4, 0)}
}

func (c *choices) links() (list []trace.Link) {
	for range c.below(4) {
		list = append(list, c.link())
	}
	return list
}

func (c *choices) eventOptions() []trace.EventOption {
	options := []trace.EventOption{second(int64(c.next()))}
	if c.yes() {
		options = append(options, trace.WithAttributes(c.attributes(6, 0)...))
	}
	if c.yes() {
		options = append(options, trace.WithStackTrace(c.yes()))
	}
	return options
}

// A bench is a provider with the spans that were started on it.
type bench struct {
	choices
	tracers []trace.Tracer
	spans   []trace.Span
	in      []context.Context
	notes   strings.Builder
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(&b.notes, format+"\n", args...) }

// operate performs the operations that input encodes, and returns all that can be seen of them.
func operate(s subject, input []byte) string {
	b := &bench{choices: input}
	collected := &ended{}
	c := newConfig()
	c.Sampler = askedSampler{b}
	c.Processors = []sdktrace.SpanProcessor{collected}
	c.Limits = sdktrace.SpanLimits{
		AttributeValueLengthLimit: b.limit(), AttributeValueDepthLimit: b.limit(), AttributeCountLimit: b.limit(),
		EventCountLimit: b.limit(), LinkCountLimit: b.limit(), AttributePerEventCountLimit: b.limit(), AttributePerLinkCountLimit: b.limit(),
	}
	// The snapshots of the SDK do not count how many events and links were dropped if none was kept.
	if c.Limits.EventCountLimit == 0 {
		c.Limits.EventCountLimit = 1
	}
	if c.Limits.LinkCountLimit == 0 {
		c.Limits.LinkCountLimit = 1
	}
	p := s.open(c)
	for range 2 {
		b.tracers = append(b.tracers, p.Tracer(b.text(), trace.WithInstrumentationVersion(b.text()), trace.WithInstrumentationAttributes(b.attributes(4, 0)...)))
	}
	b.in = append(b.in, context.Background())
	for len(b.choices) > 0 {
		b.operation()
	}
	for _, span := range b.spans {
		span.End(second(99))
	}
	for _, span := range collected.spans {
		b.notes.WriteString(describe(span))
	}
	return b.notes.String()
}

func (b *bench) operation() {
	choice := b.below(12)
	if len(b.spans) == 0 || choice == 0 {
		b.start()
		return
	}
	span := b.spans[b.below(len(b.spans))]
	switch choice {
	case 1:
		span.SetName(b.text())
	case 2:
		span.SetStatus(codes.Code(b.below(4)), b.text())
	case 3, 4, 5:
		span.SetAttributes(b.attributes(8, 0)...)
	case 6:
		span.AddEvent(b.text(), b.eventOptions()...)
	case 7:
		span.AddLink(b.link())
	case 8:
		var err error
		if b.yes() {
			err = errors.New(b.text())
		}
		span.RecordError(err, b.eventOptions()...)
	case 9:
		span.End(second(int64(b.next())))
	case 10:
		b.panics(span)
	case 11:
		b.look(span)
	}
}

func (b *bench) start() {
	ctx := b.in[b.below(len(b.in))]
	if b.below(4) == 0 {
		ctx = trace.ContextWithSpanContext(ctx, b.context())
	}
	options := []trace.SpanStartOption{second(int64(b.next()))}
	if b.yes() {
		options = append(options, trace.WithAttributes(b.attributes(6, 0)...), trace.WithLinks(b.links()...))
	}
	if b.below(8) == 0 {
		options = append(options, trace.WithNewRoot())
	}
	options = append(options, trace.WithSpanKind(trace.SpanKind(b.below(8))))
	ctx, span := b.tracers[b.below(2)].Start(ctx, b.text(), options...)
	b.say("started [%s] recording %v", contextText(span.SpanContext()), span.IsRecording())
	b.spans, b.in = append(b.spans, span), append(b.in, ctx)
}

func (b *bench) panics(span trace.Span) {
	options := []trace.SpanEndOption{second(int64(b.next())), trace.WithStackTrace(b.yes())}
	value := b.text()
	defer func() { b.say("recovered %v", recover()) }()
	defer span.End(options...)
	panic(value)
}

func (b *bench) look(span trace.Span) {
	b.say("[%s] recording %v", contextText(span.SpanContext()), span.IsRecording())
	if readable, ok := span.(sdktrace.ReadOnlySpan); ok {
		text := describe(readable)
		b.say("%s, none of: events %v, links %v", text, readable.Events() == nil, readable.Links() == nil)
	}
}

// askedSampler decides by the input of the test.
type askedSampler struct{ b *bench }

func (s askedSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	s.b.say("sampler: %s %q %v [%s]%s %d links", p.TraceID, p.Name, p.Kind, contextText(trace.SpanContextFromContext(p.ParentContext)), attributesText(p.Attributes), len(p.Links))
	return sdktrace.SamplingResult{
		Decision:   []sdktrace.SamplingDecision{sdktrace.RecordAndSample, sdktrace.RecordAndSample, sdktrace.RecordOnly, sdktrace.Drop}[s.b.below(4)],
		Tracestate: s.b.context().TraceState(),
		Attributes: s.b.attributes(3, 0),
	}
}

func (askedSampler) Description() string { return "asked" }

// The SDK's snapshot has no count of dropped events if none was kept, though its live span has. Here it is kept.
func TestDroppedEventsAndLinksAreCountedIfNoneIsKept(t *testing.T) {
	collected := new(ended)
	c := newConfig()
	c.Limits.EventCountLimit, c.Limits.LinkCountLimit = 0, 0
	c.Processors = []sdktrace.SpanProcessor{collected}
	_, span := recording.New(c).Tracer("").Start(context.Background(), "work", trace.WithLinks(trace.Link{SpanContext: callerOf(0, "")}))
	span.AddEvent("one")
	span.AddEvent("two")
	span.End()
	if s := collected.spans[0]; s.DroppedEvents() != 2 || s.DroppedLinks() != 1 || len(s.Events())+len(s.Links()) != 0 {
		t.Errorf("dropped %d events and %d links, want 2 and 1", s.DroppedEvents(), s.DroppedLinks())
	}
}
