// Package cli implements the commands of spanroute: validate, print, explain, exporters and send. The program
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
// The commands find exporters in registry.Default(). The files are the arguments, otherwise --config, otherwise
// SPANROUTE_CONFIG. Variables and flags (--tracing.<key>) apply as in a service.
package cli
