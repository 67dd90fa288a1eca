//go:build !race

package suppress_test

import (
	"context"
	"testing"

	"github.com/spanroute/spanroute/internal/suppress"
)

func TestContextAllocatesTwice(t *testing.T) {
	ctx := context.Background()
	if got := testing.AllocsPerRun(100, func() { suppress.Context(ctx) }); got > 2 {
		t.Errorf("%v allocations, want at most 2", got)
	}
}
