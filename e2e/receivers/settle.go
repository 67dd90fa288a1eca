package receivers

import (
	"context"
	"fmt"
	"time"
)

// maxWait is the time without a newly stored span after which missing spans count as lost.
const maxWait = 5 * time.Second

// settle calls look every 50 ms, or half as often as it takes if that is longer, until it finds want spans, and
// once more after 200 ms to see that it stays so. It returns what it saw last, right or wrong; an error only if
// nothing could be seen.
func settle[T any](ctx context.Context, want int, look func() (T, int, error)) (T, error) {
	end, most := time.Now().Add(maxWait), 0
	for {
		began := time.Now()
		seen, n, err := look()
		if err == nil && n >= want {
			break
		}
		if n > most {
			end, most = time.Now().Add(maxWait), n
		}
		if time.Now().After(end) {
			if err != nil {
				return seen, fmt.Errorf("%d spans wanted after %v: %w", want, maxWait, err)
			}
			return seen, nil
		}
		if err := pause(ctx, max(50*time.Millisecond, time.Since(began))); err != nil {
			return seen, err
		}
	}
	if err := pause(ctx, 200*time.Millisecond); err != nil {
		var zero T
		return zero, err
	}
	seen, _, err := look()
	return seen, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
