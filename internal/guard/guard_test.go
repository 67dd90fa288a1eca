//go:debug panicnil=1

package guard_test

import (
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/guard"
)

func explode(v any) { panic(v) }

// watch runs f on a goroutine of its own and returns what over saw, and how the goroutine ended.
func watch(f func()) (calls []guard.End, value any, stack string, ended guard.End, recovered any) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		func() {
			defer func() { recovered = recover() }()
			guard.Run(f, func(end guard.End, v any) {
				calls, value, stack = append(calls, end), v, string(debug.Stack())
			})
			ended = guard.Returned
		}()
		if ended != guard.Returned {
			ended = guard.Panicked
		}
	}()
	<-done
	return calls, value, stack, ended, recovered
}

func TestRun(t *testing.T) {
	fault := errors.New("fault")
	tests := []struct {
		name  string
		f     func()
		end   guard.End
		value any
		stack string // a function whose frame is still there
	}{
		{"returns", func() {}, guard.Returned, nil, ""},
		{"panics", func() { explode(fault) }, guard.Panicked, fault, "guard_test.explode"},
		{"panics with nil", func() { explode(nil) }, guard.Panicked, nil, ""},
		{"exits", runtime.Goexit, guard.Exited, nil, "runtime.Goexit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls, value, stack, ended, recovered := watch(tt.f)
			if diff := cmp.Diff([]guard.End{tt.end}, calls); diff != "" {
				t.Errorf("calls of over differ (-want +got):\n%s", diff)
			}
			if value != tt.value || recovered != tt.value {
				t.Errorf("over got %v, the caller recovered %v, want %v", value, recovered, tt.value)
			}
			if ended != tt.end {
				t.Errorf("the caller saw end %d, want %d", ended, tt.end)
			}
			if !strings.Contains(stack, tt.stack) {
				t.Errorf("the stack lacks %s:\n%s", tt.stack, stack)
			}
		})
	}
}

func TestAllocations(t *testing.T) {
	n := 0
	allocs := testing.AllocsPerRun(100, func() {
		guard.Run(func() { n++ }, func(guard.End, any) { n++ })
	})
	if allocs != 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}
