// Package tokens limits rates. Its buckets need neither a lock nor a goroutine.
package tokens

import (
	"math"
	"sync/atomic"
	"time"
)

// A Bucket is a token bucket that starts full and holds max(1, rate) tokens. The rate may be a fraction: 0.1 is a token
// in ten seconds. It is safe for concurrent use; times are durations since one common start.
//
// # How it works
//
// The only state is the time at which the bucket is full again (the generic cell rate algorithm). A token moves that
// time by one interval. A token is available unless the time would then be further away than the bucket is large. So
// time alone refills the bucket, without a goroutine.
type Bucket struct {
	interval time.Duration // between two tokens
	slack    time.Duration // maximum distance of fullAt at which a token is available
	fullAt   atomic.Int64  // time.Duration
}

// maxInterval is the interval of the lowest rate. It leaves room for a sum with any time.
const maxInterval = time.Duration(math.MaxInt64 / 4)

// New returns a bucket for rate tokens per second, nil for 0. It has the level of old at time now, as a share of
// its size; it is full if old is nil.
func New(rate float64, old *Bucket, now time.Duration) *Bucket {
	if !(rate > 0) {
		return nil
	}
	b := &Bucket{interval: maxInterval}
	if exact := float64(time.Second) / rate; exact < float64(maxInterval) {
		b.interval = max(1, time.Duration(exact))
	}
	if rate > 1 {
		b.slack = time.Second - b.interval
	}
	b.fullAt.Store(int64(now))
	if old != nil {
		missing := float64(old.missing(now)) / float64(old.size())
		b.fullAt.Store(int64(now + time.Duration(missing*float64(b.size()))))
	}
	return b
}

// Take removes a token at time now and reports whether the bucket had one.
func (b *Bucket) Take(now time.Duration) bool {
	for {
		before := b.fullAt.Load()
		at := max(time.Duration(before), now)
		if at-now > b.slack {
			return false
		}
		if b.fullAt.CompareAndSwap(before, int64(at+b.interval)) {
			return true
		}
	}
}

// size returns the time in which an empty bucket becomes full.
func (b *Bucket) size() time.Duration { return b.slack + b.interval }

// missing returns the time until b is full, from 0 to its size.
func (b *Bucket) missing(now time.Duration) time.Duration {
	return min(max(0, time.Duration(b.fullAt.Load())-now), b.size())
}

// IsFull reports whether b is full or nil.
func (b *Bucket) IsFull(now time.Duration) bool { return b == nil || b.missing(now) == 0 }
