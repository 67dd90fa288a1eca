package main

import (
	"os"
	"strings"
	"testing"
)

// TestSides runs every side of every comparison, and shows that every bound names sides that exist.
func TestSides(t *testing.T) {
	for _, s := range subjects {
		known := map[string]bool{"": true}
		if s.measure != nil { // TestEndToEnd runs them
			for _, side := range serverSides {
				known[side.name] = true
			}
			checkBounds(t, s, known)
			continue
		}
		sides, stop := s.sides()
		for _, side := range sides {
			known[side.name] = true
			if r := testing.Benchmark(func(b *testing.B) { side.run(b) }); r.N == 0 {
				t.Errorf("%s: %s does not run", s.name, side.name)
			}
		}
		stop()
		checkBounds(t, s, known)
	}
}

func checkBounds(t *testing.T, s subject, known map[string]bool) {
	t.Helper()
	check := func(title string, names ...string) {
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s: the bound %q names %q, want the name of a side", s.name, title, name)
			}
		}
	}
	for _, b := range s.bounds {
		check(b.title, b.side, b.base)
		for _, r := range b.peers {
			check(b.title, r.peer, r.base)
		}
	}
	for _, c := range s.scales {
		check(c.title, c.all, c.one)
	}
}

// TestEndToEnd shows that each server of the end-to-end measurement delivers one span per request at rate 1, and that
// its usage is read.
func TestEndToEnd(t *testing.T) {
	run, err := newEndToEndRun()
	if err != nil {
		t.Fatal(err)
	}
	defer run.stop()
	const requests = 50
	for i, side := range serverSides {
		if err := run.measure(i, requests); err != nil {
			t.Fatalf("%s: %v", side.name, err)
		}
		delivered := run.delivered[side.name]
		switch rate := side.args[1]; {
		case rate == "0" && delivered != 0, rate == "1" && delivered != requests, delivered > requests:
			t.Errorf("%s: the receiver counted %d spans of %d requests", side.name, delivered, requests)
		}
		if c := run.costs.of(side.name); c.allocs <= 0 {
			t.Errorf("%s: %v allocations per request, want more than 0", side.name, c.allocs)
		}
	}
}

// TestProcessReportsFailure shows that an error of a process reaches the caller.
func TestProcessReportsFailure(t *testing.T) {
	load, err := startProcess("load")
	if err != nil {
		t.Fatal(err)
	}
	defer load.stop()
	for _, line := range []string{"unknown", "send", "send 127.0.0.1:1 0", "send 127.0.0.1:1 1"} {
		if err := load.command(line); err == nil {
			t.Errorf("command %q: no error", line)
		}
	}
	if p, err := startProcess("unknown"); err == nil {
		p.stop()
		t.Error("a process with unknown arguments started")
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
	if child(os.Args[1:]) {
		return
	}
	testing.Init()
	setBenchtime("10x")
	m.Run()
}
