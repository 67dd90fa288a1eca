//go:build !race

package semattr_test

import (
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/semattr"
)

func TestAllocations(t *testing.T) {
	text := strings.Repeat("x", 200)
	allocs := testing.AllocsPerRun(100, func() {
		_ = semattr.Text(text)
		_, _, _ = semattr.HostPort("example.com:8080")
		_, _, _ = semattr.IPPeer("192.0.2.1:5100")
		_, _, _ = semattr.IPPeer("[2001:db8::1]:5100")
	})
	if allocs != 0 {
		t.Errorf("%v allocations for clean values, want none", allocs)
	}
}
