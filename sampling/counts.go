package sampling

import "sync/atomic"

type counts struct{ errors, slow, forced, limited, keepLimited atomic.Uint64 }

// Stats is a snapshot of the decisions of a [Dynamic], also of samplers that were replaced.
type Stats struct {
	KeptErrors, KeptSlow uint64 // local traces kept at their end, by reason
	Forced               uint64 // traces kept by sampling.force
	Limited              uint64 // new traces that sampling.max_traces_per_second excluded
	KeepLimited          uint64 // failed or slow local traces that sampling.keep.max_traces_per_second excluded
	Rules                []RuleStats
}

// RuleStats counts the traces of a rule since the configuration that has it was applied.
type RuleStats struct {
	Name          string
	Kept, Limited uint64 // Limited is what the limit of the rule excluded
}

func (c *counts) stats() Stats {
	return Stats{
		KeptErrors: c.errors.Load(), KeptSlow: c.slow.Load(), Forced: c.forced.Load(),
		Limited: c.limited.Load(), KeepLimited: c.keepLimited.Load(),
	}
}
