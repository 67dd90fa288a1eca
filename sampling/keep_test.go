package sampling_test

import (
	"context"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/internal/undecided"
	"github.com/spanroute/spanroute/sampling"
)

func dynamic(t *testing.T, c sampling.Config) *sampling.Dynamic {
	t.Helper()
	s, err := sampling.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return sampling.NewDynamic(s)
}

func ended(took time.Duration, code codes.Code) sdktrace.ReadOnlySpan {
	from := time.Now()
	return tracetest.SpanStub{StartTime: from, EndTime: from.Add(took), Status: sdktrace.Status{Code: code}}.Snapshot()
}

func TestUndecided(t *testing.T) {
	parent := func(flags trace.TraceFlags, remote bool) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 8: 0xff}, SpanID: trace.SpanID{2}, TraceFlags: flags, Remote: remote})
	}
	excluded := suppress.Context(trace.ContextWithRemoteSpanContext(t.Context(), parent(0, true)))
	keep := sampling.Keep{Errors: true}
	for name, tt := range map[string]struct {
		c         sampling.Config
		ctx       context.Context
		parent    trace.SpanContext
		decision  sdktrace.SamplingDecision
		undecided bool
	}{
		"a root that is not kept":          {sampling.Config{Keep: keep}, t.Context(), trace.SpanContext{}, sdktrace.RecordOnly, true},
		"a root that is kept":              {sampling.Config{Keep: keep, SampleRate: 1}, t.Context(), trace.SpanContext{}, sdktrace.RecordAndSample, false},
		"without reasons":                  {sampling.Config{}, t.Context(), trace.SpanContext{}, sdktrace.Drop, false},
		"a bound alone":                    {sampling.Config{Keep: sampling.Keep{MaxTracesPerSecond: 1}}, t.Context(), trace.SpanContext{}, sdktrace.Drop, false},
		"an unsampled caller":              {sampling.Config{Keep: keep, SampleRate: 1}, t.Context(), parent(0, true), sdktrace.RecordOnly, true},
		"a sampled caller":                 {sampling.Config{Keep: keep}, t.Context(), parent(1, true), sdktrace.RecordAndSample, false},
		"an unsampled local parent":        {sampling.Config{Keep: keep}, t.Context(), parent(0, false), sdktrace.Drop, false},
		"a caller whose request is exempt": {sampling.Config{Keep: keep}, excluded, parent(0, true), sdktrace.Drop, false},
		"the sampler never samples":        {sampling.Config{Keep: keep, Sampler: sampling.AlwaysOff}, t.Context(), trace.SpanContext{}, sdktrace.RecordOnly, true},
	} {
		d := dynamic(t, tt.c)
		got, undecided := d.Decide(tt.parent, sdktrace.SamplingParameters{ParentContext: tt.ctx, TraceID: trace.TraceID{1, 8: 0xff}})
		if got.Decision != tt.decision || (undecided != nil) != tt.undecided {
			t.Errorf("%s: %v, undecided %t; want %v, %t", name, got.Decision, undecided != nil, tt.decision, tt.undecided)
		}
		if at := d.ShouldSample(sdktrace.SamplingParameters{ParentContext: tt.ctx, TraceID: trace.TraceID{1, 8: 0xff}}); tt.undecided && !tt.parent.IsValid() && at.Decision != sdktrace.Drop {
			t.Errorf("%s: for another provider %v, want %v", name, at.Decision, sdktrace.Drop)
		}
	}
}

func TestKeep(t *testing.T) {
	both := sampling.Keep{Errors: true, SlowerThan: time.Second}
	for name, tt := range map[string]struct {
		keep sampling.Keep
		span sdktrace.ReadOnlySpan
		root bool
		want string
	}{
		"a failed root":        {both, ended(0, codes.Error), true, sampling.ReasonError},
		"a failed span":        {both, ended(0, codes.Error), false, sampling.ReasonError},
		"a slow root":          {both, ended(time.Second+1, codes.Ok), true, sampling.ReasonSlow},
		"a slow span":          {both, ended(time.Hour, codes.Ok), false, ""},
		"just in time":         {both, ended(time.Second, codes.Unset), true, ""},
		"errors do not matter": {sampling.Keep{SlowerThan: time.Second}, ended(0, codes.Error), true, ""},
		"time does not matter": {sampling.Keep{Errors: true}, ended(time.Hour, codes.Ok), true, ""},
	} {
		_, local := dynamic(t, sampling.Config{Keep: tt.keep}).Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: t.Context()})
		verdict, reason := local.EndSpan(tt.span, tt.root)
		if wanted := tt.want != ""; (verdict == undecided.Keep) != wanted || reason.Value.AsString() != tt.want {
			t.Errorf("%s: %v, %v; want %q", name, verdict, reason, tt.want)
		}
		if local.ReadsContent() {
			t.Errorf("%s: attributes are needed", name)
		}
	}
}

func TestExpire(t *testing.T) {
	_, local := dynamic(t, sampling.Config{Keep: sampling.Keep{Errors: true, SlowerThan: time.Second}}).Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: t.Context()})
	for age, want := range map[time.Duration]undecided.Verdict{time.Second: undecided.Open, time.Second + 1: undecided.Keep} {
		if got, _ := local.Expire(age); got != want {
			t.Errorf("a trace of %v: %v, want %v", age, got, want)
		}
	}
}

// Over a minute at a hundred times the bounds, each bound holds within five percent. What a caller sampled does not count.
func TestTracesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dynamic(t, sampling.Config{SampleRate: 0.5, MaxTracesPerSecond: 10, Keep: sampling.Keep{Errors: true, MaxTracesPerSecond: 5}})
		failed := ended(0, codes.Error)
		caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: 1, Remote: true})
		sampled, kept, limited := 0, 0, 0
		const traces = 120_000 // in a minute; half of them are chosen by the rate, a hundred times the limit
		for i := range traces {
			time.Sleep(time.Minute / traces)
			var id trace.TraceID
			binary.BigEndian.PutUint64(id[8:], uint64(i)<<63)
			result, local := d.Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: id})
			if result.Decision == sdktrace.RecordAndSample {
				sampled++
				continue
			}
			switch verdict, _ := local.EndSpan(failed, true); verdict {
			case undecided.Keep:
				kept++
			case undecided.Drop:
				limited++
			}
			if result, _ := d.Decide(caller, sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: id}); result.Decision != sdktrace.RecordAndSample {
				t.Fatal("a sampled caller is limited")
			}
		}
		if sampled < 600 || sampled > 630 || kept < 300 || kept > 315 {
			t.Errorf("%d sampled and %d kept in a minute, want 600 and 300", sampled, kept)
		}
		want := sampling.Stats{KeptErrors: uint64(kept), Limited: uint64(traces/2 - sampled), KeepLimited: uint64(limited)}
		if diff := cmp.Diff(want, d.Stats()); diff != "" || kept+limited+sampled != traces {
			t.Errorf("counts (-want +got)\n%s", diff)
		}
		d.Set(nil)
		if diff := cmp.Diff(want, d.Stats()); diff != "" {
			t.Errorf("after another sampler (-want +got)\n%s", diff)
		}
	})
}

func TestInvalidBounds(t *testing.T) {
	for _, c := range []sampling.Config{{MaxTracesPerSecond: -1}, {Keep: sampling.Keep{MaxTracesPerSecond: -1}}} {
		if _, err := sampling.New(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
