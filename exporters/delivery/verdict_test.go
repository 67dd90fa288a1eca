package delivery_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// The account of ten spans in one payload, by verdict.
func TestVerdicts(t *testing.T) {
	retry := delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("503 busy")}
	rows := map[string]struct {
		answers []delivery.Outcome // of the attempts; then Delivered
		want    delivery.Stats     // Ended is always 10
		tries   []int              // spans in each attempt
	}{
		"delivered": {nil, delivery.Stats{Delivered: 10}, []int{10}},
		"rejected is not retried": {
			[]delivery.Outcome{{Verdict: delivery.Rejected, Err: errors.New("400")}},
			delivery.Stats{Dropped: map[delivery.Reason]uint64{"rejected": 10}}, []int{10},
		},
		"retried until well": {
			[]delivery.Outcome{retry, retry, retry},
			delivery.Stats{Delivered: 10, Retries: 3}, []int{10, 10, 10, 10},
		},
		"too large is split in place": {
			[]delivery.Outcome{{Verdict: delivery.TooLarge}, {Verdict: delivery.TooLarge}},
			delivery.Stats{Delivered: 10}, []int{10, 5, 2, 3, 5},
		},
		"partial success": {
			[]delivery.Outcome{{Rejected: 3, Err: errors.New("no such tenant")}},
			delivery.Stats{Delivered: 7, Dropped: map[delivery.Reason]uint64{"partial": 3}}, []int{10},
		},
		"more refused than sent": {
			[]delivery.Outcome{{Rejected: 30}},
			delivery.Stats{Dropped: map[delivery.Reason]uint64{"partial": 10}}, []int{10},
		},
		"negative refused": {[]delivery.Outcome{{Rejected: -1}}, delivery.Stats{Delivered: 10}, []int{10}},
		"warning within a success": {
			[]delivery.Outcome{{Err: errors.New("deprecated")}},
			delivery.Stats{Delivered: 10}, []int{10},
		},
		"verdict nobody knows": {
			[]delivery.Outcome{{Verdict: 77}},
			delivery.Stats{Dropped: map[delivery.Reason]uint64{"rejected": 10}}, []int{10},
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
					if n <= len(row.answers) {
						return row.answers[n-1]
					}
					return delivery.Outcome{}
				}}
				x := delivery.New(encoder{each: 100}, s, options(&record{}))
				enqueue(x, spans(10))
				got := finish(t, x)
				row.want.Ended = 10
				if row.want.Dropped == nil {
					row.want.Dropped = map[delivery.Reason]uint64{}
				}
				row.want.Repaired = map[delivery.Repair]uint64{}
				got.LastError, got.Hint = "", ""
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("stats (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(row.tries, s.sizes()); diff != "" {
					t.Errorf("spans per attempt (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestSingleSpanTooLargeIsDroppedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: func(_ context.Context, _ int, p packet) delivery.Outcome {
			for _, n := range p.names {
				if n == "s3" {
					return delivery.Outcome{Verdict: delivery.TooLarge, Err: errors.New("413")}
				}
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 100}, s, options(&record{}))
		enqueue(x, spans(10))
		got := finish(t, x)
		if got.Delivered != 9 || got.Dropped["too_large"] != 1 {
			t.Errorf("delivered %d, dropped %v, want 9 and too_large 1", got.Delivered, got.Dropped)
		}
	})
}

// limited is an encoder with a limit.
type limited struct {
	encoder
	floor int
}

func (l limited) Limits() (int, int) { return l.most, l.floor }

func TestTooLargeHalvesTheLimitForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		s := &sender{answer: func(_ context.Context, _ int, p packet) delivery.Outcome {
			if p.size > 300 {
				return delivery.Outcome{Verdict: delivery.TooLarge, Err: errors.New("EMSGSIZE"), Hint: "sysctl"}
			}
			return delivery.Outcome{}
		}}
		o := options(log)
		o.Senders = 1
		x := delivery.New(limited{encoder{each: 100, most: 1000}, 200}, s, o)
		enqueue(x, spans(10))
		synctest.Wait()
		enqueue(x, spans(10))
		got := finish(t, x)
		want := []int{10, 5, 2, 3, 5, 2, 3, 2, 2, 2, 2, 2}
		if diff := cmp.Diff(want, s.sizes()); diff != "" {
			t.Errorf("spans per attempt (-want +got):\n%s", diff)
		}
		if got.Delivered != 20 {
			t.Errorf("delivered %d, want 20", got.Delivered)
		}
		if n := log.with("sending smaller ones", "limit=500"); n != 1 {
			t.Errorf("%d lines for limit 500, want 1:\n%s", n, strings.Join(log.all(), "\n"))
		}
		if n := log.with("sending smaller ones"); n != 2 {
			t.Errorf("%d lines about the limit, want 2 (500, 250)", n)
		}
	})
}

func TestSendPanicsAndWorkGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
			if n == 1 {
				panic("secret")
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, options(log))
		enqueue(x, spans(10))
		synctest.Wait()
		enqueue(x, spans(10))
		got := finish(t, x)
		if got.Dropped["panic"] != 10 || got.Delivered != 10 {
			t.Errorf("dropped %v, delivered %d, want panic 10 and 10", got.Dropped, got.Delivered)
		}
		if log.with("secret") != 0 || log.with("panic in Send with a string") != 1 {
			t.Errorf("log:\n%s", strings.Join(log.all(), "\n"))
		}
	})
}

// An attempt is cut at Timeout; the hang counts as a failed attempt of the receiver.
func TestHangIsCutAtTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &sender{answer: func(ctx context.Context, n int, _ packet) delivery.Outcome {
			if n > 1 {
				return delivery.Outcome{}
			}
			<-ctx.Done()
			return delivery.Outcome{Verdict: delivery.Retry, Err: ctx.Err()}
		}}
		o := options(&record{})
		o.Timeout = 3 * time.Second
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(10))
		if got := finish(t, x); got.Delivered != 10 || got.Retries != 1 {
			t.Errorf("delivered %d after %d retries, want 10 after 1", got.Delivered, got.Retries)
		}
		at := s.attempts(start)
		if len(at) != 2 || at[1] < 3*time.Second || at[1] > 3500*time.Millisecond {
			t.Errorf("attempts at %v, want the second within 500 ms after 3 s", at)
		}
	})
}

func TestNegativeTimeoutIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: func(ctx context.Context, _ int, _ packet) delivery.Outcome {
			if _, ok := ctx.Deadline(); ok {
				t.Error("the attempt has a deadline, want none")
			}
			return delivery.Outcome{}
		}}
		o := options(&record{})
		o.Timeout = -1
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(1))
		finish(t, x)
	})
}

func TestVerdictString(t *testing.T) {
	t.Parallel()
	for v, want := range map[delivery.Verdict]string{
		delivery.Delivered: "delivered", delivery.TooLarge: "too large", 99: "unknown",
	} {
		if got := v.String(); got != want {
			t.Errorf("Verdict(%d) = %q, want %q", v, got, want)
		}
	}
}

func TestDefaultTimeoutIsTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: func(ctx context.Context, _ int, _ packet) delivery.Outcome {
			if end, ok := ctx.Deadline(); !ok || time.Until(end) != 10*time.Second {
				t.Errorf("deadline in %v, want 10s", time.Until(end))
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, delivery.Options{Logger: quiet})
		enqueue(x, spans(1))
		finish(t, x)
	})
}
