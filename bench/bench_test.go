package main

import (
	"strings"
	"testing"
)

// Every side of every comparison runs, and every promise names sides that exist.
func TestSides(t *testing.T) {
	for _, s := range subjects {
		sides, stop := s.sides()
		known := map[string]bool{"": true}
		for _, side := range sides {
			known[side.name] = true
			if r := testing.Benchmark(func(b *testing.B) { side.run(b) }); r.N == 0 {
				t.Errorf("%s: %s does not run", s.name, side.name)
			}
		}
		stop()
		for _, b := range s.bounds {
			for _, r := range b.peers {
				for _, name := range []string{b.side, b.base, r.peer, r.base} {
					if !known[name] {
						t.Errorf("%s: the bound %q names %q, which is no side", s.name, b.title, name)
					}
				}
			}
		}
	}
}

func TestMissedBoundIsSeen(t *testing.T) {
	slow := func(b *testing.B) {
		for b.Loop() {
			kept = make([]byte, 1<<12)
		}
	}
	fast := func(b *testing.B) {
		for b.Loop() {
			kept = nil
		}
	}
	s := subject{
		title: "t", per: 1, sides: static(func() []side { return []side{{"slow", slow}, {"fast", fast}} }),
		bounds: []bound{{"b", "slow", "", 0, []ratio{{"fast", "", 1}}}},
	}
	var out strings.Builder
	if missed := s.report(&out, 1); missed != 2 {
		t.Errorf("%d bounds missed, want 2 (time and allocations):\n%s", missed, out.String())
	}
}

var kept []byte

func TestMain(m *testing.M) {
	testing.Init()
	setBenchtime("10x")
	m.Run()
}
