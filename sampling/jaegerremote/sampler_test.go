package jaegerremote_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// fakeServer responds with a text that the test changes, or fails.
type fakeServer struct {
	lock sync.Mutex
	text string
	err  error
}

func (f *fakeServer) set(text string) { f.lock.Lock(); f.text, f.err = text, nil; f.lock.Unlock() }
func (f *fakeServer) fail(err error)  { f.lock.Lock(); f.err = err; f.lock.Unlock() }

func (f *fakeServer) source() jaegerremote.Source {
	return jaegerremote.FuncSource(func(context.Context) (string, error) {
		f.lock.Lock()
		defer f.lock.Unlock()
		return f.text, f.err
	})
}

// newSampler returns a sampler with the strategy of response, and its server.
func newSampler(t testing.TB, response string, change ...func(*jaegerremote.Options)) (*jaegerremote.Sampler, *fakeServer) {
	t.Helper()
	server := &fakeServer{text: response}
	options := jaegerremote.Options{Source: server.source(), Logger: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&options)
	}
	s, err := jaegerremote.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Poll(t.Context())
	if state := s.State(); !state.Remote {
		t.Fatalf("strategy is not applied: %v", state)
	}
	return s, server
}

func maxOperations(n int) func(*jaegerremote.Options) {
	return func(o *jaegerremote.Options) { o.MaxOperations = n }
}

// perOperation returns a response with the given bounds and probabilities.
func perOperation(defaultRate, lower, upper float64, rates map[string]float64) string {
	var list []string
	for name, rate := range rates {
		list = append(list, fmt.Sprintf(`{"operation":%q,"probabilisticSampling":{"samplingRate":%v}}`, name, rate))
	}
	return fmt.Sprintf(`{"operationSampling":{"defaultSamplingProbability":%v,"defaultLowerBoundTracesPerSecond":%v,"defaultUpperBoundTracesPerSecond":%v,"perOperationStrategies":[%s]}}`,
		defaultRate, lower, upper, strings.Join(list, ","))
}

func rateLimit(perSecond float64) string {
	return fmt.Sprintf(`{"rateLimitingSampling":{"maxTracesPerSecond":%v}}`, perSecond)
}

// Trace ids: low is kept by every probability above 0, high by none below 1.
var (
	low  = trace.TraceID{8: 0, 15: 1}
	high = trace.TraceID{8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff, 13: 0xff, 14: 0xff, 15: 0xff}
)

// kept returns how many of n traces with the id and operation are kept.
func kept(s *jaegerremote.Sampler, n int, id trace.TraceID, operation string) (count int) {
	for range n {
		if _, keep := s.Decide(id, operation); keep {
			count++
		}
	}
	return count
}

func TestDecisionsAndAttributes(t *testing.T) {
	attrs := func(kind string, param float64) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("sampler.type", kind), attribute.Float64("sampler.param", param)}
	}
	operations := perOperation(0.25, 1, 0, map[string]float64{"GET /a": 0.5, "GET /never": 0, "GET /always": 1})
	for _, tt := range []struct {
		name, response, operation string
		id                        trace.TraceID
		want                      []attribute.KeyValue // nil if the trace is not kept
	}{
		{"probability, kept", `{"probabilisticSampling":{"samplingRate":0.5}}`, "any", low, attrs("probabilistic", 0.5)},
		{"probability, not kept", `{"probabilisticSampling":{"samplingRate":0.5}}`, "any", high, nil},
		{"probability 1", `{"probabilisticSampling":{"samplingRate":1}}`, "any", high, attrs("probabilistic", 1)},
		{"probability 0", `{"probabilisticSampling":{"samplingRate":0}}`, "any", low, nil},
		{"rate limit", rateLimit(3), "any", high, attrs("ratelimiting", 3)},
		{"rate limit 0", rateLimit(0), "any", low, nil},
		{"listed operation", operations, "GET /a", low, attrs("probabilistic", 0.5)},
		{"listed operation, by the lower bound", operations, "GET /a", high, attrs("lowerbound", 0.5)},
		{"listed operation with probability 0", operations, "GET /never", low, attrs("lowerbound", 0)},
		{"listed operation with probability 1", operations, "GET /always", high, attrs("probabilistic", 1)},
		{"other operation", operations, "GET /other", low, attrs("probabilistic", 0.25)},
		{"other operation, by the lower bound", operations, "GET /other", high, attrs("lowerbound", 0.25)},
		{"empty list, default", perOperation(0.25, 0, 0, nil), "GET /a", low, attrs("probabilistic", 0.25)},
		{"empty list, default, not kept", perOperation(0.25, 0, 0, nil), "GET /a", high, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newSampler(t, tt.response)
			result := s.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: tt.id, Name: tt.operation})
			if got := result.Decision == sdktrace.RecordAndSample; got != (tt.want != nil) {
				t.Errorf("kept: %t, want %t", got, tt.want != nil)
			}
			if diff := cmp.Diff(tt.want, result.Attributes, cmp.AllowUnexported(attribute.Value{}), cmp.Comparer(func(a, b attribute.KeyValue) bool { return a == b })); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRatioAgreesWithPackageSampling(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, rate := range []float64{0, 1e-9, 0.001, 0.01, 0.1, 0.25, 0.3, 0.5, 0.9999999999999999, 1} {
		s, _ := newSampler(t, fmt.Sprintf(`{"probabilisticSampling":{"samplingRate":%v}}`, rate))
		oracle := sampling.Ratio(rate)
		bound := uint64(rate*(1<<63)) << 1
		for i := range 2000 {
			last := random.Uint64()
			if i < 100 {
				last = bound + uint64(i) - 50 // near the bound
			}
			id := trace.TraceID{0: byte(i)}
			binary.BigEndian.PutUint64(id[8:], last)
			_, got := s.Decide(id, "x")
			if want := oracle.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: id}).Decision == sdktrace.RecordAndSample; got != want {
				t.Fatalf("rate %v, id %s: kept %t, want %t", rate, id, got, want)
			}
		}
	}
}

func TestParents(t *testing.T) {
	s, _ := newSampler(t, `{"probabilisticSampling":{"samplingRate":0.5}}`)
	state, _ := trace.ParseTraceState("v=1")
	parent := func(sampled bool, id trace.TraceID) context.Context {
		sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceState: state, Remote: true})
		return trace.ContextWithRemoteSpanContext(context.Background(), sc.WithTraceFlags(sc.TraceFlags().WithSampled(sampled)))
	}
	for _, tt := range []struct {
		name    string
		sampler sdktrace.Sampler
		ctx     context.Context
		id      trace.TraceID
		want    sdktrace.SamplingDecision
	}{
		{"jaeger_remote ignores an unsampled parent", s, parent(false, low), low, sdktrace.RecordAndSample},
		{"jaeger_remote ignores a sampled parent", s, parent(true, high), high, sdktrace.Drop},
		{"parentbased_jaeger_remote, sampled parent", sdktrace.ParentBased(s), parent(true, high), high, sdktrace.RecordAndSample},
		{"parentbased_jaeger_remote, unsampled parent", sdktrace.ParentBased(s), parent(false, low), low, sdktrace.Drop},
		{"excluded request", s, suppress.Context(parent(true, low)), low, sdktrace.Drop},
	} {
		result := tt.sampler.ShouldSample(sdktrace.SamplingParameters{ParentContext: tt.ctx, TraceID: tt.id, Name: "GET /"})
		if result.Decision != tt.want || len(result.Attributes) > 0 || result.Tracestate.String() != "v=1" {
			t.Errorf("%s: %+v, want decision %d, no attributes, tracestate v=1", tt.name, result, tt.want)
		}
	}
	root := sdktrace.ParentBased(s).ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: low, Name: "GET /"})
	if root.Decision != sdktrace.RecordAndSample || len(root.Attributes) != 2 {
		t.Errorf("parentbased_jaeger_remote, root: %+v, want it kept with two attributes", root)
	}
}

func TestRateLimitStartsFullAndRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSampler(t, rateLimit(5))
		for round := range 3 {
			if got := kept(s, 100, high, "x"); got != 5 {
				t.Errorf("second %d: %d of 100 are kept, want 5", round, got)
			}
			time.Sleep(time.Second)
		}
		slow, _ := newSampler(t, rateLimit(0.1))
		for i, want := range []int{1, 0, 1} {
			if got := kept(slow, 10, high, "x"); got != want {
				t.Errorf("one in ten seconds, after %d times 5 s: %d are kept, want %d", i, got, want)
			}
			time.Sleep(5 * time.Second)
		}
	})
}

func TestLimitsHoldUnderHundredfoldLoad(t *testing.T) {
	for name, tt := range map[string]struct {
		response string
		id       trace.TraceID
		want     float64 // traces per second
	}{
		"rate limit":           {rateLimit(20), low, 20},
		"lower bound":          {perOperation(0, 20, 0, nil), high, 20},
		"upper bound":          {perOperation(1, 0, 20, nil), low, 20},
		"upper above lower":    {perOperation(0, 20, 30, nil), high, 20},
		"upper bound, listed":  {perOperation(0, 0, 20, map[string]float64{"x": 1}), low, 20},
		"lower with upper, id": {perOperation(1, 20, 30, nil), low, 30},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newSampler(t, tt.response)
			kept(s, 1000, tt.id, "x") // the burst
			count := 0
			for range 60 * 2000 {
				time.Sleep(time.Second / 2000)
				count += kept(s, 1, tt.id, "x")
			}
			if got := float64(count) / 60; got < tt.want*0.95 || got > tt.want*1.05 {
				t.Errorf("%s: %v traces per second are kept, want %v within 5 percent", name, got, tt.want)
			}
		})
	}
}

func TestLowerBoundCountsAllKeptTraces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSampler(t, perOperation(0.5, 3, 0, nil))
		if got := kept(s, 2, low, "x"); got != 2 {
			t.Fatalf("%d of 2 are kept by the trace id", got)
		}
		if got := kept(s, 10, high, "x"); got != 1 {
			t.Errorf("%d are kept by the lower bound of 3, want 1 after 2 others", got)
		}
		if got := kept(s, 10, high, "y"); got != 3 {
			t.Errorf("%d of another operation are kept by the lower bound of 3, want 3", got)
		}
		if got := kept(s, 10, low, "x"); got != 10 {
			t.Errorf("%d of 10 are kept by the trace id, want all: the lower bound does not limit", got)
		}
	})
}

func TestPollDoesNotGrantBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			first, second string
			want          int
		}{
			"same rate limit":                {rateLimit(5), rateLimit(5), 0},
			"higher rate limit":              {rateLimit(5), rateLimit(50), 0},
			"lower rate limit":               {rateLimit(50), rateLimit(5), 0},
			"listed operation":               {perOperation(0, 5, 0, map[string]float64{"x": 0}), perOperation(0, 5, 0, map[string]float64{"x": 0.1}), 0},
			"operation that becomes listed":  {perOperation(0, 5, 0, nil), perOperation(0, 5, 0, map[string]float64{"x": 0.1}), 0},
			"operation that is not any more": {perOperation(0, 5, 0, map[string]float64{"x": 0.1}), perOperation(0, 5, 0, nil), 0},
			"operation that is never listed": {perOperation(0, 5, 0, nil), perOperation(0, 5, 0, nil), 0},
			"another kind of strategy":       {rateLimit(5), perOperation(0, 5, 0, nil), 5},
		} {
			s, server := newSampler(t, tt.first)
			kept(s, 100, high, "x")
			server.set(tt.second)
			s.Poll(t.Context())
			if got := kept(s, 100, high, "x"); got != tt.want {
				t.Errorf("%s: %d are kept after the poll, want %d", name, got, tt.want)
			}
		}
		// An empty bucket for one trace in 1000 seconds does not delay a faster one.
		s, server := newSampler(t, rateLimit(0.001))
		kept(s, 1, high, "x")
		server.set(rateLimit(10))
		s.Poll(t.Context())
		time.Sleep(time.Second)
		if got := kept(s, 100, high, "x"); got != 10 {
			t.Errorf("%d are kept a second after a higher rate, want 10", got)
		}
	})
}

func TestStatePerOperationIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSampler(t, perOperation(0, 1, 0, map[string]float64{"listed": 0}), maxOperations(10))
		total := 0
		for i := range 5000 {
			total += kept(s, 1, high, fmt.Sprint("GET /", i))
		}
		if state := s.State(); state.Observed != 9 || len(state.Operations) != 1 || state.Operations[0].Operation != "listed" {
			t.Errorf("%d listed and %d observed operations, want 1 and 9", len(state.Operations), state.Observed)
		}
		if total != 10 {
			t.Errorf("%d of 5000 operations are kept by the lower bound, want 9 and 1 of the shared bucket", total)
		}
		if got := kept(s, 1, high, "listed"); got != 1 {
			t.Error("other operations use up the bucket of a listed one")
		}
		time.Sleep(time.Minute)
		kept(s, 1, high, "GET /1")
		s.Poll(t.Context())
		if got := s.State().Observed; got != 1 {
			t.Errorf("%d observed operations after an idle minute, want the one in use", got)
		}
	})
	long, _ := newSampler(t, perOperation(0, 1, 0, nil))
	kept(long, 1, high, strings.Repeat("x", jaegerremote.MaxNameLength+1))
	if got := long.State().Observed; got != 0 {
		t.Errorf("%d observed operations after a long name, want 0", got)
	}
	unbounded, _ := newSampler(t, perOperation(0.5, 0, 0, nil))
	kept(unbounded, 1, high, "x")
	if got := unbounded.State().Observed; got != 0 {
		t.Errorf("%d observed operations without rate limits, want 0", got)
	}
}

func TestListedOperationsAboveTheMaximumShareBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := map[string]float64{}
		for i := range 20 {
			rates[fmt.Sprintf("op%02d", i)] = 0.5
		}
		s, _ := newSampler(t, perOperation(0, 1, 0, rates), maxOperations(5))
		total := 0
		for name := range rates {
			total += kept(s, 3, high, name)
			if got := kept(s, 1, low, name); got != 1 {
				t.Errorf("%s is not kept by its own probability", name)
			}
		}
		if total != 6 {
			t.Errorf("%d are kept by lower bounds, want 5 and 1 of the shared bucket", total)
		}
	})
}

func TestDecisionsDuringPolls(t *testing.T) {
	s, server := newSampler(t, perOperation(0.5, 1, 5, map[string]float64{"a": 0.5}), maxOperations(50))
	var running sync.WaitGroup
	for g := range 4 {
		running.Go(func() {
			for i := range 2000 {
				s.Decide(low, fmt.Sprint(g, i%100))
				s.Decide(high, "a")
				_ = s.Description()
			}
		})
	}
	for i := range 50 {
		server.set([]string{perOperation(0.1, 1, 0, map[string]float64{"b": 1}), rateLimit(5), `{`}[i%3])
		s.Poll(t.Context())
		_ = s.State().String()
	}
	running.Wait()
	if got := s.State().Observed; got > 50 {
		t.Errorf("%d observed operations, want at most 50", got)
	}
}

func TestInitialRate(t *testing.T) {
	server := &fakeServer{err: errors.New("refused")}
	s, err := jaegerremote.New(jaegerremote.Options{Source: server.source(), InitialRate: 0.5, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.Poll(t.Context())
	attrs, keep := s.Decide(low, "x")
	if !keep || attrs[0].Value.AsString() != "probabilistic" || attrs[1].Value.AsFloat64() != 0.5 {
		t.Errorf("kept %t with %v, want true with the probability 0.5", keep, attrs)
	}
	if got := s.Description(); got != "spanroute{jaeger_remote,probabilistic 0.5}" {
		t.Errorf("Description() = %q", got)
	}
}

func TestSamplerReplacesAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, server := newSampler(t, rateLimit(5))
		kept(first, 100, high, "x")
		time.Sleep(400 * time.Millisecond)
		second, err := jaegerremote.New(jaegerremote.Options{Source: server.source(), InitialRate: 1, Previous: first})
		if err != nil {
			t.Fatal(err)
		}
		if got := kept(second, 100, high, "x"); got != 2 {
			t.Errorf("%d are kept 400 ms after the limit of 5/s was reached, want 2", got)
		}
		if state := second.State(); !state.Remote || state.LastSuccess != first.State().LastSuccess || state.Requests != 0 {
			t.Errorf("state %+v, want the strategy and its time, without requests", state)
		}
		initial, err := jaegerremote.New(jaegerremote.Options{Source: server.source()})
		if err != nil {
			t.Fatal(err)
		}
		third, err := jaegerremote.New(jaegerremote.Options{Source: server.source(), InitialRate: 1, Previous: initial})
		if err != nil {
			t.Fatal(err)
		}
		if got := kept(third, 10, high, "x"); got != 10 {
			t.Errorf("%d of 10 are kept after a sampler without a response, want all by the initial rate", got)
		}
	})
}

func TestNewRejects(t *testing.T) {
	source := new(fakeServer).source()
	for want, o := range map[string]jaegerremote.Options{
		"the source is missing":                                {},
		"interval: 1ms is out of range, want 100ms to 24h0m0s": {Source: source, Interval: time.Millisecond},
		"initial rate: NaN is out of range, want 0 to 1":       {Source: source, InitialRate: nan},
		"initial rate: 1.5 is out of range, want 0 to 1":       {Source: source, InitialRate: 1.5},
		"max operations: -1 is out of range, want at least 1":  {Source: source, MaxOperations: -1},
	} {
		if _, err := jaegerremote.New(o); err == nil || err.Error() != want {
			t.Errorf("New = %v, want %s", err, want)
		}
	}
}
