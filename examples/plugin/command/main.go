// Command is the command line of spanroute with the exporter "lines" in it, because the stock one refuses files that
// select a plugin:
//
//	go run ./command validate app/tracing.yaml
//	go run ./command exporters lines
//	go run ./command send app/tracing.yaml
package main

import (
	"os"

	_ "example.org/lines"
	"github.com/spanroute/spanroute/cli"
	_ "github.com/spanroute/spanroute/exporters/all"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
