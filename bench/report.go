package main

import (
	"fmt"
	"math"
	"runtime"
	"strings"
)

// A subject is a set of sides that are measured together, and the bounds that the project promises for them.
type subject struct {
	name    string
	title   string
	sides   func() (sides []side, stop func())
	measure func(rounds int) (all costs, note string) // nil: run the sides
	per     float64                                   // operations in one run of a side
	cores   int                                       // 0: all. With one, no idle core is woken and spins, which costs more than what is measured
	bounds  []bound
	scales  []scale
}

// A bound is one promise: the cost that side adds to base, in allocations and as a share of the cost that each peer
// adds to its own base.
type bound struct {
	title, side, base string
	allocs            float64 // maximum; negative: no more than the peer
	peers             []ratio
}

type ratio struct {
	peer, base string
	max        float64 // 0: no promise
}

// A scale is the promise of a throughput on all cores, as a multiple of that on one core.
type scale struct {
	title, all, one string
	min             float64
}

func static(sides func() []side) func() ([]side, func()) {
	return func() ([]side, func()) { return sides(), func() {} }
}

// subjects are all subjects in the order of the page.
var subjects = []subject{
	{
		name: "http", title: "HTTP server, added to a chi router's cost of one request", sides: static(httpSides), per: 1, cores: 1,
		bounds: []bound{
			{"excluded", "excluded", "router", 1, []ratio{{"otelhttp, sampled", "router", 0.07}}},
			{"unsampled", "unsampled", "router", 1, []ratio{{"otelhttp, unsampled", "router", 0.12}, {"otelchi, unsampled", "router", 0.25}}},
			{"not kept, with keep.errors", "not kept", "router", 1, []ratio{{"otelhttp, sampled", "router", 0.35}, {"kept, failing", "router, failing", 0.5}}},
			{"sampled root", "sampled", "router", 2, []ratio{{"otelhttp, sampled", "router", 0.28}, {"otelchi, sampled", "router", 0.48}, {"floor", "router", 0.75}}},
			{"sampled, remote parent", "sampled, remote parent", "router, remote parent", 2, []ratio{
				{"otelhttp, sampled, remote parent", "router, remote parent", 0.28}, {"otelchi, sampled, remote parent", "router, remote parent", 0.48},
				{"floor, remote parent", "router, remote parent", 0.75},
			}},
			{"provider of the SDK, unsampled", "SDK, unsampled", "router", 3, []ratio{{"otelhttp, unsampled", "router", 0.2}, {"otelchi, unsampled", "router", 0.3}}},
			{"provider of the SDK, sampled root", "SDK, sampled", "router", 8, []ratio{{"otelhttp, sampled", "router", 0.5}, {"otelchi, sampled", "router", 0.7}, {"floor", "router", 1.5}}},
			{"provider of the SDK, sampled, remote parent", "SDK, sampled, remote parent", "router, remote parent", 10, []ratio{
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
			{"server interceptor, sampled", "server, sampled", "call", 5, []ratio{{"otelgrpc server, sampled", "call", 0.5}, {"floor", "call", 0}}},
			{"server interceptor, unsampled", "server, unsampled", "call", 3, []ratio{{"otelgrpc server, unsampled", "call", 0.3}}},
			{"empty server interceptor", "server, empty interceptor", "call", -1, []ratio{{"otelgrpc server, sampled", "call", 0}, {"otelgrpc server, unsampled", "call", 0}}},
			{"empty server stats handler", "server, empty stats handler", "call", -1, []ratio{{"otelgrpc server, sampled", "call", 0}, {"otelgrpc server, unsampled", "call", 0}}},
			{"ServerOptions, sampled", "ServerOptions, sampled", "call", 24, []ratio{{"otelgrpc server, sampled", "call", 0.75}}},
			{"ServerOptions, unsampled", "ServerOptions, unsampled", "call", 22, []ratio{{"otelgrpc server, unsampled", "call", 0.75}}},
			{"client interceptor, sampled", "client, sampled", "call", 13, []ratio{{"otelgrpc client, sampled", "call", 0.6}}},
			{"client interceptor, unsampled", "client, unsampled", "call", 12, []ratio{{"otelgrpc client, unsampled", "call", 0.58}}},
			{"server interceptor, provider of the SDK, sampled", "SDK, server, sampled", "call", 9, []ratio{{"otelgrpc server, sampled", "call", 0}}},
			{"server interceptor, provider of the SDK, unsampled", "SDK, server, unsampled", "call", 6, []ratio{{"otelgrpc server, unsampled", "call", 0}}},
			{"client interceptor, provider of the SDK, sampled", "SDK, client, sampled", "call", 17, []ratio{{"otelgrpc client, sampled", "call", 0}}},
			{"client interceptor, provider of the SDK, unsampled", "SDK, client, unsampled", "call", 13, []ratio{{"otelgrpc client, unsampled", "call", 0}}},
			{"empty client stats handler", "client, empty stats handler", "call", -1, []ratio{{"otelgrpc client, sampled", "call", 0}, {"otelgrpc client, unsampled", "call", 0}}},
			{"client that sends a traceparent", "client, traceparent by hand", "call", -1, []ratio{{"otelgrpc client, sampled", "call", 0}, {"otelgrpc client, unsampled", "call", 0}}},
			{"DialOptions, sampled", "DialOptions, sampled", "call", 30, []ratio{{"otelgrpc client, sampled", "call", 1}}},
			{"DialOptions, unsampled", "DialOptions, unsampled", "call", 28, []ratio{{"otelgrpc client, unsampled", "call", 1}}},
		},
	},
	{
		name: "parallel", title: "All cores at once, sampled, added to one request or call", sides: static(parallelSides), per: 1,
		bounds: []bound{
			{"HTTP server", "http", "router", 2, []ratio{{"otelhttp", "router", 0.5}, {"otelchi", "router", 0.7}}},
			{"gRPC server interceptor", "server", "call", 5, []ratio{{"otelgrpc server", "call", 0.5}}},
			{"gRPC ServerOptions", "ServerOptions", "call", 24, []ratio{{"otelgrpc server", "call", 0.75}}},
		},
		scales: []scale{
			{"HTTP server, whole request", "http", "http, one core", 1.8},
			{"gRPC ServerOptions, whole call", "ServerOptions", "ServerOptions, one core", 0},
		},
	},
	{
		name: "exporters", title: "Exporters, a span of 12 attributes and one event, 512 to a request, receiver included", sides: exporterSides, per: batchSize, cores: 1,
		bounds: []bound{
			{"Zipkin", "zipkin", "", 1, []ratio{{"otel/exporters/zipkin", "", 0.15}}},
			{"Jaeger over HTTP", "jaeger http", "", 1, []ratio{{"otel/exporters/jaeger http", "", 0.25}}},
			{"Jaeger over UDP", "jaeger udp", "", 1, []ratio{{"otel/exporters/jaeger udp", "", 0.25}}},
			{"OTLP over gRPC", "otlp grpc", "", 2, []ratio{{"otlptracegrpc", "", 0.22}}},
			{"OTLP over gRPC, spool always", "otlp grpc, spool always", "", 2, []ratio{{"otlp grpc", "", 1.5}}},
			{"OTLP over HTTP", "otlp http", "", 2, []ratio{{"otlptracehttp", "", 0.25}}},
		},
	},
	{
		name: "endtoend", title: "End to end, added to one request of an HTTP server, delivery of its span included", measure: endToEnd, per: 1,
		bounds: []bound{
			{"rate 1", "spanroute, rate 1", "no tracing", 2, []ratio{{"otelhttp, rate 1", "no tracing", 0.25}, {"otelchi, rate 1", "no tracing", 0}}},
			{"rate 0.01", "spanroute, rate 0.01", "no tracing", 1, []ratio{{"otelhttp, rate 0.01", "no tracing", 0.13}, {"otelchi, rate 0.01", "no tracing", 0}}},
		},
	},
}

// report measures the subject, writes its table and returns the number of missed bounds.
func (s subject) report(out *strings.Builder, rounds int) (missed int) {
	all, note := s.run(rounds)
	fmt.Fprintf(out, "\n**%s**\n\n| | allocations | bound | processor time | peers' allocations | ratio of times (bound) |\n|---|---|---|---|---|---|\n", s.title)
	for _, b := range s.bounds {
		s.row(out, all, b, &missed)
	}
	if len(s.scales) > 0 {
		fmt.Fprintf(out, "\n| | throughput on %d cores : on one (bound) |\n|---|---|\n", runtime.NumCPU())
	}
	for _, c := range s.scales {
		times := all.of(c.one).wall / all.of(c.all).wall
		text := fmt.Sprintf("%.2f", times)
		if c.min > 0 {
			text += fmt.Sprintf(" (%.2f)%s", c.min, verdict(times >= c.min, &missed))
		}
		fmt.Fprintf(out, "| %s | %s |\n", c.title, text)
	}
	if note != "" {
		fmt.Fprintf(out, "\n%s\n", note)
	}
	return missed
}

// run measures all sides. The note belongs below the table.
func (s subject) run(rounds int) (all costs, note string) {
	if s.measure != nil {
		return s.measure(rounds)
	}
	sides, stop := s.sides()
	defer stop()
	if s.cores > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(s.cores))
	}
	return measure(rounds, sides), ""
}

// row writes the row of one bound.
func (s subject) row(out *strings.Builder, all costs, b bound, missed *int) {
	own := all.beyond(b.side, b.base, s.per)
	var allocs, ratios []string
	most := b.allocs
	for _, r := range b.peers {
		theirs := all.beyond(r.peer, r.base, s.per)
		if b.allocs < 0 {
			most = theirs.allocs
		}
		allocs = append(allocs, fmt.Sprintf("%s %s", r.peer, count(theirs.allocs)))
		text := fmt.Sprintf("%s %.2f", r.peer, own.ns/theirs.ns)
		if r.max > 0 {
			text += fmt.Sprintf(" (%.2f)%s", r.max, verdict(own.ns/theirs.ns <= r.max, missed))
		}
		ratios = append(ratios, text)
	}
	fmt.Fprintf(out, "| %s | %s%s | %s | %.0f ns | %s | %s |\n", b.title, count(own.allocs),
		verdict(math.Round(own.allocs) <= math.Round(most), missed), count(most), own.ns, strings.Join(allocs, "; "), strings.Join(ratios, "; "))
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
