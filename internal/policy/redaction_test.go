package policy_test

import (
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/policy"
)

func TestRedaction(t *testing.T) {
	p := compile(t, policy.Rules{QueryKeys: []string{"Phone", "x-id"}, RedactPanicMessages: true})
	for name, want := range map[string]bool{"phone": true, "PHONE": true, "X-Id": true, "phones": false, "pho": false, "": false} {
		if got := p.RedactsQueryKey(name); got != want {
			t.Errorf("RedactsQueryKey(%q) = %t, want %t", name, got, want)
		}
	}
	if !p.RedactsPanicMessages() {
		t.Error("RedactsPanicMessages() = false, want true")
	}
	var none *policy.Policy
	for name, p := range map[string]*policy.Policy{"nil": none, "without rules": compile(t, policy.Rules{})} {
		if p.RedactsQueryKey("phone") || p.RedactsQueryKey("") || p.RedactsPanicMessages() {
			t.Errorf("a policy that is %s redacts", name)
		}
	}
}

func TestTooManyQueryKeys(t *testing.T) {
	keys := strings.Split(strings.Repeat("k,", policy.MaxQueryKeys), ",") // one more than are allowed
	if _, err := policy.Compile(policy.Rules{QueryKeys: keys[1:]}); err != nil {
		t.Errorf("%d keys: %v", policy.MaxQueryKeys, err)
	}
	const want = "redact.query_keys: 257 keys are out of range, want at most 256"
	if p, err := policy.Compile(policy.Rules{QueryKeys: keys}); err == nil || err.Error() != want || p != nil {
		t.Errorf("Compile = %v, %v; want the error %q", p, err, want)
	}
}
