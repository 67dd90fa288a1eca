package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"

	"github.com/spanroute/spanroute/config"
)

var validate = command{
	name: "validate", args: "[--strict] [--format text|json] [file...]",
	doc: "prints all problems of a configuration",
	define: func(fs *flag.FlagSet) func(c *call) int {
		strict := fs.Bool("strict", false, "count warnings as problems")
		format := fs.String("format", "text", "text or json")
		return func(c *call) int {
			if *format != "text" && *format != "json" {
				return c.misused("--format is text or json, not %q", *format)
			}
			_, all := config.Check(c.sources(c.args))
			c.diagnosed(all, *format == "json")
			if len(all.Errors()) > 0 || *strict && len(all) > 0 {
				return problems
			}
			return fine
		}
	},
}

// diagnosed prints diagnostics: as text, with their number, to standard error; as JSON, which is for programs, to
// standard output.
func (c *call) diagnosed(all config.Diagnostics, asJSON bool) {
	if asJSON {
		if all == nil {
			all = config.Diagnostics{}
		}
		encoder := json.NewEncoder(c.stdout)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(all) // nobody is left to tell when standard output is gone
		return
	}
	_ = all.WriteText(c.stderr, c.color)
	if len(all) > 0 {
		fmt.Fprintln(c.stderr)
	}
	fmt.Fprintf(c.stderr, "%s, %s\n", plural(len(all.Errors()), "error"), plural(len(all.Warnings()), "warning"))
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// load returns the configuration, or prints why there is none to standard error.
func (c *call) load(files []string) *config.Config {
	cfg, all := config.Check(c.sources(files))
	if cfg == nil {
		_ = all.Errors().WriteText(c.stderr, c.color)
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
			if err := write(cfg, c.stdout, *secrets); err != nil {
				fmt.Fprintf(c.stderr, "spanroute: %s\n", err)
				return problems
			}
			return fine
		}
	},
}
