package delivery_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// act is what the receiver does with one attempt: it answers after a while.
type act struct {
	after  time.Duration
	answer delivery.Verdict
}

// An attempt that was under way when another failed neither releases the senders when it succeeds, nor
// lets a second probe in when it is refused.
func TestLateAnswersDoNotReleaseTheSenders(t *testing.T) {
	const second = time.Second
	rows := map[string]struct {
		senders int
		acts    []act
		want    []time.Duration // the attempts
	}{
		"success": {
			2, []act{{second, delivery.Delivered}, {0, delivery.Misconfigured}},
			[]time.Duration{0, 0, 30 * second, 30 * second, 30 * second},
		},
		"refusal during a probe": {
			3, []act{{40 * second, delivery.Rejected}, {second, delivery.Misconfigured}, {second, delivery.Misconfigured}, {20 * second, delivery.Delivered}},
			[]time.Duration{0, 0, 0, 31 * second, 51 * second, 51 * second},
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
					if n > len(row.acts) {
						return delivery.Outcome{}
					}
					time.Sleep(row.acts[n-1].after)
					return delivery.Outcome{Verdict: row.acts[n-1].answer}
				}}
				o := options(&record{})
				o.Senders = row.senders
				x := delivery.New(encoder{each: 1}, s, o)
				enqueue(x, spans(40))
				time.Sleep(2 * time.Minute)
				finish(t, x)
				if diff := cmp.Diff(row.want, s.attempts(start)); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Attempts that fail at the same time are one failure: the wait is not doubled for each.
func TestFailuresAtTheSameTimeAreOne(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
				time.Sleep(time.Millisecond)
				return retryTimes(4, errDown)(t.Context(), n, packet{})
			}}
			o := options(&record{})
			o.Senders = 4
			x := delivery.New(encoder{each: 1}, s, o)
			enqueue(x, spans(40))
			time.Sleep(time.Minute)
			finish(t, x)
			if at := s.attempts(start); len(at) != 8 || at[4] > 501*time.Millisecond {
				t.Errorf("attempts at %v, want the fifth within 500ms of the failures", at)
			}
		})
	}
}

// The limit after a payload that was too large, by the log line about it.
func TestLimits(t *testing.T) {
	rows := map[string]struct {
		encoder delivery.Encoder[packet]
		size    int // what the receiver takes
		want    []string
	}{
		"halved until below what was refused": {limited{encoder{each: 30, most: 1000}, 10}, 200, []string{"limit=250"}},
		"not below the floor":                 {limited{encoder{each: 100, most: 1000}, 400}, 300, []string{"limit=500", "limit=400"}},
		"an encoder that names none":          {encoder{each: 30_000}, 100_000, []string{"limit=150000", "limit=75000"}},
		"and its floor":                       {encoder{each: 12_000}, 40_000, []string{"limit=65536"}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &record{}
				s := &sender{answer: func(_ context.Context, _ int, p packet) delivery.Outcome {
					if p.size > row.size {
						return delivery.Outcome{Verdict: delivery.TooLarge}
					}
					return delivery.Outcome{}
				}}
				o := options(log)
				o.Senders = 1
				x := delivery.New(row.encoder, s, o)
				enqueue(x, spans(10))
				if got := finish(t, x); got.Delivered != 10 {
					t.Errorf("delivered %d, want 10", got.Delivered)
				}
				for _, want := range row.want {
					if log.with("sending smaller ones", want) != 1 {
						t.Errorf("no line says %s:\n%v", want, log.all())
					}
				}
				if n := log.with("sending smaller ones"); n != len(row.want) {
					t.Errorf("%d lines about the limit, want %d:\n%v", n, len(row.want), log.all())
				}
			})
		})
	}
}

// A batch has 512 spans at once, and fewer after 5 s.
func TestDefaultBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, s := time.Now(), &sender{}
		x := delivery.New(encoder{each: 1}, s, delivery.Options{Logger: quiet})
		enqueue(x, spans(512+511))
		time.Sleep(time.Minute)
		finish(t, x)
		if diff := cmp.Diff([]int{512, 511}, s.sizes()); diff != "" {
			t.Errorf("spans per attempt (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]time.Duration{0, 5 * time.Second}, s.attempts(start)); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
	})
}
