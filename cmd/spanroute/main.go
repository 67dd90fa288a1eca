// Command spanroute checks, prints and explains tracing configurations. It links all exporters and
// propagators of this module. To use the commands with a plugin, write a program that imports the plugin and calls package cli.
//
//	spanroute init otlp                 prints a commented file to start with
//	spanroute validate tracing.yaml     prints every problem with its line, and what a service would do
//	spanroute print tracing.yaml        prints the effective configuration
//	spanroute explain sample_rate       prints a value, its source, and the values it overrides
//	spanroute exporters zipkin          prints an exporter's keys, defaults and variables
//	spanroute schema                    prints the JSON Schema of the file, for editors
//	spanroute send tracing.yaml         sends a small trace through every exporter and reports the delivery
//
// The files are the arguments, otherwise --config, otherwise SPANROUTE_CONFIG. Variables and flags (--tracing.<key>)
// apply as in a service. The exit code is 0 for success, 1 for problems, 2 for wrong usage.
package main

import (
	"os"

	"github.com/spanroute/spanroute/cli"
	_ "github.com/spanroute/spanroute/exporters/all"
	_ "github.com/spanroute/spanroute/registry/propagators/all"
)

//go:generate go run . exporters --markdown --out ../../config/KEYS.md
//go:generate go run . schema --out ../../config/schema.json

func main() { os.Exit(cli.Main(os.Args[1:])) }
