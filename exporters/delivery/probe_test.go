package delivery_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// A probing encoder is a delivery.Prober.
type probing struct{ encoder }

func (probing) Probe() packet { return packet{} }

// counted returns how many attempts were made with spans and without, until now.
func (s *sender) counted() (attempts, probes int) {
	for _, n := range s.sizes() {
		if n > 0 {
			attempts++
		} else {
			probes++
		}
	}
	return attempts, probes
}

// Whenever an outage ends, the spans that wait are delivered within 3 s. If the receiver is silent during the outage, the
// attempt that is under way ends first.
func TestSpansFollowSoonAfterAnOutage(t *testing.T) {
	const timeout = 4 * time.Second
	for silent, within := range map[bool]time.Duration{false: 3 * time.Second, true: timeout + 2*time.Second} {
		for range 50 {
			synctest.Test(t, func(t *testing.T) {
				start, outage := time.Now(), time.Duration(rand.Int64N(int64(2*time.Minute)))
				s := &sender{answer: func(ctx context.Context, _ int, _ packet) delivery.Outcome {
					if time.Since(start) >= outage {
						return delivery.Outcome{}
					}
					if silent {
						<-ctx.Done()
					}
					return errDown
				}}
				o := options(&record{})
				o.Timeout = timeout
				x := delivery.New(probing{encoder{each: 1}}, s, o)
				enqueue(x, spans(40))
				time.Sleep(outage + within)
				if got := x.Stats(); got.Delivered != 40 || got.Breaker != delivery.BreakerClosed {
					t.Errorf("%v after an outage of %v: %+v", within, outage, got)
				}
				finish(t, x)
			})
		}
	}
}

// During an outage, one probe at a time is sent, once in one to two seconds.
func TestProbesAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			return errDown
		}}
		o := options(&record{})
		o.Senders = 4
		x := delivery.New(probing{encoder{each: 1}}, s, o)
		enqueue(x, spans(40))
		time.Sleep(5 * time.Minute)
		attempts, probes := s.counted()
		if attempts > 4+30 || probes < 150 || probes > 300 {
			t.Errorf("%d attempts and %d probes in 5 minutes", attempts, probes)
		}
		sizes, at := s.sizes(), s.attempts(start)
		for i := 1; i < len(sizes); i++ {
			if sizes[i] == 0 && at[i]-at[i-1] == 0 || sizes[i] == 0 && sizes[i-1] == 0 && at[i]-at[i-1] < time.Second {
				t.Fatalf("a probe at %v, after an attempt at %v", at[i], at[i-1])
			}
		}
		_ = x.Shutdown(canceled())
		balanced(t, x)
	})
}

// A receiver that takes probes but fails on spans is not sent more spans than by the backoff alone, and fewer and fewer probes.
func TestProbesKeepTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: func(_ context.Context, _ int, p packet) delivery.Outcome {
			if p.Spans() == 0 {
				return delivery.Outcome{}
			}
			return errDown
		}}
		o := options(&record{})
		o.Senders, o.Retry.MaxElapsed = 1, -1
		x := delivery.New(probing{encoder{each: 1}}, s, o)
		enqueue(x, spans(5))
		time.Sleep(time.Hour)
		// Without probes, the waits are 15 s on average, so that 240 attempts are made.
		if attempts, probes := s.counted(); attempts > 400 || probes > attempts {
			t.Errorf("%d attempts and %d probes in an hour", attempts, probes)
		}
		_ = x.Shutdown(canceled())
		balanced(t, x)
	})
}

// Where a probe would be wrong or impossible, no probe is sent.
func TestNoProbes(t *testing.T) {
	down := errDown
	for name, tt := range map[string]struct {
		encoder delivery.Encoder[packet]
		out     delivery.Outcome
		probe   time.Duration
	}{
		"requested wait":       {probing{encoder{each: 1}}, delivery.Outcome{Verdict: delivery.Retry, Err: errDown.Err, RetryAfter: time.Minute}, 0},
		"misconfigured":        {probing{encoder{each: 1}}, delivery.Outcome{Verdict: delivery.Misconfigured, Err: errDown.Err}, 0},
		"off":                  {probing{encoder{each: 1}}, down, -1},
		"not a prober":         {encoder{each: 1}, down, 0},
		"the encoder panics":   {panickingProbe{probing{encoder{each: 1}}}, down, 0},
		"no span waits for it": {probing{encoder{each: 1}}, delivery.Outcome{Verdict: delivery.Rejected, Err: errDown.Err}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &sender{answer: func(context.Context, int, packet) delivery.Outcome { return tt.out }}
			o := options(&record{})
			o.Retry.Probe = tt.probe
			x := delivery.New(tt.encoder, s, o)
			enqueue(x, spans(5))
			time.Sleep(50 * time.Second)
			if attempts, probes := s.counted(); probes > 0 || attempts == 0 {
				t.Errorf("%s: %d attempts, %d probes", name, attempts, probes)
			}
			_ = x.Shutdown(canceled())
			balanced(t, x)
		})
	}
}

type panickingProbe struct{ probing }

func (panickingProbe) Probe() packet { panic("no payload") }

// After an outage that a probe ended, the first payload is small, and nothing is lost or sent twice.
func TestFirstPayloadIsSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			if time.Since(start) < 20*time.Second {
				return errDown
			}
			return delivery.Outcome{}
		}}
		o := options(&record{})
		o.Senders, o.BatchSize = 1, 512
		x := delivery.New(probing{encoder{each: 1}}, s, o)
		enqueue(x, spans(1024))
		time.Sleep(25 * time.Second)
		finish(t, x)
		var sizes []int
		for i, at := range s.attempts(start) {
			if at >= 20*time.Second {
				sizes = append(sizes, s.sizes()[i])
			}
		}
		if diff := cmp.Diff([]int{0, 64, 64, 128, 256, 512}, sizes); diff != "" {
			t.Errorf("spans per attempt after the outage (-want +got)\n%s", diff)
		}
	})
}

// The statistics show since when spans wait, and when the receiver is tried again.
func TestStateOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		release := make(chan struct{})
		s := &sender{answer: func(_ context.Context, n int, p packet) delivery.Outcome {
			if n == 1 {
				return delivery.Outcome{Verdict: delivery.Retry, Err: errDown.Err, RetryAfter: 10 * time.Second}
			}
			<-release
			return delivery.Outcome{}
		}}
		x := delivery.New(probing{encoder{each: 1}}, s, options(&record{}))
		check := func(state delivery.BreakerState, next bool, oldest time.Duration) {
			t.Helper()
			got := x.Stats()
			if got.Breaker != state || got.Next.IsZero() == next || next && got.Next.Before(time.Now()) || !got.Oldest.Equal(start.Add(oldest)) {
				t.Errorf("%v, next %v, oldest %v; want %v, next %t, %v", got.Breaker, got.Next, got.Oldest, state, next, start.Add(oldest))
			}
		}
		if got := x.Stats(); !got.Oldest.IsZero() || got.Breaker != delivery.BreakerClosed {
			t.Errorf("without spans: %+v", got)
		}
		time.Sleep(time.Second)
		enqueue(x, spans(3))
		time.Sleep(time.Second)
		check(delivery.BreakerOpen, true, time.Second)
		if got := x.Stats().Next; got.Before(start.Add(11 * time.Second)) {
			t.Errorf("next attempt at %v, before the requested time", got.Sub(start))
		}
		time.Sleep(15 * time.Second)
		check(delivery.BreakerHalfOpen, false, time.Second)
		close(release)
		synctest.Wait()
		if got := x.Stats(); !got.Oldest.IsZero() || got.Breaker != delivery.BreakerClosed || !got.Next.IsZero() {
			t.Errorf("after the outage: %+v", got)
		}
		finish(t, x)
	})
}

// canceled returns a context that has ended.
func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
