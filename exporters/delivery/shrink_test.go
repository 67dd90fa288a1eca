package delivery_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// shrinker is a limited encoder whose payloads of one span can be made smaller.
type shrinker struct {
	limited
	shrink func(p packet, r *delivery.Report) (packet, bool)
}

func (s shrinker) Shrink(p packet, r *delivery.Report) (packet, bool) { return s.shrink(p, r) }

func TestSingleSpanTooLargeIsMadeSmaller(t *testing.T) {
	toLimit := func(p packet, r *delivery.Report) (packet, bool) {
		r.Repair(span(p.names[0]), delivery.RepairTruncated)
		return packet{p.names, r.Limit()}, true
	}
	tests := []struct {
		name   string
		shrink func(p packet, r *delivery.Report) (packet, bool)
		sizes  []int
		want   delivery.Stats
	}{
		{"until the host sends it", toLimit, []int{1000, 500, 250}, delivery.Stats{Delivered: 1, Repaired: map[delivery.Repair]uint64{"truncated": 2}}},
		{"cannot be done", func(p packet, _ *delivery.Report) (packet, bool) { return p, false }, []int{1000}, delivery.Stats{Dropped: map[delivery.Reason]uint64{"too_large": 1}}},
		{"changes nothing", func(p packet, _ *delivery.Report) (packet, bool) { return p, true }, []int{1000}, delivery.Stats{Dropped: map[delivery.Reason]uint64{"too_large": 1}}},
		{"loses the span", func(p packet, r *delivery.Report) (packet, bool) {
			r.Drop(span(p.names[0]), delivery.DropTooLarge)
			return packet{p.names, 1}, true
		}, []int{1000}, delivery.Stats{Dropped: map[delivery.Reason]uint64{"too_large": 1}}},
		{"panics", func(packet, *delivery.Report) (packet, bool) { panic("secret") }, []int{1000}, delivery.Stats{Dropped: map[delivery.Reason]uint64{"too_large": 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sizes []int
				s := &sender{answer: func(_ context.Context, _ int, p packet) delivery.Outcome {
					sizes = append(sizes, p.size)
					if p.size > 300 {
						return delivery.Outcome{Verdict: delivery.TooLarge, Err: errors.New("EMSGSIZE")}
					}
					return delivery.Outcome{}
				}}
				o := options(&record{})
				o.Senders = 1
				x := delivery.New(shrinker{limited{encoder{each: 1000, most: 1000}, 200}, tt.shrink}, s, o)
				enqueue(x, spans(1))
				got := finish(t, x)
				if !slices.Equal(sizes, tt.sizes) {
					t.Errorf("sizes sent %v, want %v", sizes, tt.sizes)
				}
				if got.Delivered != tt.want.Delivered || !cmp.Equal(got.Dropped, orEmpty(tt.want.Dropped)) || !cmp.Equal(got.Repaired, orEmpty(tt.want.Repaired)) {
					t.Errorf("%+v, want %+v", got, tt.want)
				}
			})
		})
	}
}

func orEmpty[K comparable](m map[K]uint64) map[K]uint64 {
	if m == nil {
		return map[K]uint64{}
	}
	return m
}
