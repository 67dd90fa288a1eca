package zipkin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

// check verifies what holds for every payload, and returns its number of spans.
func check(t testing.TB, p *zipkin.Payload) int {
	t.Helper()
	body := zipkin.Body(p)
	if !utf8.Valid(body) {
		t.Fatalf("body is no UTF-8: %q", body)
	}
	spans := decode(t, body)
	if len(spans) != p.Spans() || len(body) != p.Size() {
		t.Fatalf("Spans, Size = %d, %d, want %d, %d", p.Spans(), p.Size(), len(spans), len(body))
	}
	once(t, body)
	for _, s := range spans {
		if s.Timestamp < 1 || s.Duration < 0 || len(s.TraceID) != 32 || len(s.ID) != 16 || s.LocalEndpoint.ServiceName == "" {
			t.Fatalf("span breaks a rule: %+v", s)
		}
	}
	return len(spans)
}

// once fails if a JSON object has a key twice.
func once(t testing.TB, body []byte) {
	t.Helper()
	var all []struct{ Tags json.RawMessage }
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Tags == nil {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(s.Tags))
		seen := map[string]bool{}
		for n := 0; ; n++ {
			token, err := d.Token()
			if err != nil {
				break
			}
			key, isText := token.(string)
			if !isText || n%2 == 0 { // 0 is the brace, then key, value, key, value
				continue
			}
			if seen[key] && utf8.ValidString(key) && !strings.Contains(key, "\uFFFD") {
				t.Fatalf("tag %q comes twice: %s", key, s.Tags)
			}
			seen[key] = true
		}
	}
}

func sized(n int) sdktrace.ReadOnlySpan {
	return exportertest.Span(func(s *tracetest.SpanStub) {
		s.Attributes = []attribute.KeyValue{attribute.String("fill", strings.Repeat("x", n))}
	})
}

func ids(t testing.TB, payloads []*zipkin.Payload) (out []string) {
	t.Helper()
	for _, p := range payloads {
		for _, s := range decode(t, zipkin.Body(p)) {
			out = append(out, s.ID)
		}
	}
	return out
}

func TestEncodeKeepsWithinTheLimit(t *testing.T) {
	const limit, huge = 5_000_000, 20
	r := rand.New(rand.NewPCG(1, 2))
	var spans []sdktrace.ReadOnlySpan
	var sizes []int
	for i := range 40 {
		size := r.IntN(800_000)
		if i == huge {
			size = limit + 1
		}
		sizes = append(sizes, size)
		spans = append(spans, sized(size))
	}
	payloads := zipkin.NewEncoder(zipkin.Node{}, 0).Encode(spans, &delivery.Report{})
	next, alone := 0, false
	for i, p := range payloads {
		if p.Size() > limit && p.Spans() > 1 {
			t.Errorf("payload %d of %d spans has %d bytes, want at most %d", i, p.Spans(), p.Size(), limit)
		}
		for range p.Spans() {
			alone = alone || next == huge && p.Spans() == 1
			next++
		}
		if next < len(sizes) && p.Size()+sizes[next] < limit-1000 {
			t.Errorf("payload %d ends at %d bytes, and the next span would have fitted with %d", i, p.Size(), sizes[next])
		}
	}
	if next != len(spans) || !alone {
		t.Errorf("%d spans came out, the huge one alone = %t, want %d and true", next, alone, len(spans))
	}
	check(t, payloads[0])
}

func TestSplitHalvesWithoutLosingASpan(t *testing.T) {
	e := zipkin.NewEncoder(zipkin.Node{}, 0)
	for _, n := range []int{1, 2, 3, 7, 64} {
		whole := e.Encode(exportertest.Spans(n), &delivery.Report{})
		before := append([]byte(nil), zipkin.Body(whole[0])...)
		var singles []*zipkin.Payload
		rest := []*zipkin.Payload{whole[0]}
		for len(rest) > 0 {
			p := rest[0]
			rest = rest[1:]
			check(t, p)
			a, b, ok := e.Split(p)
			if !ok {
				singles = append(singles, p)
				continue
			}
			if a.Spans()-b.Spans() > 1 || b.Spans()-a.Spans() > 1 {
				t.Errorf("%d spans split into %d and %d", p.Spans(), a.Spans(), b.Spans())
			}
			rest = append([]*zipkin.Payload{a, b}, rest...)
		}
		if got, want := strings.Join(ids(t, singles), " "), strings.Join(ids(t, whole), " "); got != want || len(singles) != n {
			t.Errorf("%d spans split into %s, want %s", n, got, want)
		}
		if !bytes.Equal(before, zipkin.Body(whole[0])) {
			t.Error("Split changed the payload it was given")
		}
	}
}

func TestEncodeNothing(t *testing.T) {
	e := zipkin.NewEncoder(zipkin.Node{}, 0)
	if got := e.Encode(nil, &delivery.Report{}); len(got) != 0 {
		t.Errorf("Encode(nil) = %d payloads, want 0", len(got))
	}
	if got := e.Encode([]sdktrace.ReadOnlySpan{nil, sized(1), nil}, &delivery.Report{}); len(got) != 1 || got[0].Spans() != 1 {
		t.Errorf("nil spans were not passed over: %v", got)
	}
}

func unix(sec int64) time.Time { return time.Unix(sec, 0) }

func FuzzEncode(f *testing.F) {
	f.Add("GET /", "k", "v", "event", int64(1700000000), int64(5), uint8(3), uint8(2), 0)
	f.Add("\xff", "error", "false", "\"", int64(-1), int64(-1), uint8(9), uint8(1), 3)
	f.Add("", "", "\\", "", int64(1<<62), int64(1<<62), uint8(0), uint8(0), 1)
	f.Fuzz(func(t *testing.T, name, key, value, event string, start, took int64, kind, status uint8, limit int) {
		span := exportertest.Span(func(s *tracetest.SpanStub) {
			s.Name, s.SpanKind = name, trace.SpanKind(kind)
			s.StartTime, s.EndTime = unix(start), unix(start).Add(time.Duration(took))
			s.Status = sdktrace.Status{Code: codes.Code(status), Description: value}
			s.Attributes = []attribute.KeyValue{attribute.String(key, value), attribute.StringSlice("l", []string{value, key}), attribute.Map("m", attribute.String(key, value)), attribute.String("peer.service", value), attribute.String("network.peer.address", key)}
			s.Events = []sdktrace.Event{{Name: event, Time: unix(took), Attributes: s.Attributes}}
		})
		got := 0
		for _, p := range zipkin.NewEncoder(zipkin.Node{}, limit).Encode([]sdktrace.ReadOnlySpan{span, span}, &delivery.Report{}) {
			got += check(t, p)
		}
		if got != 2 {
			t.Errorf("%d spans came out, want 2", got)
		}
	})
}

func TestDescribe(t *testing.T) {
	span := exportertest.Span(func(s *tracetest.SpanStub) { s.Name = "GET /" + strings.Repeat("é", 40) + "\n" })
	e := zipkin.NewEncoder(zipkin.Node{}, 0)
	sc := span.SpanContext()
	want := fmt.Sprintf("trace=%s span=%s name=%q", sc.TraceID(), sc.SpanID(), "GET /"+strings.Repeat("é", 13))
	if got := e.Describe(e.Encode([]sdktrace.ReadOnlySpan{span}, new(delivery.Report))[0]); got != want {
		t.Errorf("Describe = %s, want %s", got, want)
	}
}
