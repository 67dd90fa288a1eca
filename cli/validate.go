package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

var validate = command{
	name: "validate", args: "[--strict] [--format text|json] [file...]",
	doc: "prints all problems of a configuration, and what a service with it does",
	define: func(fs *flag.FlagSet) func(c *call) int {
		strict := fs.Bool("strict", false, "count warnings as problems")
		format := fs.String("format", "text", "text or json")
		return func(c *call) int {
			if *format != "text" && *format != "json" {
				return c.misused("--format is text or json, not %q", *format)
			}
			cfg, all := config.Diagnose(c.sources(c.args))
			c.diagnosed(cfg, all, *format == "json")
			if len(all.Errors()) > 0 || *strict && len(all) > 0 {
				return problems
			}
			return fine
		}
	},
}

// diagnosed prints diagnostics: as text, with their number and what a service does with cfg, to standard error; as JSON,
// which is for programs, to standard output. cfg is nil if there are errors.
func (c *call) diagnosed(cfg *config.Config, all config.Diagnostics, asJSON bool) {
	if asJSON {
		if all == nil {
			all = config.Diagnostics{}
		}
		encoder := json.NewEncoder(c.Stdout)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(all) // there is no place for an error once standard output is gone
		return
	}
	_ = all.WriteText(c.Stderr, c.Color)
	if len(all) > 0 {
		fmt.Fprintln(c.Stderr)
	}
	fmt.Fprintf(c.Stderr, "%s, %s\n", plural(len(all.Errors()), "error"), plural(len(all.Warnings()), "warning"))
	c.notLinked(all)
	if cfg != nil {
		fmt.Fprintln(c.Stderr, summary(cfg))
	}
}

// notLinked explains an exporter type that is not registered in this program and not similar to one that is: probably that
// of a plugin.
func (c *call) notLinked(all config.Diagnostics) {
	if !errors.Is(all, registry.ErrUnknown) {
		return
	}
	fmt.Fprintf(c.Stderr, "an exporter of a plugin has to be linked in: write a program that imports the plugin and calls cli.Main "+
		"of github.com/spanroute/spanroute/cli, and run it instead of %s\n", c.Name)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// load returns the configuration, or prints why there is none to standard error.
func (c *call) load(files []string) *config.Config {
	cfg, all := config.Diagnose(c.sources(files))
	if cfg == nil {
		_ = all.Errors().WriteText(c.Stderr, c.Color)
		c.notLinked(all)
	}
	return cfg
}

var printing = command{
	name: "print", args: "[--show-secrets] [--format yaml|json] [file...]",
	doc: "prints the effective configuration, which loads to the same",
	define: func(fs *flag.FlagSet) func(c *call) int {
		secrets := fs.Bool("show-secrets", false, "print secrets instead of ***")
		format := fs.String("format", "yaml", "yaml or json")
		return func(c *call) int {
			writers := map[string]func(*config.Config, io.Writer, bool) error{"yaml": (*config.Config).WriteYAML, "json": (*config.Config).WriteJSON}
			write, ok := writers[*format]
			if !ok {
				return c.misused("--format is yaml or json, not %q", *format)
			}
			cfg := c.load(c.args)
			if cfg == nil {
				return problems
			}
			if err := write(cfg, c.Stdout, *secrets); err != nil {
				fmt.Fprintf(c.Stderr, "%s: %s\n", c.Name, err)
				return problems
			}
			return fine
		}
	},
}
