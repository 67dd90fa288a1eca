package recording_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
	"github.com/spanroute/spanroute/internal/undecided"
)

// errorsAndSlow leaves every local root undecided, with the decision of its start. It keeps local traces with an error, and
// those whose root takes more than a second.
type errorsAndSlow struct {
	decision sdktrace.SamplingDecision
	drops    bool // a root without a reason is dropped, whatever its start
	reads    bool
}

func (*errorsAndSlow) Description() string { return "" }
func (s *errorsAndSlow) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	r, _ := s.Decide(trace.SpanContextFromContext(p.ParentContext), p)
	return r
}

func (s *errorsAndSlow) Decide(parent trace.SpanContext, _ sdktrace.SamplingParameters) (sdktrace.SamplingResult, undecided.Trace) {
	r := sdktrace.SamplingResult{Decision: s.decision}
	if parent.IsValid() && !parent.IsRemote() {
		if r.Decision = sdktrace.Drop; parent.IsSampled() {
			r.Decision = sdktrace.RecordAndSample
		}
		return r, nil
	}
	return r, s
}

func reason(text string) undecided.Reason { return attribute.String("reason", text) }

func (s *errorsAndSlow) EndSpan(span sdktrace.ReadOnlySpan, root bool) (undecided.Verdict, undecided.Reason) {
	switch {
	case span.Status().Code == codes.Error:
		return undecided.Keep, reason("error")
	case root && span.EndTime().Sub(span.StartTime()) > time.Second:
		return undecided.Keep, reason("slow")
	case root && s.drops:
		return undecided.Drop, undecided.Reason{}
	}
	return undecided.Open, undecided.Reason{}
}

func (*errorsAndSlow) Expire(age time.Duration) (undecided.Verdict, undecided.Reason) {
	if age > time.Second {
		return undecided.Keep, reason("slow")
	}
	return undecided.Open, undecided.Reason{}
}

func (s *errorsAndSlow) ReadsContent() bool { return s.reads }

// A ledger is a sink that writes the names of the spans it takes, with their reasons, and marks spans without the sampled flag.
type ledger struct {
	mu    sync.Mutex
	spans []string
}

func (l *ledger) Take(b *recording.Body) {
	text := b.Name()
	for _, kv := range b.Attributes() {
		text += fmt.Sprintf(" %s=%s", kv.Key, kv.Value.String())
	}
	if !b.SpanContext().IsSampled() {
		text += " unsampled"
	}
	b.Release()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spans = append(l.spans, text)
}

func (l *ledger) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.spans, ", ")
}

func holding(s errorsAndSlow, limits recording.HoldLimits) (*recording.Provider, trace.Tracer, *ledger) {
	l := new(ledger)
	p := recording.New(recording.Config{Sampler: &s, Limits: sdktrace.NewSpanLimits(), Sinks: []recording.Sink{l}, Hold: limits, Cost: cost})
	return p, p.Tracer("test"), l
}

// cost makes each span cost 400 bytes.
func cost(sdktrace.ReadOnlySpan) int64 { return 400 }

// A play starts and ends spans by name. "a" starts a below the span before it, "a<b" starts a below b, "-a" ends a, "!a" fails
// and ends a, and "1s" waits.
func play(tracer trace.Tracer, script string) {
	contexts, spans := map[string]context.Context{"": context.Background()}, map[string]trace.Span{}
	last := ""
	for step := range strings.FieldsSeq(script) {
		if d, err := time.ParseDuration(step); err == nil {
			time.Sleep(d)
			continue
		}
		name, ends := strings.CutPrefix(step, "-")
		name, fails := strings.CutPrefix(name, "!")
		switch {
		case ends || fails:
			if fails {
				spans[name].SetStatus(codes.Error, "")
			}
			spans[name].End()
		default:
			name, parent, given := strings.Cut(step, "<")
			if !given {
				parent = last
			}
			contexts[name], spans[name] = tracer.Start(contexts[parent], name)
			last = name
		}
	}
}

func TestLocalTracesAreDecidedAtTheirEnd(t *testing.T) {
	off, on := errorsAndSlow{decision: sdktrace.RecordOnly}, errorsAndSlow{decision: sdktrace.RecordAndSample}
	dropping := on
	dropping.drops = true
	for name, tt := range map[string]struct {
		sampler errorsAndSlow
		script  string
		want    string
		stats   recording.HoldStats
	}{
		"a root without a reason":       {off, "r -r", "", recording.HoldStats{Dropped: 1}},
		"a trace without a reason":      {off, "r a -a b<r -b -r", "", recording.HoldStats{Dropped: 1}},
		"a failed root":                 {off, "r !r", "r reason=error", recording.HoldStats{Kept: 1}},
		"a failed root with a child":    {off, "r a -a !r", "a, r reason=error", recording.HoldStats{Kept: 1}},
		"a failed span keeps all":       {off, "r a -a b<r !b c<r -c -r", "a, b, c, r reason=error", recording.HoldStats{Kept: 1}},
		"a failed grandchild":           {off, "r a b !b -a -r", "b, a, r reason=error", recording.HoldStats{Kept: 1}},
		"a slow root":                   {off, "r a -a 2s -r", "a, r reason=slow", recording.HoldStats{Kept: 1}},
		"a slow child":                  {off, "r a 900ms -a -r", "", recording.HoldStats{Dropped: 1}},
		"the first reason":              {off, "r a !a 2s -r", "a, r reason=error", recording.HoldStats{Kept: 1}},
		"late spans of a kept trace":    {off, "r a b<r -a !r -b", "a, r reason=error, b", recording.HoldStats{Kept: 1, LateKept: 1}},
		"late spans of a dropped trace": {off, "r a -r !a", "", recording.HoldStats{Dropped: 1, LateDropped: 1}},
		"started after a kept root":     {off, "r !r a -a", "r reason=error, a", recording.HoldStats{Kept: 1, LateKept: 1}},
		"started after a dropped root":  {off, "r -r a !a", "", recording.HoldStats{Dropped: 1}},
		"started after a dropped trace": {off, "r a -a -r b !b", "", recording.HoldStats{Dropped: 1}},
		"two roots":                     {off, "r a -a s< b -b !s -r", "b, s reason=error", recording.HoldStats{Kept: 1, Dropped: 1}},
		"sampled at the start":          {on, "r a -a -r", "a, r", recording.HoldStats{Kept: 1}},
		"sampled and failed":            {on, "r a -a !r", "a, r reason=error", recording.HoldStats{Kept: 1}},
		"sampled and dropped":           {dropping, "r a -a -r", "", recording.HoldStats{Dropped: 1}},
		"sampled, dropped, but failed":  {dropping, "r a !a -r", "a, r reason=error", recording.HoldStats{Kept: 1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, tracer, got := holding(tt.sampler, recording.HoldLimits{})
			play(tracer, tt.script)
			if got := got.text(); got != tt.want {
				t.Errorf("%s, %s: %s, want %s", name, tt.script, got, tt.want)
			}
			if diff := cmp.Diff(tt.stats, p.Held()); diff != "" {
				t.Errorf("%s, %s: (-want +got)\n%s", name, tt.script, diff)
			}
			p.Close()
		})
	}
}

func TestHeldSpansAreBounded(t *testing.T) {
	off := errorsAndSlow{decision: sdktrace.RecordOnly}
	many := "r a -a s< b -b t< c -c "
	for name, tt := range map[string]struct {
		limits recording.HoldLimits
		script string
		want   string
		stats  recording.HoldStats
	}{
		"the oldest of too many": {recording.HoldLimits{MaxTraces: 2}, many + "!r !s !t", "b, s reason=error, c, t reason=error", recording.HoldStats{Kept: 2, Dropped: 1, Evicted: 1}},
		"too many bytes":         {recording.HoldLimits{MaxBytes: 100}, many + "!r", "", recording.HoldStats{Dropped: 1, Evicted: 3}},
		"not old enough":         {recording.HoldLimits{MaxTime: 900 * time.Millisecond}, "r a -a 800ms !r", "a, r reason=error", recording.HoldStats{Kept: 1}},
		"too old":                {recording.HoldLimits{MaxTime: 900 * time.Millisecond}, "r a -a 950ms !r", "", recording.HoldStats{Dropped: 1, Expired: 1}},
		"too old, and slow":      {recording.HoldLimits{MaxTime: 2 * time.Second}, "r a -a 3s", "a", recording.HoldStats{}},
		"each has its time":      {recording.HoldLimits{MaxTime: 900 * time.Millisecond}, "r a -a 500ms s< b -b 500ms !s", "b, s reason=error", recording.HoldStats{Kept: 1, Expired: 1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, tracer, got := holding(off, tt.limits)
			play(tracer, tt.script)
			synctest.Wait()
			if got := got.text(); got != tt.want {
				t.Errorf("%s: %s, want %s", name, got, tt.want)
			}
			if diff := cmp.Diff(tt.stats, p.Held()); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", name, diff)
			}
			p.Close()
		})
	}
}

// A span that starts below a dropped local trace is dropped, whatever the sampled flag was at the start of the root. Callees
// see that.
func TestDroppedTracesGetNoMoreSpans(t *testing.T) {
	for _, decision := range []sdktrace.SamplingDecision{sdktrace.RecordOnly, sdktrace.RecordAndSample} {
		p, tracer, got := holding(errorsAndSlow{decision: decision}, recording.HoldLimits{MaxTraces: 1})
		ctx, root := tracer.Start(context.Background(), "root")
		_, before := tracer.Start(ctx, "before")
		before.End()
		play(tracer, "other inner -inner -other") // displaces the first local trace
		below, after := tracer.Start(ctx, "after")
		if after.IsRecording() || after.SpanContext().IsSampled() {
			t.Errorf("a span below a dropped trace: recording %t, sampled %t", after.IsRecording(), after.SpanContext().IsSampled())
		}
		_, last := tracer.Start(below, "last")
		last.SetStatus(codes.Error, "")
		last.End()
		after.End()
		root.End()
		if text := got.text(); strings.Contains(text, "root") || strings.Contains(text, "after") || strings.Contains(text, "last") {
			t.Errorf("kept %s, want only the other trace", text)
		}
		p.Close()
	}
}

func TestHoldLimitsChange(t *testing.T) {
	p, tracer, got := holding(errorsAndSlow{decision: sdktrace.RecordOnly}, recording.HoldLimits{})
	play(tracer, "r a -a s< b -b t< c -c")
	if s := p.Held(); s.Traces != 3 || s.Spans != 3 || s.Bytes < 3*300 {
		t.Errorf("held: %+v", s)
	}
	p.SetHold(recording.HoldLimits{MaxTraces: 1})
	if s := p.Held(); s.Traces != 1 || s.Evicted != 2 {
		t.Errorf("held after a lower limit: %+v", s)
	}
	p.Close()
	play(tracer, "u a -a !u v< !v")
	s := p.Held()
	s.Evicted = 0
	if diff := cmp.Diff(recording.HoldStats{Kept: 1, Dropped: 1, Shutdown: 2}, s); diff != "" {
		t.Errorf("after Close (-want +got)\n%s", diff)
	}
	if got.text() != "v reason=error" {
		t.Errorf("kept: %s", got.text())
	}
}

// A calls processor writes its calls. OnHeld and OnKept belong to the recorder.
type calls struct {
	sdktrace.SpanProcessor
	list []string
}

func (c *calls) note(method string, span sdktrace.ReadOnlySpan) {
	c.list = append(c.list, fmt.Sprintf("%s %s %t %d", method, span.Name(), span.SpanContext().IsSampled(), len(span.Attributes())))
}
func (c *calls) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) { c.note("start", span) }
func (c *calls) OnEnd(span sdktrace.ReadOnlySpan)                       { c.note("end", span) }

type waitingCalls struct{ calls }

func (c *waitingCalls) OnHeld(span sdktrace.ReadOnlySpan) { c.note("held", span) }
func (c *waitingCalls) OnKept(span sdktrace.ReadOnlySpan) { c.note("kept", span) }

func TestProcessorsOfUndecidedSpans(t *testing.T) {
	ordinary, waiting := new(calls), new(waitingCalls)
	p := recording.New(recording.Config{
		Sampler: &errorsAndSlow{decision: sdktrace.RecordOnly}, Limits: sdktrace.SpanLimits{},
		Processors: []sdktrace.SpanProcessor{ordinary, waiting},
	})
	play(p.Tracer("test"), "r a -a !r s< -s")
	want := []string{"start r false 0", "start a false 0", "end a false 0", "end r false 0", "start s false 0", "end s false 0"}
	if diff := cmp.Diff(want, ordinary.list); diff != "" {
		t.Errorf("an ordinary processor (-want +got)\n%s", diff)
	}
	want = []string{"start r false 0", "start a false 0", "held a false 0", "held r false 0", "kept a true 0", "kept r true 1", "start s false 0", "held s false 0"}
	if diff := cmp.Diff(want, waiting.list); diff != "" {
		t.Errorf("a waiting processor (-want +got)\n%s", diff)
	}
}

func TestDiscard(t *testing.T) {
	off := errorsAndSlow{decision: sdktrace.RecordOnly}
	reading := off
	reading.reads = true
	on := off
	on.decision = sdktrace.RecordAndSample
	fails := func(s trace.Span) { s.SetStatus(codes.Error, "") }
	for name, tt := range map[string]struct {
		sampler errorsAndSlow
		before  func(trace.Span)
		want    bool
	}{
		"without a reason":      {off, func(trace.Span) {}, true},
		"failed":                {off, fails, false},
		"sampled at the start":  {on, func(trace.Span) {}, false},
		"content may be needed": {reading, func(trace.Span) {}, false},
		"ended":                 {off, func(s trace.Span) { s.End() }, false},
	} {
		p, tracer, got := holding(tt.sampler, recording.HoldLimits{})
		_, span := tracer.Start(context.Background(), "r")
		tt.before(span)
		if got := span.(interface{ Discard() bool }).Discard(); got != tt.want {
			t.Errorf("%s: Discard() = %v, want %v", name, got, tt.want)
		}
		if tt.want && (span.IsRecording() || p.Held().Dropped != 1) {
			t.Errorf("%s: recording after Discard", name)
		}
		span.SetAttributes(attribute.Bool("more", true))
		span.End()
		if kept := got.text() != ""; kept == tt.want && name != "content may be needed" && name != "ended" {
			t.Errorf("%s: kept %s", name, got.text())
		}
	}
	p, tracer, got := holding(off, recording.HoldLimits{})
	ctx, root := tracer.Start(context.Background(), "r")
	_, child := tracer.Start(ctx, "a")
	child.SetStatus(codes.Error, "")
	child.End()
	if root.(interface{ Discard() bool }).Discard() {
		t.Error("a root is discarded although a child failed")
	}
	root.End()
	if got.text() != "a, r reason=error" || p.Held().Kept != 1 {
		t.Errorf("kept %s, %+v", got.text(), p.Held())
	}
}

// Local traces of many goroutines are kept whole or not at all, also if their limits are exceeded all the time.
func TestUndecidedTracesStayWhole(t *testing.T) {
	for _, limits := range []recording.HoldLimits{{}, {MaxTraces: 3}, {MaxBytes: 3000}} {
		p, tracer, got := holding(errorsAndSlow{decision: sdktrace.RecordOnly}, limits)
		var wg sync.WaitGroup
		const traces, children = 400, 5
		for g := range 8 {
			wg.Go(func() {
				for n := range traces {
					name := fmt.Sprintf("%d.%d", g, n)
					ctx, root := tracer.Start(context.Background(), name)
					var below sync.WaitGroup
					for i := range children {
						below.Go(func() {
							_, child := tracer.Start(ctx, name)
							child.SetAttributes(attribute.String("of", name))
							if n%4 == 1 && i == 2 {
								child.SetStatus(codes.Error, "")
							}
							child.End()
							child.SetName("late")
						})
					}
					below.Wait()
					if n%4 == 3 {
						root.SetStatus(codes.Error, "")
					}
					root.End()
				}
			})
		}
		wg.Wait()
		counts := map[string]int{}
		for _, line := range got.spans {
			name, rest, _ := strings.Cut(line, " ")
			if counts[name]++; rest != "of="+name && rest != "reason=error" {
				t.Fatalf("a span of %s has %s", name, rest)
			}
		}
		unbounded := limits == recording.HoldLimits{}
		for name, n := range counts {
			if n != children+1 {
				t.Errorf("%d spans of %s are kept, want %d", n, name, children+1)
			}
		}
		s := p.Held()
		if kept := int(s.Kept); s.Kept+s.Dropped != 8*traces || unbounded && kept != 8*traces/2 || s.Spans+s.Traces+s.Bytes != 0 {
			t.Errorf("%+v: %+v", limits, s)
		}
		if !unbounded && s.Evicted == 0 {
			t.Errorf("%+v: nothing is evicted", limits)
		}
		p.Close()
	}
}

// A local trace of many spans is kept whole, or loses all spans that ended before its bytes exceeded the limit.
func TestLargeLocalTrace(t *testing.T) {
	const children = 10_000
	for name, tt := range map[string]struct {
		limits recording.HoldLimits
		kept   int
		stats  recording.HoldStats
	}{
		"within the limit": {recording.HoldLimits{MaxBytes: 400 * children}, children + 1, recording.HoldStats{Kept: 1}},
		"above the limit":  {recording.HoldLimits{MaxBytes: 400 * (children - 1)}, 0, recording.HoldStats{Dropped: 1, Evicted: 1}},
	} {
		p, tracer, got := holding(errorsAndSlow{decision: sdktrace.RecordOnly}, tt.limits)
		ctx, root := tracer.Start(context.Background(), "root")
		for range children {
			_, child := tracer.Start(ctx, "child")
			child.End()
			if held := p.Held(); held.Bytes > tt.limits.MaxBytes || held.Traces > 1 {
				t.Fatalf("%s: %+v", name, held)
			}
		}
		root.SetStatus(codes.Error, "")
		root.End()
		if len(got.spans) != tt.kept {
			t.Errorf("%s: %d spans are kept, want %d", name, len(got.spans), tt.kept)
		}
		if diff := cmp.Diff(tt.stats, p.Held()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestReasonIsNotLimited(t *testing.T) {
	l := new(ledger)
	p := recording.New(recording.Config{Sampler: &errorsAndSlow{decision: sdktrace.RecordOnly}, Limits: sdktrace.SpanLimits{AttributeValueLengthLimit: 1}, Sinks: []recording.Sink{l}})
	play(p.Tracer("test"), "r !r")
	if got := l.text(); got != "r reason=error" {
		t.Errorf("kept %s", got)
	}
}

// A new trace whose sampler writes to the tracestate has the random flag, which its children inherit.
func TestRandomFlag(t *testing.T) {
	for text, want := range map[string]trace.TraceFlags{"": trace.FlagsSampled, "ot=th:0": trace.FlagsSampled | trace.FlagsRandom} {
		state, err := trace.ParseTraceState(text)
		if err != nil {
			t.Fatal(err)
		}
		tracer := recording.New(recording.Config{Sampler: writing{state}}).Tracer("test")
		ctx, root := tracer.Start(context.Background(), "root")
		_, child := tracer.Start(ctx, "child")
		_, continued := tracer.Start(remote(trace.FlagsSampled, "v=1"), "continued")
		if root.SpanContext().TraceFlags() != want || child.SpanContext().TraceFlags() != want || continued.SpanContext().TraceFlags() != trace.FlagsSampled {
			t.Errorf("%q: flags %v, %v, %v, want %v", text, root.SpanContext().TraceFlags(), child.SpanContext().TraceFlags(), continued.SpanContext().TraceFlags(), want)
		}
	}
}

// writing is a sampler that keeps all and returns a tracestate.
type writing struct{ state trace.TraceState }

func (writing) Description() string { return "" }
func (w writing) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: w.state}
}
