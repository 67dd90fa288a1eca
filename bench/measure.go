package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
)

// A side is one competitor of a comparison.
type side struct {
	name string
	run  func(b *testing.B)
}

// cost is the cost of one operation.
type cost struct {
	ns, allocs float64
}

// costs holds the cost of each side in each round.
type costs map[string][]cost

// processorTime is the metric of a side that measures it with [loop].
const processorTime = "cpu-ns/op"

// loop repeats op as long as the benchmark wants, and reports the processor time of the whole process: client, wire,
// server and garbage collector. Unlike time on the clock, it does not grow when other programs want the processor.
func loop(b *testing.B, op func()) {
	b.ReportAllocs()
	began := consumed()
	for b.Loop() {
		op()
	}
	b.ReportMetric(float64(consumed()-began)/float64(b.N), processorTime)
}

// consumed is the processor time of this process so far, in nanoseconds.
func consumed() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// measure runs all sides in turn, round after round, so that a change of the machine's load affects all of them.
func measure(rounds int, sides []side) costs {
	all := make(costs)
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "\rround %d of %d", round+1, rounds)
		for i := range sides {
			s := sides[(i+round)%len(sides)] // vary the order, so that no side always follows the same one and its garbage
			r := testing.Benchmark(s.run)
			if r.N == 0 {
				panic("the benchmark of " + s.name + " failed")
			}
			n := float64(r.N)
			c := cost{float64(r.T.Nanoseconds()) / n, float64(r.MemAllocs) / n}
			if ns, ok := r.Extra[processorTime]; ok {
				c.ns = ns
			}
			all[s.name] = append(all[s.name], c)
		}
	}
	fmt.Fprintln(os.Stderr)
	return all
}

// beyond is what side costs more than base, for each of per parts of an operation: the time of its least disturbed
// round less that of the base's, the medians of the allocations. Without a base, all of the cost counts.
func (all costs) beyond(side, base string, per float64) cost {
	own, other := all.of(side), all.of(base)
	return cost{(own.ns - other.ns) / per, (own.allocs - other.allocs) / per}
}

func (all costs) of(name string) (c cost) {
	rounds := all[name]
	if len(rounds) == 0 {
		return cost{}
	}
	c.ns = slices.MinFunc(rounds, func(a, b cost) int { return cmp.Compare(a.ns, b.ns) }).ns
	c.allocs = median(rounds, func(c cost) float64 { return c.allocs })
	return c
}

func median(all []cost, figure func(cost) float64) float64 {
	figures := make([]float64, 0, len(all))
	for _, c := range all {
		figures = append(figures, figure(c))
	}
	slices.Sort(figures)
	middle := len(figures) / 2
	if len(figures)%2 == 1 {
		return figures[middle]
	}
	return (figures[middle-1] + figures[middle]) / 2
}
