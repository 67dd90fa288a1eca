package cli_test

import (
	"context"
	"os"

	"github.com/spanroute/spanroute/cli"
)

// A program calls os.Exit(cli.Main(os.Args[1:])) in main. This example sets the streams and the environment instead.
func ExampleProgram_Run() {
	program := cli.Program{Stdout: os.Stdout, Stderr: os.Stdout, Environ: []string{"SPANROUTE_EXPORTER_TYPE=otlp"}}
	program.Run(context.Background(), []string{"validate", "--tracing.sample-rate=0.01"})
	program.Run(context.Background(), []string{"validat"})
	// Output:
	// 0 errors, 0 warnings
	// traces 1 in 100 new requests, sends to otlp at http://localhost:4317 over gRPC
	// spanroute: unknown command "validat"; did you mean "validate"?
}
