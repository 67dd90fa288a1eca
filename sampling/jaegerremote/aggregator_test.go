package jaegerremote_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/jaegertracing/jaeger-idl/model/v1"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

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
		switch a.Value.Type() {
		case attribute.FLOAT64:
			m.Tags = append(m.Tags, model.Float64(string(a.Key), a.Value.AsFloat64()))
		case attribute.INT64:
			m.Tags = append(m.Tags, model.Int64(string(a.Key), a.Value.AsInt64()))
		default:
			m.Tags = append(m.Tags, model.String(string(a.Key), a.Value.String()))
		}
	}
	return m
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

func remote(response string) func(*testing.T) sdktrace.Sampler {
	return func(t *testing.T) sdktrace.Sampler {
		s, _ := newSampler(t, response)
		return s
	}
}
