package delivery_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
)

func TestEncode(t *testing.T) {
	rows := map[string]struct {
		encoder  encoder
		dropped  map[string]uint64
		repaired map[string]uint64
		tries    []int
	}{
		"panic on one span of 100 (D10)": {
			encoder{panicOn: "s42", repair: map[string]string{"s1": "utf8", "s99": "utf8"}},
			map[string]uint64{"encode": 1}, map[string]uint64{"utf8": 2}, []int{99},
		},
		"invalid spans": {
			encoder{drop: map[string]string{"s1": "invalid", "s2": "too_large"}},
			map[string]uint64{"invalid": 1, "too_large": 1}, map[string]uint64{}, []int{98},
		},
		"repairs count once per span and kind": {
			encoder{repair: map[string]string{"s1": "utf8", "s2": "utf8", "s3": "value"}},
			map[string]uint64{}, map[string]uint64{"utf8": 2, "value": 1}, []int{100},
		},
		"a span forgotten by the encoder is still accounted for": {
			encoder{forget: "s7"}, map[string]uint64{"encode": 1}, map[string]uint64{}, []int{99},
		},
		"payload limit": {encoder{each: 10, most: 400}, map[string]uint64{}, map[string]uint64{}, []int{40, 40, 20}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &sender{}, &record{}
				o := options(log)
				o.BatchSize = 100
				x := delivery.New(row.encoder, s, o)
				enqueue(x, spans(100))
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
