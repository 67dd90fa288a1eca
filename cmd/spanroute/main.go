// Command spanroute checks, prints and explains configurations of tracing. It links all exporters of this module; a
// program with plugins calls package cli itself.
//
//	spanroute validate tracing.yaml     every problem, with the line it is in, and what a service would do
//	spanroute print tracing.yaml        the effective configuration
//	spanroute explain sample_rate       where a value comes from and what it hides
//	spanroute exporters zipkin          an exporter's keys, defaults and variables
//	spanroute send tracing.yaml         one small trace through every exporter, and what became of it
//
// Files are arguments, else --config, else SPANROUTE_CONFIG. Variables and flags (--tracing.<key>) count as they do
// in a program. It exits with 0 if all is fine, 1 for problems, 2 for wrong usage.
package main

import (
	"os"

	"github.com/spanroute/spanroute/cli"
	_ "github.com/spanroute/spanroute/exporters/all"
)

//go:generate go run . exporters --markdown --out ../../config/KEYS.md

func main() { os.Exit(cli.Main(os.Args[1:])) }
