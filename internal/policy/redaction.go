package policy

import (
	"fmt"
	"slices"
)

// MaxQueryKeys bounds [Rules.QueryKeys]: each request with a query compares its keys with all of them.
const MaxQueryKeys = 256

// redaction holds what an operator redacts in addition to the defaults of the middlewares. It is part of the [Policy],
// because one reload changes both.
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
