package otlp_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
)

// random makes spans. Tame ones stay where upstream is right; wild ones have bad UTF-8 and times.
type random struct {
	*rand.Rand
	wild bool
}

func (r random) text() string {
	pieces := []string{"a", "B", "0", " ", "/", "é", "日", "\n", `"`, "\u2028", "😀", "\x00"}
	if r.wild {
		pieces = append(pieces, "\xff", "\xc3")
	}
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func (r random) value(depth int) attribute.Value {
	switch r.IntN(13) {
	case 0:
		return attribute.BoolValue(r.IntN(2) == 0)
	case 1:
		return attribute.Int64Value(r.Int64() - r.Int64())
	case 2:
		return attribute.Float64Value([]float64{r.NormFloat64(), math.Inf(1), 0}[r.IntN(3)])
	case 3:
		return attribute.BoolSliceValue([]bool{true, false}[:r.IntN(3)])
	case 4:
		return attribute.Int64SliceValue([]int64{1, -2, 3}[:r.IntN(4)])
	case 5:
		return attribute.Float64SliceValue([]float64{0.5, -1e-7, 3}[:r.IntN(4)])
	case 6:
		return attribute.StringSliceValue([]string{r.text(), r.text(), r.text()}[:r.IntN(4)])
	case 7:
		return attribute.ByteSliceValue([]byte(r.text()))
	case 8:
		return attribute.Value{}
	case 9, 10:
		if depth > 0 {
			return attribute.MapValue(r.attrs(depth - 1)...)
		}
		return attribute.SliceValue(attribute.IntValue(1), attribute.StringValue(r.text()))
	}
	return attribute.StringValue(r.text())
}

func (r random) attrs(depth int) []attribute.KeyValue {
	var out []attribute.KeyValue
	for i := range r.IntN(8) {
		out = append(out, attribute.KeyValue{Key: attribute.Key(fmt.Sprint(r.text(), i)), Value: r.value(depth)})
	}
	return out
}

func (r random) span(res *resource.Resource, scope instrumentation.Scope) sdktrace.ReadOnlySpan {
	start := time.Unix(r.Int64N(4e9), r.Int64N(1e9))
	state, _ := trace.ParseTraceState("vendor=abc")
	s := tracetest.SpanStub{
		Name: r.text(), SpanKind: trace.SpanKind(r.IntN(8)), SpanContext: r.context().WithTraceState(state),
		StartTime: start, EndTime: start.Add(time.Duration(r.Int64N(1e12))),
		Attributes: r.attrs(2), DroppedAttributes: r.IntN(3), DroppedEvents: r.IntN(3), DroppedLinks: r.IntN(3) - 1,
		Status:   sdktrace.Status{Code: codes.Code(r.IntN(4)), Description: r.text()},
		Resource: res, InstrumentationScope: scope,
	}
	if r.IntN(2) == 0 {
		s.Parent = r.context()
	}
	for range r.IntN(3) {
		s.Events = append(s.Events, sdktrace.Event{Name: r.text(), Time: start, Attributes: r.attrs(1), DroppedAttributeCount: r.IntN(2)})
		s.Links = append(s.Links, sdktrace.Link{SpanContext: r.context(), Attributes: r.attrs(1), DroppedAttributeCount: r.IntN(2)})
	}
	if r.wild {
		s.StartTime = time.Unix(r.Int64()-r.Int64(), 0)
		s.EndTime = []time.Time{{}, start, time.Unix(1<<40, 0)}[r.IntN(3)]
	}
	return s.Snapshot()
}

func (r random) context() trace.SpanContext {
	c := trace.SpanContextConfig{TraceFlags: trace.TraceFlags(r.IntN(2)), Remote: r.IntN(2) == 0}
	for i := range c.TraceID {
		c.TraceID[i] = byte(r.Uint32()) | 1
	}
	for i := range c.SpanID {
		c.SpanID[i] = byte(r.Uint32()) | 1
	}
	return trace.NewSpanContext(c)
}

func (r random) spans(n int) []sdktrace.ReadOnlySpan {
	var res []*resource.Resource
	var scopes []instrumentation.Scope
	for i := range 3 {
		res = append(res, resource.NewWithAttributes("https://schema/"+r.text(), append(r.attrs(2), attribute.String("service.name", fmt.Sprint("svc", i)))...))
		scopes = append(scopes, instrumentation.Scope{Name: fmt.Sprint("lib", i), Version: r.text(), SchemaURL: r.text(), Attributes: attribute.NewSet(r.attrs(1)...)})
	}
	scopes[2] = instrumentation.Scope{}
	var out []sdktrace.ReadOnlySpan
	for range n {
		out = append(out, r.span(res[r.IntN(3)], scopes[r.IntN(3)]))
	}
	return out
}

// sorted puts resources, which upstream emits in random order, into one order.
func sorted(tree []*tracepb.ResourceSpans) []*tracepb.ResourceSpans {
	name := func(rs *tracepb.ResourceSpans) []byte {
		b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(rs.Resource)
		return b
	}
	slices.SortFunc(tree, func(a, b *tracepb.ResourceSpans) int { return bytes.Compare(name(a), name(b)) })
	return tree
}

func TestEncodeAgreesWithUpstream(t *testing.T) {
	for seed := range uint64(150) {
		agrees(t, otlp.NewEncoder(16<<20, 0), random{Rand: rand.New(rand.NewPCG(seed, 1))}.spans(12))
	}
}

// FuzzEncodeAgreesWithUpstream encodes a second batch with the same encoder, which has cached what the first one needed.
func FuzzEncodeAgreesWithUpstream(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint8(1), "name", "text", int64(1))
	f.Add(uint64(3), uint64(4), uint8(40), strings.Repeat("long", 50), strings.Repeat("é", 9000), int64(-1))
	f.Add(uint64(40), uint64(4), uint8(40), "name", "text", int64(1)) // equal attributes of resources with different schema URLs
	f.Fuzz(func(t *testing.T, seed, other uint64, count uint8, name, value string, number int64) {
		for _, seed := range []uint64{seed, other} {
			// An encoder keeps the schema URL of the first resource with equal attributes, upstream the first of a batch.
			e := otlp.NewEncoder(64<<20, 0)
			spans := random{Rand: rand.New(rand.NewPCG(seed, 1))}.spans(1 + int(count%16))
			agrees(t, e, append(spans, exportertest.Span(func(s *tracetest.SpanStub) {
				name, value := strings.ToValidUTF8(name, "?"), strings.ToValidUTF8(value, "?")
				s.Name, s.Status = name, sdktrace.Status{Code: codes.Error, Description: value}
				s.Attributes = []attribute.KeyValue{
					attribute.String(value, name), attribute.Int64("n", number), attribute.Map(name, attribute.Map(value, attribute.String(name, value))),
				}
				s.Events = []sdktrace.Event{{Name: value, Time: s.StartTime, Attributes: s.Attributes}}
			})))
		}
	})
}

// agrees checks that the requests are the same messages as upstream's, and are the canonical bytes of them.
func agrees(t *testing.T, e *otlp.Encoder, spans []sdktrace.ReadOnlySpan) {
	t.Helper()
	payloads := e.Encode(spans, &delivery.Report{})
	if len(payloads) != 1 || payloads[0].Spans() != len(spans) {
		t.Fatalf("%d payloads, want 1", len(payloads))
	}
	want := &coltracepb.ExportTraceServiceRequest{ResourceSpans: sorted(upstreamTree(t, spans))}
	got := &coltracepb.ExportTraceServiceRequest{ResourceSpans: sorted(otlp.Tree(payloads[0]))}
	if !proto.Equal(want, got) {
		t.Fatalf("(-upstream +got):\n%s", cmp.Diff(want, got, protocmp.Transform()))
	}
	if size := proto.Size(want); payloads[0].Size() != size {
		t.Fatalf("%d bytes, want the %d of upstream's messages", payloads[0].Size(), size)
	}
}

// TestEncodeHoldsAnything: what is encoded can be marshalled, whatever the spans hold, and is within the limit.
func TestEncodeHoldsAnything(t *testing.T) {
	for seed := range uint64(150) {
		spans := random{Rand: rand.New(rand.NewPCG(seed, 2)), wild: true}.spans(12)
		most := 200 + int(seed)*50
		e := otlp.NewEncoder(most, int(seed%5))
		got := 0
		for _, p := range e.Encode(spans, &delivery.Report{}) {
			raw, err := proto.Marshal(&coltracepb.ExportTraceServiceRequest{ResourceSpans: otlp.Tree(p)})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if len(raw) != p.Size() || len(raw) > most && p.Spans() > 1 {
				t.Fatalf("seed %d: %d spans in %d bytes, Size %d, limit %d", seed, p.Spans(), len(raw), p.Size(), most)
			}
			got += each(p, func(s *tracepb.Span) {
				if s.EndTimeUnixNano < s.StartTimeUnixNano {
					t.Fatalf("seed %d: span ends before it starts", seed)
				}
			})
		}
		if got != len(spans) {
			t.Fatalf("seed %d: %d spans came out, want %d", seed, got, len(spans))
		}
	}
}

// each visits the spans of a payload and counts them.
func each(p *otlp.Payload, visit func(*tracepb.Span)) (n int) {
	for _, rs := range otlp.Tree(p) {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				visit(s)
				n++
			}
		}
	}
	return n
}

func TestSplitHalvesWithoutLosingASpan(t *testing.T) {
	spans := random{Rand: rand.New(rand.NewPCG(1, 1))}.spans(37)
	e := otlp.NewEncoder(16<<20, 0)
	whole := e.Encode(spans, &delivery.Report{})[0]
	before := proto.Clone(&coltracepb.ExportTraceServiceRequest{ResourceSpans: otlp.Tree(whole)})
	var want, got []string
	each(whole, func(s *tracepb.Span) { want = append(want, string(s.SpanId)) })
	singles := 0
	for rest := []*otlp.Payload{whole}; len(rest) > 0; {
		p := rest[0]
		rest = rest[1:]
		a, b, ok := e.Split(p)
		if ok {
			if d := a.Spans() - b.Spans(); d < -1 || d > 1 {
				t.Errorf("%d spans split into %d and %d", p.Spans(), a.Spans(), b.Spans())
			}
			rest = append([]*otlp.Payload{a, b}, rest...)
			continue
		}
		singles++
		each(p, func(s *tracepb.Span) { got = append(got, string(s.SpanId)) })
		if tree := otlp.Tree(p); len(tree) != 1 || tree[0].Resource == nil || len(tree[0].ScopeSpans) != 1 {
			t.Errorf("a single span has lost resource or scope: %v", tree)
		}
	}
	if !slices.Equal(got, want) || singles != len(spans) {
		t.Errorf("%d singles, same order = %t, want %d and true", singles, slices.Equal(got, want), len(spans))
	}
	if !proto.Equal(before, &coltracepb.ExportTraceServiceRequest{ResourceSpans: otlp.Tree(whole)}) {
		t.Error("Split changed the payload it was given")
	}
}
