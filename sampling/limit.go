package sampling

import "github.com/spanroute/spanroute/internal/tokens"

// A limit bounds the new traces of a sampler and counts what it excludes. A nil limit excludes nothing.
type limit struct {
	bucket *tokens.Bucket
	counts *counts
}

// newLimit returns nil for 0 traces in a second.
func newLimit(perSecond float64, c *counts) *limit {
	if perSecond == 0 {
		return nil
	}
	return &limit{tokens.New(perSecond, nil, now()), c}
}

// take reports whether one more trace may be kept.
func (l *limit) take() bool {
	if l == nil || l.bucket.Take(now()) {
		return true
	}
	l.counts.limited.Add(1)
	return false
}
