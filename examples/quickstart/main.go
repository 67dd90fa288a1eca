// Quickstart is one program with a chi API whose handlers call a gRPC service over a real loopback connection,
// traced through both.
//
//	go run ./examples/quickstart                      serves until Ctrl-C, spans stay in memory
//	go run ./examples/quickstart --demo               sends itself a handful of requests and checks the outcome
//	go run ./examples/quickstart --config FILE        sends the spans to the exporter that FILE selects
//
// Every finished trace is printed as a tree. While the spans stay in memory and the address is on loopback, the traces
// are also on a page. A change of FILE is applied while the program runs; SIGHUP reads all sources again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spanroute/spanroute/config"
	_ "github.com/spanroute/spanroute/exporters/all"
)

// builtIn is the configuration without a file: all requests are sampled, spans stay in memory.
var builtIn = map[string]any{
	"exporter_type":  "memory",
	"service_name":   "quickstart",
	"sample_rate":    1.0,
	"excluded_paths": "/readyz,/livez,/healthz,/metrics",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit status: 0 for success, 1 for a reported failure, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	demo := flags.Bool("demo", false, "send a handful of requests, print their traces, check that nothing was dropped, exit")
	addr := flags.String("addr", "127.0.0.1:8080", "address of the API; --demo takes a free port instead")
	var pageHosts []string
	flags.Func("page-host", "mount the trace page also on an address that is not loopback, for requests to this `host`; can be repeated", func(host string) error {
		pageHosts = append(pageHosts, host)
		return nil
	})
	config.RegisterFlags(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	program := program{
		sources:   config.Sources{Flags: config.FlagsOf(flags), Defaults: builtIn},
		addr:      *addr,
		pageHosts: pageHosts,
		out:       newScreen(stdout),
		logger:    slog.New(slog.NewTextHandler(stderr, nil)),
	}
	if *demo {
		program.addr = "127.0.0.1:0"
	}
	work := program.untilDone
	if *demo {
		work = program.demo
	}
	if err := program.serve(ctx, work); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
