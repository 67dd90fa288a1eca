// App is a program that uses the plugin. Its only reference to the plugin is the import. The operator selects the
// exporter and its settings:
//
//	go run ./app --tracing.exporter-type=lines --tracing.lines.path=spans.txt
//	SPANROUTE_EXPORTER_TYPE=lines SPANROUTE_LINES_PATH=spans.txt go run ./app
//	go run ./app --config app/tracing.yaml
package main

import (
	"context"
	"flag"
	"log"
	"time"

	_ "example.org/lines"
	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
)

func main() {
	config.RegisterFlags(flag.CommandLine)
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := run(ctx, config.Sources{
		Flags:    config.FlagsOf(flag.CommandLine),
		Defaults: map[string]any{"service_name": "app", "sample_rate": 1},
	}); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, sources config.Sources) error {
	cfg, err := config.Load(sources)
	if err != nil {
		return err
	}
	tracing, err := spanroute.Start(ctx, cfg)
	if err != nil {
		return err
	}
	_, span := tracing.TracerProvider().Tracer("app").Start(ctx, "one span")
	span.End()
	return tracing.Shutdown(ctx)
}
