package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
)

// validate is the only command that prints warnings, and that succeeds or fails by the diagnostics alone.
var validate = command{
	name: "validate", args: "[--strict] [--format text|json] [file...]",
	doc: "prints all problems of a configuration and what a service with it does",
	define: func(fs *pflag.FlagSet) func(inv *invocation) int {
		strict := fs.Bool("strict", false, "treat warnings as problems")
		format := fs.String("format", "text", "text or json")
		return func(inv *invocation) int {
			if *format != "text" && *format != "json" {
				return inv.misused("--format must be text or json, not %q", *format)
			}
			cfg, all := config.Diagnose(inv.sources(inv.args))
			inv.printDiagnostics(cfg, all, *format == "json")
			if len(all.Errors()) > 0 || *strict && len(all) > 0 {
				return exitProblems
			}
			return exitOK
		}
	},
}

// printDiagnostics prints diagnostics: as text, with their number and the summary of cfg, to standard error; as JSON to
// standard output. cfg is nil if there are errors. JSON is an array of diagnostics in both cases, empty without
// problems, so that a program reads one form.
func (inv *invocation) printDiagnostics(cfg *config.Config, all config.Diagnostics, asJSON bool) {
	if asJSON {
		if all == nil {
			all = config.Diagnostics{}
		}
		encoder := json.NewEncoder(inv.Stdout)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(all) // a closed standard output cannot be reported anywhere
		return
	}
	_ = all.WriteText(inv.Stderr, inv.Color)
	if len(all) > 0 {
		fmt.Fprintln(inv.Stderr)
	}
	fmt.Fprintf(inv.Stderr, "%s, %s\n", plural(len(all.Errors()), "error"), plural(len(all.Warnings()), "warning"))
	inv.explainPlugins(all)
	if cfg != nil {
		fmt.Fprintln(inv.Stderr, summary(cfg))
	}
}
