package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

// A side is one competitor of a comparison.
type side struct {
	name string
	run  func(b *testing.B)
}

// cost is the cost of one operation: processor time, time on the clock, and allocations.
type cost struct {
	ns, wall, allocs float64
}

// costs are those of each side, round by round.
type costs map[string][]cost

// processorTime is the metric that every side reports.
const processorTime = "cpu-ns/op"

// loop repeats op for the time of the benchmark and reports the processor time of the whole process: client, wire,
// server and garbage collector. Unlike time on the clock, it does not grow while other programs run.
func loop(b *testing.B, op func()) {
	b.ReportAllocs()
	began := consumed()
	for b.Loop() {
		op()
	}
	reportProcessorTime(b, began)
}

// parallel is [loop] with several goroutines for each core. Each of them repeats an operation of its own, which start
// returns.
func parallel(b *testing.B, start func() func()) {
	b.ReportAllocs()
	b.SetParallelism(4)
	b.ResetTimer()
	began := consumed()
	b.RunParallel(func(pb *testing.PB) {
		op := start()
		for pb.Next() {
			op()
		}
	})
	reportProcessorTime(b, began)
}

// onCores returns run on n cores.
func onCores(n int, run func(*testing.B)) func(*testing.B) {
	return func(b *testing.B) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		run(b)
	}
}

// reportProcessorTime reports the processor time per operation since began, a value of consumed.
func reportProcessorTime(b *testing.B, began int64) {
	b.Helper()
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
			s := sides[(i+round)%len(sides)] // no side always follows the same one and its garbage
			r := testing.Benchmark(s.run)
			if r.N == 0 {
				panic("the benchmark of " + s.name + " failed")
			}
			n := float64(r.N)
			c := cost{r.Extra[processorTime], float64(r.T.Nanoseconds()) / n, float64(r.MemAllocs) / n}
			all[s.name] = append(all[s.name], c)
		}
	}
	fmt.Fprintln(os.Stderr)
	return all
}

// beyond returns the cost that side adds to base, for each of per parts of an operation: the time of its least
// disturbed round minus that of the base, and the medians of the allocations. Without a base it is the whole cost.
func (all costs) beyond(side, base string, per float64) cost {
	own, other := all.of(side), all.of(base)
	return cost{(own.ns - other.ns) / per, (own.wall - other.wall) / per, (own.allocs - other.allocs) / per}
}

// of returns the least times and the median allocations of a side, zero for no side.
func (all costs) of(name string) (c cost) {
	rounds := all[name]
	if len(rounds) == 0 {
		return cost{}
	}
	c.ns = slices.Min(figures(rounds, func(c cost) float64 { return c.ns }))
	c.wall = slices.Min(figures(rounds, func(c cost) float64 { return c.wall }))
	c.allocs = median(figures(rounds, func(c cost) float64 { return c.allocs }))
	return c
}

func figures(rounds []cost, figure func(cost) float64) []float64 {
	all := make([]float64, 0, len(rounds))
	for _, c := range rounds {
		all = append(all, figure(c))
	}
	return all
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	middle := len(figures) / 2
	if len(figures)%2 == 1 {
		return figures[middle]
	}
	return (figures[middle-1] + figures[middle]) / 2
}
