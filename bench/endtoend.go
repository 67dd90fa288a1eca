package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// requestsPerRound is the number of requests to one server in one round.
const requestsPerRound = 5000

// serverSides are the servers of the end-to-end measurement: their names, and the arguments of their processes.
var serverSides = []struct {
	name string
	args []string
}{
	{"no tracing", []string{"none", "0"}},
	{"spanroute, rate 1", []string{"spanroute", "1"}},
	{"otelhttp, rate 1", []string{"otelhttp", "1"}},
	{"otelchi, rate 1", []string{"otelchi", "1"}},
	{"spanroute, rate 0.01", []string{"spanroute", "0.01"}},
	{"otelhttp, rate 0.01", []string{"otelhttp", "0.01"}},
	{"otelchi, rate 0.01", []string{"otelchi", "0.01"}},
}

// endToEnd measures all servers for a quarter of rounds, and returns a note with the number of delivered spans.
func endToEnd(rounds int) (costs, string) {
	run, err := newEndToEndRun()
	if err != nil {
		panic(err)
	}
	defer run.stop()
	for round := range max(rounds/4, 1) {
		fmt.Fprintf(os.Stderr, "\rround %d", round+1)
		for i := range serverSides {
			if err := run.measure((i+round)%len(serverSides), requestsPerRound); err != nil {
				panic(err)
			}
		}
	}
	fmt.Fprintln(os.Stderr)
	return run.costs, run.note()
}

// An endToEndRun has all processes of the end-to-end measurement.
//
// How it works. The binary starts itself once for the receiver, once for the load generator and once for every server.
// Each process listens on a free port of 127.0.0.1, prints its address and then executes one command per line of its
// standard input; it ends with its standard input, so that no process outlives this one. A measurement reads the
// resource usage of one server, lets the load generator send its requests, waits until the server has delivered all
// spans, and reads the usage again. The other servers are idle in the meantime.
type endToEndRun struct {
	receiver, load      *process
	servers             []*process
	costs               costs
	requests, delivered map[string]int
}

func newEndToEndRun() (run *endToEndRun, err error) {
	run = &endToEndRun{costs: make(costs), requests: make(map[string]int), delivered: make(map[string]int)}
	defer func() {
		if err != nil {
			run.stop()
		}
	}()
	if run.receiver, err = startProcess("receiver"); err != nil {
		return run, err
	}
	if run.load, err = startProcess("load"); err != nil {
		return run, err
	}
	for _, side := range serverSides {
		server, err := startProcess(append([]string{"server", run.receiver.address}, side.args...)...)
		if err != nil {
			return run, err
		}
		run.servers = append(run.servers, server)
		if err := run.send(server, 200); err != nil { // connections, pools, the growth of the heap
			return run, err
		}
	}
	return run, nil
}

func (run *endToEndRun) stop() {
	for _, p := range append(run.servers, run.load, run.receiver) {
		if p != nil {
			p.stop()
		}
	}
}

// send lets the load generator send n requests to server and waits until their spans are delivered.
func (run *endToEndRun) send(server *process, n int) error {
	if err := run.load.command(fmt.Sprintf("send %s %d", server.address, n)); err != nil {
		return err
	}
	return server.command("flush")
}

// measure sends n requests to the server of the side with the given index and records their cost.
func (run *endToEndRun) measure(side, n int) error {
	server, name := run.servers[side], serverSides[side].name
	spans, _, err := run.spans()
	if err != nil {
		return err
	}
	before, err := server.usage()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := run.send(server, n); err != nil {
		return err
	}
	wall := time.Since(began)
	after, err := server.usage()
	if err != nil {
		return err
	}
	now, _, err := run.spans()
	if err != nil {
		return err
	}
	per := float64(n)
	run.costs[name] = append(run.costs[name], cost{(after.ns - before.ns) / per, float64(wall.Nanoseconds()) / per, (after.allocs - before.allocs) / per})
	run.requests[name] += n
	run.delivered[name] += now - spans
	return nil
}

// spans returns the number of spans that the receiver has counted.
func (run *endToEndRun) spans() (spans, calls int, err error) {
	err = run.receiver.command("count", &spans, &calls)
	return spans, calls, err
}

// note lists for each traced server the spans that the receiver counted and the requests that were sent.
func (run *endToEndRun) note() string {
	var parts []string
	for _, side := range serverSides[1:] {
		parts = append(parts, fmt.Sprintf("%s %d of %d", side.name, run.delivered[side.name], run.requests[side.name]))
	}
	base := run.costs.of(serverSides[0].name)
	return fmt.Sprintf("Processor time of the server process alone; the least disturbed of %d rounds of %d requests on %d connections. "+
		"A request without tracing costs %.1f µs. Spans that the receiver counted, of requests: %s.",
		len(run.costs[serverSides[0].name]), requestsPerRound, connections, base.ns/1000, strings.Join(parts, "; "))
}
