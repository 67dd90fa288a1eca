package config_test

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
)

// exampleFile writes text into a file that is called tracing.yaml in messages too.
func exampleFile(text string) (name string, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	name = filepath.Join(dir, "tracing.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	return name, func() { os.RemoveAll(dir) }
}

func ExampleLoad() {
	name, remove := exampleFile("tracing:\n  exporter_type: jaeger\n  sample_rate: 1.0\n")
	defer remove()

	cfg, err := config.Load(config.Sources{Files: []string{name}})
	if err != nil {
		log.Fatal(err) // tracing.yaml:4:3: tracing.smaple_rate: unknown key; did you mean "sample_rate"?
	}
	fmt.Println(cfg.ExporterTypes, cfg.Sampling.SampleRate)
	// Output: [jaeger] 1
}

func ExampleConfig_Explain() {
	cfg, err := config.Load(config.Sources{
		Environ:  []string{"SPANROUTE_TIMEOUT=3", "SPANROUTE_SAMPLE_RATE=0.5"},
		Defaults: map[string]any{"timeout": 7},
	})
	if err != nil {
		log.Fatal(err)
	}
	x, _ := cfg.Explain("timeout")
	fmt.Print(x)
	// Output:
	// timeout = 3s
	//   from  SPANROUTE_TIMEOUT
	//   hides default = 7s
}

func ExampleRegisterFlags() {
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	config.RegisterFlags(flags, "sample_rate", "exporter_type")
	if err := flags.Parse([]string{"--tracing.sample-rate=0.25"}); err != nil {
		log.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{Flags: config.FlagsOf(flags), Environ: []string{}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg.Sampling.SampleRate, cfg.Source("sample_rate"))
	// Output: 0.25 --tracing.sample-rate
}

// Any flag library will do: Sources.Flags is a list of the flags that were set. This is pflag's.
func ExampleFlagSource() {
	flags := pflag.NewFlagSet("service", pflag.ContinueOnError)
	flags.Float64("tracing.sample-rate", 1, "share of traces to keep")
	if err := flags.Parse([]string{"--tracing.sample-rate=0.25"}); err != nil {
		log.Fatal(err)
	}
	set := func(yield func(name, value string) bool) {
		flags.Visit(func(f *pflag.Flag) {
			yield(f.Name, f.Value.String())
		})
	}
	cfg, err := config.Load(config.Sources{Flags: set, Environ: []string{}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg.Sampling.SampleRate)
	// Output: 0.25
}

func ExampleWatch() {
	name, remove := exampleFile("tracing: {sample_rate: 0.5}\n")
	defer remove()

	ctx, stop := context.WithCancel(context.Background())
	apply := func(cfg *config.Config) error { // (*spanroute.Tracing).Apply in a program
		fmt.Println("sample rate", cfg.Sampling.SampleRate)
		stop()
		return nil
	}
	if err := config.Watch(ctx, config.Sources{Files: []string{name}, Environ: []string{}}, apply); err != nil {
		log.Fatal(err)
	}
	// Output: sample rate 0.5
}
