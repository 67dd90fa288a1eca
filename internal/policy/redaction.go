package policy

import (
	"fmt"
	"slices"
	"strings"
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

func newRedaction(rules Rules) (redaction, error) {
	if n := len(rules.QueryKeys); n > MaxQueryKeys {
		return redaction{}, fmt.Errorf("redact.query_keys: %d keys are out of range, want at most %d", n, MaxQueryKeys)
	}
	return redaction{slices.Clone(rules.QueryKeys), rules.RedactPanicMessages}, nil
}

// RedactsQueryKey reports whether an operator added name, percent-decoded and in any case, to the query keys whose
// values are redacted. A nil Policy adds none.
func (p *Policy) RedactsQueryKey(name string) bool {
	return p != nil && slices.ContainsFunc(p.redaction.queryKeys, func(key string) bool { return strings.EqualFold(key, name) })
}

// RedactsPanicMessages reports whether the value of a panic is left out of its event.
func (p *Policy) RedactsPanicMessages() bool { return p != nil && p.redaction.panicMessages }
