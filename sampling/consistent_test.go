package sampling_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/sampling"
)

func randomID(random *rand.Rand) (id trace.TraceID) {
	binary.BigEndian.PutUint64(id[:], random.Uint64())
	binary.BigEndian.PutUint64(id[8:], random.Uint64())
	return id
}

// weightOf returns the number of traces that a kept trace stands for, by its tracestate.
func weightOf(t *testing.T, state trace.TraceState) float64 {
	t.Helper()
	text, ok := strings.CutPrefix(state.Get("ot"), "th:")
	if !ok {
		t.Fatalf("tracestate %q has no threshold", state)
	}
	rejected, err := strconv.ParseUint(text+strings.Repeat("0", 14-len(text)), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return 1 / (1 - float64(rejected)/(1<<56))
}

// The thresholds are those of the specification's examples, and the decision compares them with the last 56 bits.
func TestThresholds(t *testing.T) {
	for _, tt := range []struct {
		rate          float64
		th            string
		kept, dropped string // last 7 bytes of the trace id
	}{
		{1, "0", "00000000000000", ""},
		{0.5, "8", "80000000000000", "7fffffffffffff"},
		{0.25, "c", "c0000000000000", "bfffffffffffff"},
		{1.0 / 16, "f", "f0000000000000", "efffffffffffff"},
		{1.0 / (1 << 20), "fffff", "fffff000000000", "ffffefffffffff"},
	} {
		d := dynamic(t, sampling.Config{SampleRate: tt.rate, Consistent: true})
		for _, last := range []string{tt.kept, tt.dropped} {
			if last == "" {
				continue
			}
			id, err := trace.TraceIDFromHex("0102030405060708" + "ff" + last)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := d.Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: id})
			want := ""
			if last == tt.kept {
				want = "th:" + tt.th
			}
			if kept := got.Decision == sdktrace.RecordAndSample; kept != (last == tt.kept) || got.Tracestate.Get("ot") != want {
				t.Errorf("rate %v, id ..%s: kept %t, tracestate %q, want %q", tt.rate, last, kept, got.Tracestate, want)
			}
		}
	}
}

// The weights of the kept traces add up to the number of all, within three standard deviations, with rules too.
func TestWeightsRestoreCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d := dynamic(t, sampling.Config{SampleRate: 0.01, Consistent: true, Rules: []sampling.Rule{{Path: []string{"/a"}, Rate: rate(0.3)}}})
	const n = 200_000
	sums := map[string]float64{}
	for i := range n {
		path := []string{"/a", "/b"}[i%2]
		got, _ := d.Decide(trace.SpanContext{}, sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: randomID(random), Attributes: pairs("url.path", path)})
		if got.Decision == sdktrace.RecordAndSample {
			sums[path] += weightOf(t, got.Tracestate)
		}
	}
	for path, p := range map[string]float64{"/a": 0.3, "/b": 0.01} {
		deviation := math.Sqrt(n / 2 * (1 - p) / p)
		if d := math.Abs(sums[path] - n/2); d > 3*deviation {
			t.Errorf("%s: weights of %.0f for %d traces", path, sums[path], n/2)
		}
	}
}

// A threshold is written only where it is true, and explicit randomness takes the place of the trace id.
func TestTracestateOfOthers(t *testing.T) {
	state := func(text string) trace.TraceState {
		s, err := trace.ParseTraceState(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	parent := func(text string, flags trace.TraceFlags) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{1}, TraceFlags: flags, TraceState: state(text), Remote: true})
	}
	for name, tt := range map[string]struct {
		c      sampling.Config
		parent trace.SpanContext
		kept   bool
		state  string
	}{
		"a parent decides":               {sampling.Config{SampleRate: 1}, parent("ot=th:8;rv:00000000000000,v=1", 1), true, "ot=th:8;rv:00000000000000,v=1"},
		"explicit randomness, kept":      {sampling.Config{SampleRate: 0.5, Sampler: sampling.TraceIDRatio}, parent("ot=rv:80000000000000", 0), true, "ot=rv:80000000000000"},
		"explicit randomness, not kept":  {sampling.Config{SampleRate: 0.5, Sampler: sampling.TraceIDRatio}, parent("ot=rv:7fffffffffffff", 1), false, "ot=rv:7fffffffffffff"},
		"randomness that is not 56 bits": {sampling.Config{SampleRate: 0.5, Sampler: sampling.TraceIDRatio}, parent("ot=rv:8", 0), false, "ot=rv:8"},
		"with a limit":                   {sampling.Config{SampleRate: 1, MaxTracesPerSecond: 5}, trace.SpanContext{}, true, ""},
		"without a limit":                {sampling.Config{SampleRate: 1}, trace.SpanContext{}, true, "ot=th:0"},
		"an ignored caller":              {sampling.Config{SampleRate: 1, RemoteParent: sampling.Ignore}, parent("v=1", 0), true, "v=1"},
	} {
		tt.c.Consistent = true
		got, _ := dynamic(t, tt.c).Decide(tt.parent, sdktrace.SamplingParameters{ParentContext: t.Context(), TraceID: trace.TraceID{15: 1}})
		if kept := got.Decision == sdktrace.RecordAndSample; kept != tt.kept || got.Tracestate.String() != tt.state {
			t.Errorf("%s: kept %t, tracestate %q; want %t, %q", name, kept, got.Tracestate, tt.kept, tt.state)
		}
	}
}
