package jaeger_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

// Spans that are encoded one by one form the same requests as spans that are encoded together.
func TestSpansEncodedOneByOne(t *testing.T) {
	for _, protocol := range []string{jaeger.ProtocolHTTPBinary, jaeger.ProtocolGRPC} {
		for seed := range uint64(20) {
			r := newRandom(seed)
			resources := []*resource.Resource{nil, resource.NewSchemaless(r.attributes(0)...), resource.NewSchemaless(attribute.String("service.name", "shop"))}
			spans := make([]sdktrace.ReadOnlySpan, r.IntN(1300))
			for i := range spans {
				spans[i] = r.span(resources[r.IntN(1+int(seed%3))])
			}
			p, together, alone := packer(protocol, int(seed%9)), new(delivery.Report), new(delivery.Report)
			if !slices.EqualFunc(p.Pack(spans, together), p.PackOneByOne(spans, alone), bytes.Equal) {
				t.Errorf("%s, seed %d: the payloads differ", protocol, seed)
			}
			for _, kind := range []delivery.Repair{delivery.RepairUTF8, delivery.RepairValue, delivery.RepairDuration, delivery.RepairStart} {
				if alone.Repaired(kind) != together.Repaired(kind) {
					t.Errorf("%s, seed %d: %d spans repaired (%s), want %d", protocol, seed, alone.Repaired(kind), kind, together.Repaired(kind))
				}
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, protocol := range []string{jaeger.ProtocolHTTPBinary, jaeger.ProtocolGRPC} {
		span := base(func(s *tracetest.SpanStub) { s.Name = "GET /" + strings.Repeat("é", 40) + "\n" }).Snapshot()
		sc := span.SpanContext()
		want := fmt.Sprintf("trace=%s span=%s name=%q", sc.TraceID(), sc.SpanID(), "GET /"+strings.Repeat("é", 13))
		if got := packer(protocol, 0).Describe(span); got != want {
			t.Errorf("%s: Describe = %s, want %s", protocol, got, want)
		}
	}
}
