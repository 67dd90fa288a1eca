// Package cli gives a program the commands of spanroute: validate, print, explain, exporters and send. The command
// cmd/spanroute runs them with the exporters of this module. A program that imports plugins runs them with its own:
//
//	import (
//		_ "example.org/lines" // registers the exporter "lines"
//		"github.com/spanroute/spanroute/cli"
//		_ "github.com/spanroute/spanroute/exporters/all"
//	)
//
//	func main() { os.Exit(cli.Main(os.Args[1:])) }
//
// Exporters are looked up in registry.Default(). Files are arguments, else --config, else SPANROUTE_CONFIG. Variables
// and flags (--tracing.<key>) count as they do in a service.
package cli
