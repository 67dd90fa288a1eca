package jaegerremote_test

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jaegertracing/jaeger-idl/model/v1"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// throughput is what Jaeger's adaptive strategy records of a root span.
type throughput struct {
	operation string
	counted   bool   // the span counts as throughput
	param     string // as compared with the probability of the server
}

// aggregate applies the rules of HandleRootSpan, getSamplerParams, RecordThroughput and TruncateFloat in the package
// internal/sampling/samplingstrategy/adaptive of github.com/jaegertracing/jaeger, version 2.20.0. The model of Jaeger
// reads the type. It reports whether the span is recorded.
func aggregate(span *model.Span) (recorded throughput, ok bool) {
	if span.ParentSpanID() != model.NewSpanID(0) || span.OperationName == "" {
		return throughput{}, false
	}
	samplerType := span.GetSamplerType()
	tag, found := model.KeyValues(span.Tags).FindByKey(model.SamplerParamKey)
	if samplerType == model.SamplerTypeUnrecognized || !found {
		return throughput{}, false
	}
	var param float64
	switch tag.VType {
	case model.Float64Type:
		param = tag.Float64()
	case model.Int64Type:
		param = float64(tag.Int64())
	default:
		var err error
		if param, err = strconv.ParseFloat(tag.AsString(), 64); err != nil {
			return throughput{}, false
		}
	}
	return throughput{span.OperationName, samplerType == model.SamplerTypeProbabilistic, strconv.FormatFloat(param, 'f', 6, 64)}, true
}

// toModel converts a span as Jaeger converts one that it receives over OTLP.
func toModel(span sdktrace.ReadOnlySpan) *model.Span {
	m := &model.Span{OperationName: span.Name()}
	if parent := span.Parent(); parent.IsValid() {
		m.References = []model.SpanRef{model.NewChildOfRef(model.TraceID{}, model.NewSpanID(1))}
	}
	for _, a := range span.Attributes() {
		m.Tags = append(m.Tags, toTag(a))
	}
	return m
}

func toTag(a attribute.KeyValue) model.KeyValue {
	switch a.Value.Type() {
	case attribute.FLOAT64:
		return model.Float64(string(a.Key), a.Value.AsFloat64())
	case attribute.INT64:
		return model.Int64(string(a.Key), a.Value.AsInt64())
	}
	return model.String(string(a.Key), a.Value.String())
}

func TestJaegerReadsTheSamplerOfRootSpans(t *testing.T) {
	for name, tt := range map[string]struct {
		sampler  func(t *testing.T) sdktrace.Sampler
		want     throughput
		recorded bool
	}{
		"initial rate": {
			func(t *testing.T) sdktrace.Sampler {
				s, err := jaegerremote.New(jaegerremote.Options{Source: new(fakeServer).source(), InitialRate: 1})
				if err != nil {
					t.Fatal(err)
				}
				return s
			}, throughput{"GET /a", true, "1.000000"}, true,
		},
		"probability of the operation": {remote(perOperation(0, 0, 0, map[string]float64{"GET /a": 1})), throughput{"GET /a", true, "1.000000"}, true},
		"default probability":          {remote(perOperation(1, 0.5, 0, nil)), throughput{"GET /a", true, "1.000000"}, true},
		"lower bound":                  {remote(perOperation(0.00012345, 1, 0, nil)), throughput{"GET /a", false, "0.000123"}, true},
		"rate limit":                   {remote(rateLimit(7)), throughput{"GET /a", false, "7.000000"}, true},
		"another sampler":              {func(*testing.T) sdktrace.Sampler { return sdktrace.AlwaysSample() }, throughput{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := tracetest.NewSpanRecorder()
			provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(tt.sampler(t))), sdktrace.WithSpanProcessor(recorder))
			ctx, root := provider.Tracer("test").Start(context.Background(), "GET /a")
			_, child := provider.Tracer("test").Start(ctx, "child")
			child.End()
			root.End()
			spans := recorder.Ended()
			if len(spans) != 2 {
				t.Fatalf("%d spans are kept, want 2", len(spans))
			}
			if got, ok := aggregate(toModel(spans[0])); ok {
				t.Errorf("the child is recorded: %+v", got)
			}
			if got, ok := aggregate(toModel(spans[1])); ok != tt.recorded || got != tt.want {
				t.Errorf("recorded %t, %+v; want %t, %+v", ok, got, tt.recorded, tt.want)
			}
		})
	}
}

// adaptiveServer computes probabilities of one service from root spans, as Jaeger does in runCalculation with one bucket:
// see calculateProbability, isUsingAdaptiveSampling and PercentageIncreaseCappedCalculator in post_aggregator.go and
// calculationstrategy. Its strategies list the operations that it has seen.
type adaptiveServer struct {
	initial, target, tolerance, lowerBound float64

	probabilities map[string]float64
	counts        map[string]float64         // of the current interval
	params        map[string]map[string]bool // of the current interval
}

func (a *adaptiveServer) handle(span *model.Span) {
	recorded, ok := aggregate(span)
	if !ok {
		return
	}
	if a.params[recorded.operation] == nil {
		a.params[recorded.operation] = map[string]bool{}
	}
	a.params[recorded.operation][recorded.param] = true
	if recorded.counted {
		a.counts[recorded.operation]++
	} else {
		a.counts[recorded.operation] += 0
	}
}

func (a *adaptiveServer) calculate(interval time.Duration) {
	for operation, count := range a.counts {
		rate, old := count/interval.Seconds(), a.initial
		if p, ok := a.probabilities[operation]; ok {
			old = p
		}
		adaptive := old == a.initial || a.params[operation][strconv.FormatFloat(old, 'f', 6, 64)]
		next := old
		switch {
		case math.Abs(rate-a.target)/a.target < a.tolerance || !adaptive:
		case rate == 0:
			next = old * 2
		default:
			next = min(old*a.target/rate, old*2)
		}
		a.probabilities[operation] = min(1, max(1e-5, next))
	}
	a.counts, a.params = map[string]float64{}, map[string]map[string]bool{}
}

// TestAdaptiveLoopCloses runs the sampler against the calculation of Jaeger: at 100 requests a second of one operation
// and 5 of another, each is kept about once a second after 5 minutes.
func TestAdaptiveLoopCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		adaptive := &adaptiveServer{
			initial: 0.001, target: 1, tolerance: 0.1, lowerBound: 1.0 / 60,
			probabilities: map[string]float64{}, counts: map[string]float64{}, params: map[string]map[string]bool{},
		}
		s, server := newSampler(t, perOperation(adaptive.initial, adaptive.lowerBound, 0, nil))
		random := rand.New(rand.NewPCG(5, 6))
		ids := func() (id trace.TraceID) {
			binary.BigEndian.PutUint64(id[8:], random.Uint64())
			return id
		}
		count := map[string]int{}
		request := func(operation string) {
			attrs, keep := s.Decide(ids(), operation)
			if !keep {
				return
			}
			count[operation]++
			span := &model.Span{OperationName: operation}
			for _, a := range attrs {
				span.Tags = append(span.Tags, toTag(a))
			}
			adaptive.handle(span)
		}
		const interval = 10 * time.Second
		for elapsed := time.Duration(0); elapsed < 15*time.Minute; elapsed += interval {
			if elapsed == 5*time.Minute {
				count = map[string]int{}
			}
			for i := range 1000 {
				request("GET /busy")
				if i%20 == 0 {
					request("GET /idle")
				}
				time.Sleep(10 * time.Millisecond)
			}
			adaptive.calculate(interval)
			server.set(perOperation(adaptive.initial, adaptive.lowerBound, 0, adaptive.probabilities))
			s.Poll(t.Context())
		}
		for _, operation := range []string{"GET /busy", "GET /idle"} {
			if got := float64(count[operation]) / 600; got < 0.8 || got > 1.2 {
				t.Errorf("%s: %.2f traces a second are kept after 5 minutes, want 1 within 20 percent", operation, got)
			}
		}
	})
}

func remote(response string) func(*testing.T) sdktrace.Sampler {
	return func(t *testing.T) sdktrace.Sampler {
		s, _ := newSampler(t, response)
		return s
	}
}
