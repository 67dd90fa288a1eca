package zipkin_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	upstream "go.opentelemetry.io/otel/exporters/zipkin"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

// random makes spans. Tame ones contain only what upstream encodes correctly; wild ones contain anything.
type random struct {
	*rand.Rand
	wild bool
}

func (r random) text() string {
	pieces := []string{"a", "b", "z", "0", " ", "/", ".", "é", "日", "\n", "\t", `"`, `\`, "{", "]", "\u2028", "😀"}
	if r.wild {
		pieces = append(pieces, "\xff", "\xc3", "\x00", "\x7f", "<", "&", "A")
	}
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func (r random) key(prefix string) string {
	if r.wild {
		odd := []string{"", "error", "otel.status_code", "otel.scope.name", "service.name", "otel.dropped_events_count", "\xff", prefix}
		if n := r.IntN(3 * len(odd)); n < len(odd) {
			return odd[n]
		}
	}
	return fmt.Sprint(prefix, r.IntN(20))
}

func (r random) value(depth int) attribute.Value {
	kinds := 9
	if r.wild {
		kinds = 12
	}
	switch r.IntN(kinds) {
	case 0:
		return attribute.BoolValue(r.IntN(2) == 0)
	case 1:
		return attribute.Int64Value(r.Int64() - r.Int64())
	case 2:
		return attribute.Float64Value(r.NormFloat64() * 1e6)
	case 3:
		return attribute.BoolSliceValue([]bool{true, false}[:r.IntN(3)])
	case 4:
		return attribute.Int64SliceValue([]int64{1, -2, 3}[:r.IntN(4)])
	case 5:
		return attribute.Float64SliceValue([]float64{0.5, -1e-7, 3}[:r.IntN(4)])
	case 6:
		return attribute.StringSliceValue([]string{r.text(), r.text(), r.text()}[:r.IntN(4)])
	case 9:
		return attribute.ByteSliceValue([]byte(r.text()))
	case 10:
		if depth > 0 {
			return attribute.MapValue(r.attrs("m", depth-1)...)
		}
	case 11:
		if depth > 0 {
			return attribute.SliceValue(r.value(depth-1), r.value(depth-1))
		}
		return attribute.Value{}
	}
	return attribute.StringValue(r.text())
}

func (r random) attrs(prefix string, depth int) []attribute.KeyValue {
	var out []attribute.KeyValue
	for range r.IntN(8) {
		out = append(out, attribute.KeyValue{Key: attribute.Key(r.key(prefix)), Value: r.value(depth)})
	}
	return out
}

func (r random) remote() []attribute.KeyValue {
	all := []attribute.KeyValue{
		attribute.String("peer.service", "p"), attribute.String("server.address", "s"), attribute.String("net.peer.name", "n"),
		attribute.String("network.peer.address", "10.1.2.3"), attribute.Int("network.peer.port", 80),
		attribute.String("server.socket.address", "2001:db8::2"), attribute.String("server.socket.port", "90"),
		attribute.String("net.sock.peer.addr", "::ffff:10.0.0.1"), attribute.Int("net.sock.peer.port", 70),
		attribute.String("peer.hostname", "h"), attribute.String("db.name", "d"),
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:r.IntN(4)]
}

func (r random) span(res *resource.Resource) sdktrace.ReadOnlySpan {
	start := time.Unix(r.Int64N(4e9)+2, r.Int64N(1e9))
	s := tracetest.SpanStub{
		Name:        strings.ToLower(r.text()),
		SpanKind:    trace.SpanKind(r.IntN(6)),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: r.traceID(), SpanID: r.spanID(), TraceFlags: 1}),
		StartTime:   start,
		EndTime:     start.Add(time.Duration(r.Int64N(1e12)) >> r.IntN(40)),
		Attributes:  append(r.attrs("a", 2), r.remote()...),
		Status:      sdktrace.Status{Code: codes.Code(r.IntN(3)), Description: r.text()},
		Resource:    res,

		InstrumentationScope: instrumentation.Scope{Name: "scope", Version: r.text()},
	}
	if r.IntN(2) == 0 {
		s.Parent = trace.NewSpanContext(trace.SpanContextConfig{TraceID: r.traceID(), SpanID: r.spanID(), TraceFlags: 1})
	}
	for range r.IntN(3) {
		s.Events = append(s.Events, sdktrace.Event{Name: r.text(), Time: start.Add(time.Duration(r.Int64N(1e9))), Attributes: r.attrs("e", 2)})
	}
	if r.wild {
		r.spoil(&s)
	}
	return s.Snapshot()
}

// spoil adds what upstream cannot do.
func (r random) spoil(s *tracetest.SpanStub) {
	s.EndTime = s.EndTime.Add(-time.Duration(r.Int64N(1e10)))
	if r.IntN(5) == 0 {
		s.StartTime = time.Unix(-r.Int64N(1e12), 0)
	}
	s.DroppedAttributes, s.DroppedEvents = r.IntN(3)-1, r.IntN(2)
	set := attribute.NewSet(r.attrs("c", 0)...)
	s.InstrumentationScope = instrumentation.Scope{Name: r.text(), Version: r.text(), Attributes: set}
	if r.IntN(5) == 0 {
		s.Resource = nil
	}
}

func (r random) traceID() (id trace.TraceID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[15] |= 1
	return id
}

func (r random) spanID() (id trace.SpanID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[7] |= 1
	return id
}

func (r random) resource() *resource.Resource {
	return resource.NewSchemaless(append(r.attrs("r", 2), attribute.String("service.name", "svc"))...)
}

func TestEncodeAgreesWithUpstream(t *testing.T) {
	for seed := range uint64(150) {
		r := random{Rand: rand.New(rand.NewPCG(seed, 1))}
		res := []*resource.Resource{r.resource(), r.resource()}
		var spans []sdktrace.ReadOnlySpan
		for i := range 10 {
			spans = append(spans, r.span(res[i%2]))
		}
		got, _ := encode(t, zipkin.NewEncoder(zipkin.Node{}, 0), spans...)
		raw, err := json.Marshal(upstream.SpanModels(spans))
		if err != nil {
			t.Fatal(err)
		}
		want := decode(t, raw)
		for i := range want {
			correct(&want[i])
			level(&want[i])
			level(&got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-upstream +got):\n%s", seed, diff)
		}
	}
}

// correct repairs the defects of upstream that tame spans meet.
func correct(m *model) {
	delete(m.Tags, "service.name")
	for _, part := range []string{"name", "version"} {
		if v, ok := m.Tags["otel.scope."+part]; ok {
			m.Tags["otel.library."+part] = v
		}
	}
	for i, a := range m.Annotations {
		if at := strings.LastIndex(a.Value, ": {\""); at >= 0 {
			name, _ := json.Marshal(a.Value[:at])
			m.Annotations[i].Value = string(name) + a.Value[at:]
		}
	}
}

// level rewrites JSON inside text in one way: order of keys, escapes.
func level(m *model) {
	for k, v := range m.Tags {
		m.Tags[k] = levelJSON(v)
	}
	for i, a := range m.Annotations {
		if at := strings.LastIndex(a.Value, ": {\""); at >= 0 {
			m.Annotations[i].Value = levelJSON(a.Value[:at]) + ": " + levelJSON(a.Value[at+2:])
		}
	}
}

func levelJSON(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	out, _ := json.Marshal(v)
	return string(out)
}

// TestEncodeHoldsAnything sends wild spans and checks what must hold for every span whatsoever.
func TestEncodeHoldsAnything(t *testing.T) {
	for seed := range uint64(150) {
		r := random{Rand: rand.New(rand.NewPCG(seed, 2)), wild: true}
		var spans []sdktrace.ReadOnlySpan
		for range 10 {
			spans = append(spans, r.span(r.resource()))
		}
		e := zipkin.NewEncoder(zipkin.Node{}, int(seed%7))
		var got int
		for _, p := range e.Encode(spans, &delivery.Report{}) {
			got += check(t, p)
		}
		if got != len(spans) {
			t.Fatalf("seed %d: %d spans came out, want %d", seed, got, len(spans))
		}
	}
}
