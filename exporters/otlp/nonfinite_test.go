package otlp_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
)

// Numbers that JSON cannot hold stay numbers, or become words wherever a value can stand.
func TestNonFiniteNumbers(t *testing.T) {
	t.Parallel()
	span := exportertest.Span(func(s *tracetest.SpanStub) {
		s.Attributes = []attribute.KeyValue{
			attribute.Float64("nan", math.NaN()), attribute.Float64("plain", 0.5), attribute.Float64Slice("list", []float64{1, math.Inf(1)}),
			{Key: "map", Value: attribute.MapValue(attribute.Float64("low", math.Inf(-1)))},
		}
		s.Events = []sdktrace.Event{{Name: "e", Attributes: []attribute.KeyValue{attribute.Float64("nan", math.NaN())}}}
	})
	word := func(s string) *commonpb.AnyValue {
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
	}
	number := func(f float64) *commonpb.AnyValue {
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: f}}
	}
	for setting, tt := range map[string]struct {
		nan, inf, low *commonpb.AnyValue
		repaired      uint64
	}{
		"":       {number(math.NaN()), number(math.Inf(1)), number(math.Inf(-1)), 0},
		"number": {number(math.NaN()), number(math.Inf(1)), number(math.Inf(-1)), 0},
		"text":   {word("NaN"), word("Infinity"), word("-Infinity"), 1},
	} {
		t.Run("non_finite: "+setting, func(t *testing.T) {
			t.Parallel()
			rc := exportertest.Receive(t, exportertest.OK)
			section := map[string]any{"protocol": "http", "endpoint": rc.URL + "/v1/traces"}
			if setting != "" {
				section["non_finite"] = setting
			}
			if s := exportertest.Flush(t, exporter.Open(t, section), span); s.Delivered != 1 || s.Repaired[delivery.RepairValue] != tt.repaired {
				t.Errorf("stats %+v, want 1 delivered and %d repaired", s, tt.repaired)
			}
			body := rc.Last().Content
			req := new(coltracepb.ExportTraceServiceRequest)
			if err := proto.Unmarshal(body, req); err != nil {
				t.Fatal(err)
			}
			got := req.ResourceSpans[0].ScopeSpans[0].Spans[0]
			want := []*commonpb.KeyValue{
				{Key: "nan", Value: tt.nan}, {Key: "plain", Value: number(0.5)},
				{Key: "list", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: []*commonpb.AnyValue{number(1), tt.inf}}}}},
				{Key: "map", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: []*commonpb.KeyValue{{Key: "low", Value: tt.low}}}}}},
			}
			want = append(want, &commonpb.KeyValue{Key: "nan", Value: tt.nan})
			all := append(got.Attributes, got.Events[0].Attributes...)
			if !proto.Equal(&commonpb.KeyValueList{Values: want}, &commonpb.KeyValueList{Values: all}) {
				t.Errorf("attributes of span and event (-want +got):\n%s", cmp.Diff(want, all, protocmp.Transform()))
			}
		})
	}
	if _, err := exporter.Prepare(map[string]any{"non_finite": "words"}); err == nil {
		t.Error("non_finite: words is accepted")
	}
}
