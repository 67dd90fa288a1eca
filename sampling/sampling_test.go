package sampling_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/sampling"
)

// traceID has the given last eight bytes; the first eight must not matter.
func traceID(t *testing.T, last string) trace.TraceID {
	t.Helper()
	id := trace.TraceID{0: 0xff}
	if _, err := hex.Decode(id[8:], []byte(last)); err != nil {
		t.Fatal(err)
	}
	return id
}

func parentContext(id trace.TraceID, remote, sampled bool, state string) context.Context {
	ts, err := trace.ParseTraceState(state)
	if err != nil {
		panic(err)
	}
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.TraceFlags(0).WithSampled(sampled), Remote: remote, TraceState: ts,
	}))
}

func keeps(s sdktrace.Sampler, ctx context.Context, id trace.TraceID) bool {
	return s.ShouldSample(sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id}).Decision == sdktrace.RecordAndSample
}

// pythonKeeps is the formula of opentelemetry-python: id & (2^64-1) < round(rate * 2^64).
func pythonKeeps(rate float64, id trace.TraceID) bool {
	product := new(big.Float).SetPrec(200).Mul(big.NewFloat(rate), new(big.Float).SetMantExp(big.NewFloat(1), 64))
	limit, _ := product.Add(product, big.NewFloat(0.5)).Int(nil)
	return new(big.Int).SetUint64(binary.BigEndian.Uint64(id[8:])).Cmp(limit) < 0
}

func TestRatioVectors(t *testing.T) {
	tests := []struct {
		rate          float64
		kept, notKept string
	}{
		{0.5, "7fffffffffffffff", "8000000000000000"},
		{0.25, "3fffffffffffffff", "4000000000000000"},
		{0.3, "4ccccccccccccbff", "4ccccccccccccc00"},
		{0.1, "19999999999999ff", "1999999999999a00"},
		{0.01, "028f5c28f5c28f5f", "028f5c28f5c28f60"},
		{0.001, "004189374bc6a7ef", "004189374bc6a7f0"},
		{0.9999999999999999, "fffffffffffff7ff", "fffffffffffff800"},
		{1, "ffffffffffffffff", ""},
		{0, "", "0000000000000000"},
	}
	for _, tt := range tests {
		check := func(last string, want bool) {
			if last == "" {
				return
			}
			id := traceID(t, last)
			if got := keeps(sampling.Ratio(tt.rate), context.Background(), id); got != want {
				t.Errorf("Ratio(%v) keeps ..%s = %t, want %t", tt.rate, last, got, want)
			}
			if got := keeps(sdktrace.TraceIDRatioBased(tt.rate), context.Background(), id); got != want {
				t.Errorf("SDK's TraceIDRatioBased(%v) keeps ..%s = %t, want %t", tt.rate, last, got, want)
			}
			if got := pythonKeeps(tt.rate, id); got != want {
				t.Errorf("Python's ratio %v keeps ..%s = %t, want %t", tt.rate, last, got, want)
			}
		}
		check(tt.kept, true)
		check(tt.notKept, false)
	}
}

func TestRatioCannotFail(t *testing.T) {
	low, high := traceID(t, "0000000000000000"), traceID(t, "ffffffffffffffff")
	tests := map[string]struct {
		rate float64
		want bool
	}{
		"NaN": {math.NaN(), false}, "negative": {-1, false}, "minus infinity": {math.Inf(-1), false},
		"two": {2, true}, "infinity": {math.Inf(1), true},
	}
	for name, tt := range tests {
		for _, id := range []trace.TraceID{low, high} {
			if got := keeps(sampling.Ratio(tt.rate), context.Background(), id); got != tt.want {
				t.Errorf("%s: keeps %s = %t, want %t", name, id, got, tt.want)
			}
		}
	}
}

func TestRatioShare(t *testing.T) {
	const n, rate = 100_000, 0.1
	random := rand.New(rand.NewPCG(1, 2))
	kept := 0
	for range n {
		var id trace.TraceID
		binary.NativeEndian.PutUint64(id[:], random.Uint64())
		binary.NativeEndian.PutUint64(id[8:], random.Uint64())
		if keeps(sampling.Ratio(rate), context.Background(), id) {
			kept++
		}
	}
	if deviation := math.Abs(float64(kept) - n*rate); deviation > 4*math.Sqrt(n*rate*(1-rate)) {
		t.Errorf("kept %d of %d at %v", kept, n, rate)
	}
}

func TestSamplers(t *testing.T) {
	id, high := traceID(t, "0000000000000001"), traceID(t, "8000000000000000")
	root := context.Background()
	excludedRemote := suppress.Context(parentContext(id, true, true, ""))
	tests := []struct {
		name string
		cfg  sampling.Config
		ctx  context.Context
		id   trace.TraceID
		want sdktrace.SamplingDecision
	}{
		{"zero config, root", sampling.Config{}, root, id, sdktrace.Drop},
		{"rate 0, remote sampled parent", sampling.Config{}, parentContext(id, true, true, ""), id, sdktrace.RecordAndSample},
		{"rate 0, local sampled parent", sampling.Config{}, parentContext(id, false, true, ""), id, sdktrace.RecordAndSample},
		{"rate 1, remote unsampled parent", sampling.Config{SampleRate: 1}, parentContext(id, true, false, ""), id, sdktrace.Drop},
		{"rate 1, local unsampled parent", sampling.Config{SampleRate: 1}, parentContext(id, false, false, ""), id, sdktrace.Drop},
		{"rate 1, root", sampling.Config{SampleRate: 1}, root, high, sdktrace.RecordAndSample},
		{"parentbased_always_on ignores the rate", sampling.Config{Sampler: "parentbased_always_on"}, root, high, sdktrace.RecordAndSample},
		{"parentbased_always_on, unsampled parent", sampling.Config{Sampler: "parentbased_always_on"}, parentContext(id, true, false, ""), id, sdktrace.Drop},
		{"parentbased_always_off ignores the rate", sampling.Config{Sampler: "parentbased_always_off", SampleRate: 1}, root, id, sdktrace.Drop},
		{"parentbased_always_off, sampled parent", sampling.Config{Sampler: "parentbased_always_off"}, parentContext(id, true, true, ""), id, sdktrace.RecordAndSample},
		{"traceidratio asks again, sampled parent", sampling.Config{Sampler: "traceidratio", SampleRate: 0.5}, parentContext(high, true, true, ""), high, sdktrace.Drop},
		{"traceidratio asks again, unsampled parent", sampling.Config{Sampler: "traceidratio", SampleRate: 0.5}, parentContext(id, true, false, ""), id, sdktrace.RecordAndSample},
		{"always_on, unsampled local parent", sampling.Config{Sampler: "always_on"}, parentContext(id, false, false, ""), id, sdktrace.RecordAndSample},
		{"always_off, sampled parent", sampling.Config{Sampler: "always_off", SampleRate: 1}, parentContext(id, true, true, ""), id, sdktrace.Drop},
		{"always_on, excluded request", sampling.Config{Sampler: "always_on"}, excludedRemote, id, sdktrace.Drop},
		{"excluded request, recorded otherwise", sampling.Config{Dropped: "record"}, excludedRemote, id, sdktrace.Drop},
		{"not kept, recorded", sampling.Config{Dropped: "record"}, root, id, sdktrace.RecordOnly},
		{"not kept by its parent, recorded", sampling.Config{SampleRate: 1, Dropped: "record"}, parentContext(id, true, false, ""), id, sdktrace.RecordOnly},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := sampling.New(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.ShouldSample(sdktrace.SamplingParameters{ParentContext: tt.ctx, TraceID: tt.id}).Decision; got != tt.want {
				t.Errorf("%s: decision %d, want %d", s.Description(), got, tt.want)
			}
		})
	}
}

func TestTracestateIsPassedOn(t *testing.T) {
	for _, last := range []string{"0000000000000001", "8000000000000000"} {
		id := traceID(t, last)
		for _, name := range sampling.Samplers() {
			s, err := sampling.NewRemote(sampling.Config{Sampler: name, SampleRate: 0.5}, everyOther{})
			if err != nil {
				t.Fatal(err)
			}
			result := s.ShouldSample(sdktrace.SamplingParameters{ParentContext: parentContext(id, true, true, "v=1"), TraceID: id})
			if got := result.Tracestate.String(); got != "v=1" {
				t.Errorf("%s, ..%s: tracestate %q, want v=1", name, last, got)
			}
		}
	}
}

func TestNewRootInsideExcludedRequest(t *testing.T) {
	s, err := sampling.New(sampling.Config{Sampler: sampling.AlwaysOn})
	if err != nil {
		t.Fatal(err)
	}
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSampler(s)).Tracer("test")
	ctx := suppress.Context(context.Background())

	childCtx, child := tracer.Start(ctx, "child")
	_, grandchild := tracer.Start(childCtx, "grandchild")
	if child.IsRecording() || grandchild.IsRecording() {
		t.Error("a descendant of an excluded request is recorded")
	}
	rootCtx, root := tracer.Start(ctx, "root", trace.WithNewRoot())
	_, rootChild := tracer.Start(rootCtx, "child of root")
	if !root.SpanContext().IsSampled() || !rootChild.SpanContext().IsSampled() {
		t.Error("a deliberate new root or its child is not kept")
	}
}

func TestRecordedIsNotExported(t *testing.T) {
	for name, oracle := range map[string]sdktrace.Sampler{"SDK's AlwaysRecord": sdktrace.AlwaysRecord(sdktrace.NeverSample()), "kit": nil} {
		if oracle == nil {
			var err error
			if oracle, err = sampling.New(sampling.Config{Dropped: sampling.Record}); err != nil {
				t.Fatal(err)
			}
		}
		recorder, exporter := tracetest.NewSpanRecorder(), tracetest.NewInMemoryExporter()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(oracle), sdktrace.WithSpanProcessor(recorder), sdktrace.WithSyncer(exporter))
		_, span := provider.Tracer("test").Start(context.Background(), "s")
		if !span.IsRecording() || span.SpanContext().IsSampled() {
			t.Errorf("%s: recording %t, sampled %t; want true, false", name, span.IsRecording(), span.SpanContext().IsSampled())
		}
		span.End()
		if ended, exported := len(recorder.Ended()), len(exporter.GetSpans()); ended != 1 || exported != 0 {
			t.Errorf("%s: processors saw %d, exporters %d; want 1 and 0", name, ended, exported)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	var texts goldentext.Rows
	for _, tt := range []struct {
		name string
		cfg  sampling.Config
	}{
		{"sampler", sampling.Config{Sampler: "sometimes"}},
		{"dropped", sampling.Config{Dropped: "lose"}},
		{"remote parent", sampling.Config{RemoteParent: "distrust"}},
		{"NaN", sampling.Config{SampleRate: math.NaN()}},
		{"above 1", sampling.Config{SampleRate: 1.5}},
		{"below 0", sampling.Config{SampleRate: -0.1}},
	} {
		_, err := sampling.New(tt.cfg)
		texts.AddError(t, tt.name, err)
	}
	texts.Check(t)
}

func TestDynamicUnderLoad(t *testing.T) {
	live := sampling.NewDynamic(nil)
	recorder := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSampler(live), sdktrace.WithSpanProcessor(recorder)).Tracer("test")
	on, err := sampling.New(sampling.Config{SampleRate: 1})
	if err != nil {
		t.Fatal(err)
	}
	off, err := sampling.New(sampling.Config{})
	if err != nil {
		t.Fatal(err)
	}

	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 500 {
				ctx, root := tracer.Start(context.Background(), "root")
				for range 3 {
					_, child := tracer.Start(ctx, "child")
					child.End()
				}
				root.End()
			}
		})
	}
	for i := range 200 {
		live.Set([]sdktrace.Sampler{on, off}[i%2])
	}
	running.Wait()

	perTrace := map[trace.TraceID]int{}
	for _, span := range recorder.Ended() {
		perTrace[span.SpanContext().TraceID()]++
	}
	for id, n := range perTrace {
		if n != 4 {
			t.Errorf("trace %s has %d of 4 spans, want all or none", id, n)
		}
	}
}

func TestDynamicNeverSamplesByDefault(t *testing.T) {
	low := traceID(t, "0000000000000000")
	var zero sampling.Dynamic
	for name, d := range map[string]*sampling.Dynamic{"zero": &zero, "nil": sampling.NewDynamic(nil)} {
		if keeps(d, context.Background(), low) {
			t.Errorf("%s Dynamic keeps a trace", name)
		}
	}
	d := sampling.NewDynamic(sampling.Ratio(0.25))
	if got, want := d.Description(), "spanroute{traceidratio,rate=0.25}"; got != want {
		t.Errorf("Description() = %q, want %q", got, want)
	}
}
