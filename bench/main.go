// Bench compares spanroute with its peers, side by side in one run, and writes the tables into docs/benchmarks.md.
//
//	go run . [-rounds 40] [-time 50ms] [-only http|grpc|parallel|exporters|endtoend] [-page ../docs/benchmarks.md]
//
// Every side runs once in every round, for a short while, so that a change of the machine's load affects all sides.
// The cost of a side is the processor time of its least disturbed round minus that of the base without tracing; ratios
// are quotients of two such differences, allocations are counted. The least is used and not the median, because other
// programs on the machine only ever add time: with them the medians of equal sides differ by more than what is
// measured, the least times by a tenth of it.
//
// All times are processor time of the process (getrusage). It includes everything that the process does for an
// operation: both ends of a call, the receiver of an exporter, and the garbage collector, which runs several times in
// each slice of 50 ms. It excludes what other programs do, and does not shrink when a side uses more cores. http, grpc
// and exporters run on one core, parallel on all of them with several goroutines for each. Only the throughput on all
// cores is measured by the clock.
//
// endtoend runs HTTP servers in processes of their own, with and without tracing, a load generator in another one, and
// an OTLP receiver that counts spans in a third. The processor time is that of the server process alone, from the first
// request of a round to the delivery of its last span. It has a quarter of
// the rounds and takes less than a minute.
//
// The exit status is 1 when a bound that the project promises is missed.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

func main() {
	if child(os.Args[1:]) {
		return
	}
	testing.Init()
	rounds := flag.Int("rounds", 40, "how often each side runs")
	duration := flag.Duration("time", 50*time.Millisecond, "how long each side runs in a round")
	only := flag.String("only", "", "http, grpc, parallel, exporters or endtoend; empty means all")
	page := flag.String("page", "", "file to write the tables into, between its bench markers")
	flag.Parse()
	setBenchtime(duration.String())

	var out strings.Builder
	fmt.Fprintln(&out, machine(*rounds, *duration))
	missed := 0
	for _, subject := range subjects {
		if *only == "" || *only == subject.name {
			missed += subject.report(&out, *rounds)
		}
	}
	fmt.Print(out.String())
	if *page != "" {
		if err := insert(*page, out.String()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if missed > 0 {
		fmt.Fprintf(os.Stderr, "%d bounds missed\n", missed)
		os.Exit(1)
	}
}

func setBenchtime(d string) {
	if err := flag.Set("test.benchtime", d); err != nil {
		panic(err)
	}
}

// machine describes the machine, the day, the method and the versions of the peers.
func machine(rounds int, d time.Duration) string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			versions[module.Path] = module.Version
		}
	}
	var peers []string
	for _, path := range []string{
		"go.opentelemetry.io/otel/sdk",
		"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "github.com/riandyrn/otelchi",
		"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
		"go.opentelemetry.io/otel/exporters/zipkin", "go.opentelemetry.io/otel/exporters/jaeger",
		"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc",
	} {
		peers = append(peers, path[strings.LastIndexByte(path, '/')+1:]+" "+versions[path])
	}
	return fmt.Sprintf("%s, %s/%s, %d cores of %s, %s; the least disturbed of %d rounds of %v each. Peers: %s.\n",
		time.Now().Format("2006-01-02"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor(), runtime.Version(), rounds, d, strings.Join(peers, ", "))
}

func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.SplitSeq(string(info), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return "an unknown processor"
}

const (
	begin = "<!-- bench:begin -->"
	end   = "<!-- bench:end -->"
)

func insert(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s: no %s … %s", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+text+end+after), 0o644)
}
