package delivery_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

func TestEncode(t *testing.T) {
	rows := map[string]struct {
		encoder  encoder
		dropped  map[delivery.Reason]uint64
		repaired map[delivery.Repair]uint64
		tries    []int
	}{
		"panic on one span of 100": {
			encoder{panicOn: "s42", repair: map[string]delivery.Repair{"s1": "utf8", "s99": "utf8"}},
			map[delivery.Reason]uint64{"encode": 1}, map[delivery.Repair]uint64{"utf8": 2}, []int{99},
		},
		"invalid spans": {
			encoder{drop: map[string]delivery.Reason{"s1": "invalid", "s2": "too_large"}},
			map[delivery.Reason]uint64{"invalid": 1, "too_large": 1}, map[delivery.Repair]uint64{}, []int{98},
		},
		"repairs count once per span and kind": {
			encoder{repair: map[string]delivery.Repair{"s1": "utf8", "s2": "utf8", "s3": "value"}},
			map[delivery.Reason]uint64{}, map[delivery.Repair]uint64{"utf8": 2, "value": 1}, []int{100},
		},
		"a span forgotten by the encoder is still accounted for": {
			encoder{forget: "s7"}, map[delivery.Reason]uint64{"encode": 1}, map[delivery.Repair]uint64{}, []int{99},
		},
		"panic and repairs": {
			encoder{panicOn: "s1", drop: map[string]delivery.Reason{"s2": "invalid"}, note: "no", repair: map[string]delivery.Repair{"s3": "utf8"}},
			map[delivery.Reason]uint64{"encode": 1, "invalid": 1}, map[delivery.Repair]uint64{"utf8": 1}, []int{98},
		},
		"panic, and a drop of the encoder's own for the same reason": {
			encoder{panicOn: "s1", drop: map[string]delivery.Reason{"s2": "encode"}},
			map[delivery.Reason]uint64{"encode": 2}, map[delivery.Repair]uint64{}, []int{98},
		},
		"a drop without a reason": {
			encoder{drop: map[string]delivery.Reason{"s2": "none"}, noReason: true}, map[delivery.Reason]uint64{"invalid": 1}, map[delivery.Repair]uint64{}, []int{99},
		},
		"payload limit": {encoder{each: 10, most: 400}, map[delivery.Reason]uint64{}, map[delivery.Repair]uint64{}, []int{40, 40, 20}},
	}
	for name, row := range rows {
		everyWay(t, name, func(t *testing.T, encoderOf func(encoder) delivery.Encoder[packet], pass func(*delivery.Exporter, sdktrace.ReadOnlySpan)) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &sender{}, &record{}
				o := options(log)
				o.BatchSize = 100
				x := delivery.New(encoderOf(row.encoder), s, o)
				for _, span := range spans(100) {
					pass(x, span)
				}
				got := finish(t, x)
				if diff := cmp.Diff(row.dropped, got.Dropped); diff != "" {
					t.Errorf("dropped (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(row.repaired, got.Repaired); diff != "" {
					t.Errorf("repaired (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(row.tries, s.sizes()); diff != "" {
					t.Errorf("spans per attempt (-want +got):\n%s", diff)
				}
				if log.with("secret") != 0 {
					t.Errorf("span content in the log:\n%s", strings.Join(log.all(), "\n"))
				}
			})
		})
	}
}

// A batch that panics as a whole although no span of it does is sent span by span.
func TestPanicOfTheBatchAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{}
		x := delivery.New(encoder{panicAll: 10}, s, options(&record{}))
		enqueue(x, spans(10))
		if got := finish(t, x); got.Delivered != 10 {
			t.Errorf("delivered %d, dropped %v, want 10", got.Delivered, got.Dropped)
		}
		if diff := cmp.Diff(repeat(1, 10), s.sizes()); diff != "" {
			t.Errorf("spans per attempt (-want +got):\n%s", diff)
		}
	})
}

func TestReport(t *testing.T) {
	t.Parallel()
	var r delivery.Report
	a, b := span("a"), span("b")
	r.Repair(a, delivery.RepairUTF8)
	r.Repair(a, delivery.RepairUTF8)
	r.Repair(b, delivery.RepairUTF8)
	r.Drop(a, delivery.DropInvalid)
	if got := r.Repaired(delivery.RepairUTF8); got != 2 {
		t.Errorf("Repaired = %d, want 2", got)
	}
	if got := r.Dropped(delivery.DropInvalid); got != 1 {
		t.Errorf("Dropped = %d, want 1", got)
	}
	if got := r.Limit(); got != 0 {
		t.Errorf("Limit = %d, want 0", got)
	}
}

func repeat(v, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// liar is an encoder that miscounts; the accounts hold even so.
type liar struct {
	encoder
	claimed, dropped, payloads int
}

func (l liar) Encode(list []sdktrace.ReadOnlySpan, r *delivery.Report) []packet {
	for range l.dropped {
		r.Drop(list[0], delivery.DropInvalid)
	}
	var out []packet
	for range l.payloads {
		out = append(out, packet{names: make([]string, l.claimed)})
	}
	return out
}

func TestEncoderThatMiscounts(t *testing.T) {
	rows := map[string]struct {
		liar liar
		want delivery.Stats
	}{
		"too many in a payload":    {liar{claimed: 99, payloads: 1}, delivery.Stats{Delivered: 10}},
		"too many payloads":        {liar{claimed: 6, payloads: 5}, delivery.Stats{Delivered: 10}},
		"too few":                  {liar{claimed: 4, payloads: 1}, delivery.Stats{Delivered: 4, Dropped: map[delivery.Reason]uint64{"encode": 6}}},
		"nothing at all":           {liar{}, delivery.Stats{Dropped: map[delivery.Reason]uint64{"encode": 10}}},
		"empty payloads":           {liar{payloads: 3}, delivery.Stats{Dropped: map[delivery.Reason]uint64{"encode": 10}}},
		"too many drops":           {liar{dropped: 50, claimed: 5, payloads: 1}, delivery.Stats{Dropped: map[delivery.Reason]uint64{"invalid": 10}}},
		"dropped and in a payload": {liar{dropped: 3, claimed: 10, payloads: 1}, delivery.Stats{Delivered: 7, Dropped: map[delivery.Reason]uint64{"invalid": 3}}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := delivery.New(row.liar, &sender{}, options(&record{}))
				enqueue(x, spans(10))
				got := finish(t, x)
				if row.want.Dropped == nil {
					row.want.Dropped = map[delivery.Reason]uint64{}
				}
				if got.Delivered != row.want.Delivered || !cmp.Equal(got.Dropped, row.want.Dropped) {
					t.Errorf("delivered %d, dropped %v, want %d and %v", got.Delivered, got.Dropped, row.want.Delivered, row.want.Dropped)
				}
			})
		})
	}
}

// pointer is a payload that may be nil, which makes its methods panic.
type pointer struct{ n int }

func (p *pointer) Spans() int { return p.n }
func (p *pointer) Size() int  { return p.n }

// nilEncoder returns a nil payload for every batch but those of one span.
type nilEncoder struct{}

func (nilEncoder) Encode(list []sdktrace.ReadOnlySpan, _ *delivery.Report) []*pointer {
	if len(list) > 1 {
		return []*pointer{nil}
	}
	return []*pointer{{1}}
}

func (nilEncoder) Split(*pointer) (a, b *pointer, ok bool) { return nil, nil, false }

type pointerSender struct{}

func (pointerSender) Send(context.Context, *pointer) delivery.Outcome { return delivery.Outcome{} }
func (pointerSender) Close(context.Context) error                     { return nil }

// A payload whose methods panic is a panic of Encode and does not end the program.
func TestPayloadThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := delivery.New(nilEncoder{}, pointerSender{}, options(&record{}))
		enqueue(x, spans(10))
		if got := finish(t, x); got.Delivered != 10 {
			t.Errorf("delivered %d, dropped %v, want 10, one by one", got.Delivered, got.Dropped)
		}
	})
}

// badSplit is an encoder whose halves are wrong, or that panics in Split.
type badSplit struct {
	encoder
	a, b  int
	panic bool
}

func (s badSplit) Split(packet) (a, b packet, ok bool) {
	if s.panic {
		panic("oh")
	}
	return packet{names: make([]string, s.a)}, packet{names: make([]string, s.b)}, true
}

// A payload that cannot be split properly is dropped once; it neither loops nor miscounts.
func TestSplitThatGoesWrong(t *testing.T) {
	for name, e := range map[string]badSplit{
		"all in one half": {a: 10, b: 0}, "spans lost": {a: 4, b: 4}, "spans gained": {a: 10, b: 10}, "panic": {panic: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
					return delivery.Outcome{Verdict: delivery.TooLarge}
				}}
				x := delivery.New(e, s, options(&record{}))
				enqueue(x, spans(10))
				if got := finish(t, x); got.Dropped["too_large"] != 10 || len(s.sizes()) != 1 {
					t.Errorf("dropped %v in %d attempts, want too_large 10 in one", got.Dropped, len(s.sizes()))
				}
			})
		})
	}
}
