package main

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// A side is one competitor of a comparison. The first side of a comparison is what is subtracted from all others
// when costs are "added" costs.
type side struct {
	name string
	run  func(b *testing.B)
}

// cost is the median over the rounds, of one operation.
type cost struct {
	ns, allocs float64
}

func (c cost) minus(other cost) cost { return cost{c.ns - other.ns, c.allocs - other.allocs} }

func (c cost) per(n float64) cost { return cost{c.ns / n, c.allocs / n} }

// measure runs all sides in turn, round after round, so that a change of the machine's mood hits all of them.
func measure(rounds int, sides []side) map[string]cost {
	samples := make(map[string][]cost)
	for round := range rounds {
		for _, s := range sides {
			fmt.Fprintf(os.Stderr, "\r%-72s", fmt.Sprintf("round %d of %d: %s", round+1, rounds, s.name))
			r := testing.Benchmark(s.run)
			if r.N == 0 {
				panic("the benchmark of " + s.name + " failed")
			}
			n := float64(r.N)
			samples[s.name] = append(samples[s.name], cost{float64(r.T.Nanoseconds()) / n, float64(r.MemAllocs) / n})
		}
	}
	fmt.Fprintln(os.Stderr)
	medians := make(map[string]cost)
	for name, all := range samples {
		medians[name] = cost{
			median(all, func(c cost) float64 { return c.ns }),
			median(all, func(c cost) float64 { return c.allocs }),
		}
	}
	return medians
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
