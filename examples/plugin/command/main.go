// Command is the spanroute command with the exporter "lines" linked in. The command of the spanroute module rejects files
// that select a plugin because it does not link any:
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
