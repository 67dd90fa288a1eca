// Command spanroute checks, prints and explains configurations of tracing. It links all exporters of the kit.
//
//	spanroute validate tracing.yaml     every problem, with the line it is in
//	spanroute print tracing.yaml        the effective configuration
//	spanroute explain sample_rate       where a value comes from and what it hides
//	spanroute exporters zipkin          an exporter's keys, defaults and variables
//	spanroute send tracing.yaml         one small trace through every exporter, and what became of it
//
// Files are arguments, else --config, else SPANROUTE_CONFIG. Variables and flags (--tracing.<key>) count as they do
// in a program. It exits with 0 if all is fine, 1 for problems, 2 for wrong usage.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "github.com/spanroute/spanroute/exporters/all"
)

//go:generate go run . exporters --markdown --out ../../config/KEYS.md

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], world{
		stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), color: isTerminal(os.Stderr) && os.Getenv("NO_COLOR") == "",
	})
	stop()
	os.Exit(code)
}

// isTerminal reports whether f is a character device, which is what people look at.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
