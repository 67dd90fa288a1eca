package policy

import (
	"fmt"
	"slices"
)

// MaxQueryKeys bounds [Rules.QueryKeys]: each request with a query compares its keys with all of them.
const MaxQueryKeys = 256

// redaction is what operators redact in addition to the defaults of the middlewares. It is part of the [Policy],
// because one reload changes both. The middlewares load the policy again when they record: requests need not carry it,
// and a new rule applies to requests in flight.
type redaction struct {
	queryKeys     []string
	panicMessages bool
}

func newRedaction(queryKeys []string, panicMessages bool) (redaction, error) {
	if n := len(queryKeys); n > MaxQueryKeys {
		return redaction{}, fmt.Errorf("redact.query_keys: %d keys are out of range, want at most %d", n, MaxQueryKeys)
	}
	return redaction{slices.Clone(queryKeys), panicMessages}, nil
}
