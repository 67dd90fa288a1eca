package tokens_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/spanroute/spanroute/internal/tokens"
)

// TestBucketIsATokenBucket compares a bucket with rate.Limiter at random times. Rounding may shift one token.
func TestBucketIsATokenBucket(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, perSecond := range []float64{0.01, 0.1, 0.5, 1, 2, 3, 7, 100, 12345} {
		b := tokens.New(perSecond, nil, 0)
		oracle := rate.NewLimiter(rate.Limit(perSecond), int(max(1, perSecond)))
		start := time.Unix(1000, 0)
		var now time.Duration
		got, want := 0, 0
		for i := range 20_000 {
			now += time.Duration(random.ExpFloat64() / perSecond * 0.5 * float64(time.Second))
			if i%1000 == 0 {
				now += time.Duration(2 / perSecond * float64(time.Second)) // a pause fills the bucket
			}
			if b.Take(now) {
				got++
			}
			if oracle.AllowN(start.Add(now), 1) {
				want++
			}
			if d := got - want; d < -1 || d > 1 {
				t.Fatalf("%v per second: %d tokens after %v, want %d", perSecond, got, now, want)
			}
		}
	}
}

func TestBucketHoldsFractions(t *testing.T) {
	b := tokens.New(2.5, nil, 0)
	steps := []struct {
		at   time.Duration
		want bool
	}{{0, true}, {0, true}, {0, false}, {199 * time.Millisecond, false}, {200 * time.Millisecond, true}, {200 * time.Millisecond, false}}
	for i, step := range steps {
		if got := b.Take(step.at); got != step.want {
			t.Errorf("step %d at %v: %t, want %t", i, step.at, got, step.want)
		}
	}
}

func TestBucketExtremes(t *testing.T) {
	for _, perSecond := range []float64{0, -1, math.NaN()} {
		if b := tokens.New(perSecond, nil, 0); b != nil {
			t.Errorf("%v per second: a bucket, want nil", perSecond)
		}
	}
	for _, perSecond := range []float64{math.SmallestNonzeroFloat64, 1e-12, 1e-9} {
		b := tokens.New(perSecond, nil, 0)
		if first, second := b.Take(time.Hour), b.Take(24*365*time.Hour); !first || second {
			t.Errorf("%v per second: tokens %t, %t; want one", perSecond, first, second)
		}
		b = tokens.New(perSecond, b, 2*time.Hour)
		if b.Take(3 * time.Hour) {
			t.Errorf("%v per second: a token after a change, want none", perSecond)
		}
	}
	b := tokens.New(math.MaxInt32, nil, 0)
	for range 1_000_000 {
		if !b.Take(time.Second) {
			t.Fatal("the maximum rate refuses one of a million tokens")
		}
	}
}

func TestBucketGivesEachTokenOnce(t *testing.T) {
	b := tokens.New(1000, nil, 0)
	var taken atomic.Int64
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for range 1000 {
				if b.Take(0) {
					taken.Add(1)
				}
			}
		})
	}
	running.Wait()
	if got := taken.Load(); got != 1000 {
		t.Errorf("%d tokens, want 1000", got)
	}
}
