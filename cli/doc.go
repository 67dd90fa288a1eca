// Package cli implements the commands of spanroute: init, validate, print, explain, exporters, schema and send. The program
// cmd/spanroute runs them with the exporters of this module. A program that imports a plugin runs them with the plugin:
//
//	import (
//		_ "example.org/lines" // registers the exporter "lines"
//		"github.com/spanroute/spanroute/cli"
//		_ "github.com/spanroute/spanroute/exporters/all"
//	)
//
//	func main() { os.Exit(cli.Main(os.Args[1:])) }
//
// The commands:
//
//	init       prints a commented file to start with, for one exporter
//	validate   prints the problems of a configuration, and in one line what a service with it does
//	print      prints the effective configuration as YAML or JSON, with secrets masked
//	explain    prints where the value of a key comes from and which values it hides
//	exporters  prints the registered exporters and their keys
//	schema     prints the JSON Schema of the file, for editors
//	send       sends a trace of two spans and reports for each exporter whether it was delivered
//
// Results are printed to standard output, problems to standard error; only validate --format json prints problems to
// standard output. The exit code is 0 for success, 1 for problems of the configuration or the delivery, and 2 for wrong
// usage. No command but send opens a connection, and no command writes a file, except those with --out; init never changes a file that exists.
//
// The package imports no exporter: the commands find exporters in registry.Default(). The files are the arguments,
// otherwise --config, otherwise SPANROUTE_CONFIG. Variables and flags (--tracing.<key>) apply as in a service.
package cli
