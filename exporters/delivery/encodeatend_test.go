package delivery_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// atEnd is an encoder that encodes spans one by one: a span is its name and its attributes as text, its group the number
// of its bytes.
type atEnd struct {
	encoder
	panics bool // Pack panics
}

func (e atEnd) EncodeSpan(buf []byte, span sdktrace.ReadOnlySpan, r *delivery.Report) ([]byte, any) {
	start := len(buf)
	for _, p := range e.Encode([]sdktrace.ReadOnlySpan{span}, r) {
		for _, name := range p.names {
			buf = append(buf, name...)
		}
	}
	for _, kv := range span.Attributes() {
		buf = append(buf, " "+string(kv.Key)+"="+kv.Value.String()...)
	}
	return buf, len(buf) - start
}

func (e atEnd) Pack(list []delivery.EncodedSpan, r *delivery.Report) []packet {
	if e.panics {
		panic("secret content of a span")
	}
	var names []sdktrace.ReadOnlySpan
	for _, s := range list {
		if n, ok := s.Group.(int); ok && n == len(s.Bytes) && n > 0 {
			names = append(names, span(string(s.Bytes)))
		}
	}
	return encoder{each: e.each, most: e.most}.Encode(names, r)
}

// everyWay runs a test for each way in which a span is encoded.
func everyWay(t *testing.T, name string, test func(*testing.T, func(encoder) delivery.Encoder[packet], func(*delivery.Exporter, sdktrace.ReadOnlySpan))) {
	together := func(e encoder) delivery.Encoder[packet] { return e }
	alone := func(e encoder) delivery.Encoder[packet] { return atEnd{encoder: e} }
	t.Run(name, func(t *testing.T) { test(t, together, (*delivery.Exporter).Enqueue) })
	t.Run(name+", copied", func(t *testing.T) { test(t, together, (*delivery.Exporter).Take) })
	t.Run(name+", encoded at the end", func(t *testing.T) { test(t, alone, (*delivery.Exporter).Take) })
	t.Run(name+", encoded one by one later", func(t *testing.T) { test(t, alone, (*delivery.Exporter).Enqueue) })
}

// Take leaves the span to the caller: what it is changed to afterwards is not sent.
func TestTakeDoesNotKeepTheSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, e := range map[string]delivery.Encoder[packet]{"at the end": atEnd{}, "copied": describing{}} {
			s := &sender{}
			x := delivery.New(e, s, options(&record{}))
			if _, at := e.(atEnd); x.Encodes() != at {
				t.Errorf("%s: Encodes = %t, want %t", name, x.Encodes(), at)
			}
			attributes := []attribute.KeyValue{attribute.String("k", "before")}
			x.Take(span("a", attributes...))
			attributes[0] = attribute.String("k", "after")
			x.Take(nil)
			if err := x.ExportSpans(t.Context(), []sdktrace.ReadOnlySpan{nil, span("b")}); err != nil {
				t.Errorf("%s: ExportSpans = %v, want nil", name, err)
			}
			finish(t, x)
			if diff := cmp.Diff([]string{"a k=before", "b"}, s.arrived); diff != "" {
				t.Errorf("%s: arrived (-want +got):\n%s", name, diff)
			}
		}
	})
}

// describing encodes spans together, each as its name and its attributes.
type describing struct{ encoder }

func (e describing) Encode(list []sdktrace.ReadOnlySpan, r *delivery.Report) []packet {
	var p packet
	for _, s := range list {
		text, _ := atEnd{}.EncodeSpan(nil, s, r)
		p.names = append(p.names, string(text))
	}
	return []packet{p}
}

func TestPackPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		x := delivery.New(atEnd{panics: true}, &sender{}, options(log))
		for _, s := range spans(25) {
			x.Take(s)
		}
		if got := finish(t, x); got.Dropped["encode"] != 25 || got.Delivered != 0 {
			t.Errorf("delivered %d, dropped %v, want 25 dropped by encode", got.Delivered, got.Dropped)
		}
		if log.with("secret") != 0 || log.with("dropping spans", "panic in Encode") == 0 {
			t.Errorf("log:\n%s", strings.Join(log.all(), "\n"))
		}
	})
}

func TestTakeAfterShutdown(t *testing.T) {
	x := delivery.New(atEnd{}, &sender{}, options(&record{}))
	finish(t, x)
	x.Take(span("late"))
	err := x.ExportSpans(t.Context(), spans(1))
	if got := balanced(t, x); err != delivery.ErrShutdown || got.Dropped["shutdown"] != 2 {
		t.Errorf("ExportSpans = %v, dropped %v, want ErrShutdown and 2 by shutdown", err, got.Dropped)
	}
}

// Encoded spans keep alive what they are charged.
func TestQueueOfEncodedSpans(t *testing.T) {
	const queue = 4 << 20
	for _, size := range []int{20, 450, 5000} {
		o := options(&record{})
		o.QueueBytes, o.BatchDelay, o.BatchSize = queue, time.Hour, 1<<20
		x := delivery.New(atEnd{}, &sender{}, o)
		s := span(strings.Repeat("x", size))
		before := heap()
		for x.Stats().Dropped["queue_full"] == 0 {
			x.Take(s)
		}
		if ratio := float64(heap()-before) / queue; ratio < 0.95 || ratio > 1.05 {
			t.Errorf("%d bytes a span: %.3f times the bound is kept, want 0.95 to 1.05", size, ratio)
		}
		abandoned, cancel := context.WithCancel(t.Context())
		cancel()
		if err := x.Shutdown(abandoned); err == nil {
			t.Error("Shutdown = nil, want an error about the spans left")
		}
	}
}

// A span above the queue's bound is dropped, and its large buffer is not kept.
func TestTakeOfAHugeSpan(t *testing.T) {
	o := options(&record{})
	o.QueueBytes = 1 << 20
	x := delivery.New(atEnd{}, &sender{}, o)
	x.Take(span(strings.Repeat("x", 2<<20)))
	x.Take(span("small"))
	if got := finish(t, x); got.Dropped["too_large"] != 1 || got.Delivered != 1 {
		t.Errorf("delivered %d, dropped %v, want 1 and 1 too large", got.Delivered, got.Dropped)
	}
}
