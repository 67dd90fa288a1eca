//go:build race

package recording_test

import (
	"context"
	"testing"

	"github.com/spanroute/spanroute/internal/recording"
)

// Under the race detector, the faults that a sink can make are panics.
func TestFaultySinks(t *testing.T) {
	for name, fault := range map[string]func(*recording.Body){
		"reads after its release": func(b *recording.Body) { b.Release(); b.Name() },
		"releases twice":          func(b *recording.Body) { b.Release(); b.Release() },
	} {
		t.Run(name, func(t *testing.T) {
			kept := new(keeping)
			_, span := recording.New(sinkConfig(kept)).Tracer("test").Start(context.Background(), "work")
			span.End()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			fault(kept.bodies[0])
		})
	}
}
