package sampling

import "sync/atomic"

type counts struct{ errors, slow, limited, keepLimited atomic.Uint64 }

// Stats is a snapshot of the decisions of a [Dynamic], also of samplers that were replaced.
type Stats struct {
	KeptErrors, KeptSlow uint64 // local traces kept at their end, by reason
	Limited              uint64 // new traces that sampling.max_traces_per_second excluded
	KeepLimited          uint64 // failed or slow local traces that sampling.keep.max_traces_per_second excluded
}

func (c *counts) stats() Stats {
	return Stats{c.errors.Load(), c.slow.Load(), c.limited.Load(), c.keepLimited.Load()}
}
