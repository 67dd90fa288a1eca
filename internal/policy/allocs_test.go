//go:build !race

package policy_test

import (
	"fmt"
	"testing"

	"github.com/spanroute/spanroute/internal/policy"
)

func TestMatchDoesNotAllocate(t *testing.T) {
	p := compile(t, policy.Rules{
		URLs:  append([]string{"^/admin", "css$", "^/only$", "x[0-9]+y", "://h"}, seedItems...),
		Paths: []string{"/healthz", "/debug/*", "/v*/docs"},
		RPCs:  []string{"/grpc.health.v1.Health/*", "/*/Check"},
	})
	for _, text := range []string{"/orders/1234567/items/89", "/healthz", "/v1/docs", "/x12y", ""} {
		got := testing.AllocsPerRun(100, func() {
			p.ExcludesPath(text)
			p.ExcludesURL(text)
			p.ExcludesRPC(text)
		})
		if got != 0 {
			t.Errorf("%q: %v allocations, want 0", text, got)
		}
	}
}

func BenchmarkExcludesPath(b *testing.B) {
	fifty := make([]string, 50)
	for i := range fifty {
		fifty[i] = fmt.Sprintf("literal%02d", i)
	}
	for name, items := range map[string][]string{"seed six": seedItems, "fifty": fifty} {
		b.Run(name, func(b *testing.B) {
			p := compile(b, policy.Rules{URLs: items})
			for b.Loop() {
				p.ExcludesPath("/orders/1234567/items/89/of/customer/0042")
			}
		})
	}
}
