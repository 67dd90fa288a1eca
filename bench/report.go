package main

import (
	"fmt"
	"math"
	"runtime"
	"strings"
)

// A subject is a set of sides that are measured together, with the bounds that the project promises.
type subject struct {
	name   string
	title  string
	sides  func() (sides []side, stop func())
	per    float64 // operations in one run of a side
	cores  int     // 0: all. A single core avoids waking idle cores, which would cost more than the measured effect
	bounds []bound
}

// A bound limits the cost of side beyond base: the allocations, and the time as a share of the time that each peer adds
// to its own base.
type bound struct {
	title, side, base string
	allocs            float64 // at most; negative: no more than the peer
	peers             []ratio
}

type ratio struct {
	peer, base string
	most       float64 // 0: no bound
}

func static(sides func() []side) func() ([]side, func()) {
	return func() ([]side, func()) { return sides(), func() {} }
}

var subjects = []subject{
	{
		name: "http", title: "HTTP server, added to a chi router's cost of one request", sides: static(httpSides), per: 1, cores: 1,
		bounds: []bound{
			{"excluded", "excluded", "router", 3, []ratio{{"otelhttp, sampled", "router", 0.1}}},
			{"unsampled", "unsampled", "router", 3, []ratio{{"otelhttp, unsampled", "router", 0.2}, {"otelchi, unsampled", "router", 0.3}}},
			{"sampled root", "sampled", "router", 11, []ratio{{"otelhttp, sampled", "router", 0.5}, {"otelchi, sampled", "router", 0.7}, {"floor", "router", 1.5}}},
			{"sampled, remote parent", "sampled, remote parent", "router, remote parent", 14, []ratio{
				{"otelhttp, sampled, remote parent", "router, remote parent", 0.5}, {"otelchi, sampled, remote parent", "router, remote parent", 0.7},
				{"floor, remote parent", "router, remote parent", 1.5},
			}},
			{"foreign provider, sampled", "foreign provider, sampled", "router", 15, []ratio{{"otelhttp, sampled", "router", 0.7}}},
			{"foreign provider, unsampled", "foreign provider, unsampled", "router", 8, []ratio{{"otelhttp, unsampled", "router", 0.4}}},
		},
	},
	{
		name: "grpc", title: "gRPC, added to the cost of one unary call, wire included", sides: static(grpcSides), per: 1, cores: 1,
		bounds: []bound{
			{"server, sampled", "server, sampled", "call", 12, []ratio{{"otelgrpc server, sampled", "call", 0.5}, {"floor", "call", 0}}},
			{"server, unsampled", "server, unsampled", "call", 6, []ratio{{"otelgrpc server, unsampled", "call", 0.3}}},
			{"client, sampled", "client, sampled", "call", 17, []ratio{{"otelgrpc client, sampled", "call", 0.5}}},
			{"client, unsampled", "client, unsampled", "call", 13, []ratio{{"otelgrpc client, unsampled", "call", 0.4}}},
		},
	},
	{
		name: "exporters", title: "Exporters, a span of 12 attributes and one event, 512 to a request, local sink", sides: exporterSides, per: batchSize,
		bounds: []bound{
			{"Zipkin", "zipkin", "", 1, []ratio{{"otel/exporters/zipkin", "", 0.15}}},
			{"Jaeger over HTTP", "jaeger http", "", 1, []ratio{{"otel/exporters/jaeger http", "", 0.25}}},
			{"Jaeger over UDP", "jaeger udp", "", 1, []ratio{{"otel/exporters/jaeger udp", "", 0.25}}},
			{"OTLP over gRPC", "otlp grpc", "", -1, []ratio{{"otlptracegrpc", "", 1.05}}},
			{"OTLP over HTTP", "otlp http", "", -1, []ratio{{"otlptracehttp", "", 1.05}}},
		},
	},
}

// report measures the subject, writes its table and returns how many bounds were missed.
func (s subject) report(out *strings.Builder, rounds int) (missed int) {
	sides, stop := s.sides()
	defer stop()
	if s.cores > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(s.cores))
	}
	all := measure(rounds, sides)
	beyond := func(side, base string) cost { return all.beyond(side, base, s.per) }
	fmt.Fprintf(out, "\n**%s**\n\n| | allocations | bound | time | peers' allocations | ratio of times (bound) |\n|---|---|---|---|---|---|\n", s.title)
	for _, b := range s.bounds {
		own := beyond(b.side, b.base)
		var allocs, ratios []string
		most := b.allocs
		for _, r := range b.peers {
			theirs := beyond(r.peer, r.base)
			if b.allocs < 0 {
				most = theirs.allocs
			}
			allocs = append(allocs, fmt.Sprintf("%s %s", r.peer, count(theirs.allocs)))
			text := fmt.Sprintf("%s %.2f", r.peer, own.ns/theirs.ns)
			if r.most > 0 {
				text += fmt.Sprintf(" (%.2f)%s", r.most, verdict(own.ns/theirs.ns <= r.most, &missed))
			}
			ratios = append(ratios, text)
		}
		fmt.Fprintf(out, "| %s | %s%s | %s | %.0f ns | %s | %s |\n", b.title, count(own.allocs),
			verdict(math.Round(own.allocs) <= math.Round(most), &missed), count(most), own.ns, strings.Join(allocs, "; "), strings.Join(ratios, "; "))
	}
	return missed
}

func count(allocs float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", allocs), ".0")
}

func verdict(kept bool, missed *int) string {
	if kept {
		return ""
	}
	*missed++
	return " **missed**"
}
