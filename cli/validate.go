package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
)

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
			cfg, all := config.Check(inv.sources(inv.args))
			inv.printDiagnostics(cfg, all, *format == "json")
			if len(all.Errors()) > 0 || *strict && len(all) > 0 {
				return exitProblems
			}
			return exitOK
		}
	},
}

// printDiagnostics prints diagnostics: as text, with their number and the summary of cfg, to standard error; as JSON to
// standard output. cfg is nil if there are errors.
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

// explainPlugins explains how to link a plugin if the configuration selects an unknown exporter and the diagnostic does
// not suggest a similar name. Such an exporter is probably a plugin.
func (inv *invocation) explainPlugins(all config.Diagnostics) {
	for _, d := range all {
		name := d.Key[strings.LastIndexByte(d.Key, '.')+1:]
		if d.Kind != config.ErrUnknownValue || name != "exporter_type" && name != "type" || !strings.HasPrefix(d.Hint, "there are ") {
			continue
		}
		fmt.Fprintf(inv.Stderr, "the exporter of a plugin must be linked in: write a program that imports the plugin and calls cli.Main "+
			"of github.com/spanroute/spanroute/cli, and run it instead of %s\n", inv.Name)
		return
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// load returns the configuration. If it has errors, load prints them to standard error and returns nil.
func (inv *invocation) load(files []string) *config.Config {
	cfg, all := config.Check(inv.sources(files))
	if cfg == nil {
		_ = all.Errors().WriteText(inv.Stderr, inv.Color)
		inv.explainPlugins(all)
	}
	return cfg
}

var printing = command{
	name: "print", args: "[--show-secrets] [--format yaml|json] [file...]",
	doc: "prints the effective configuration in a form that can be loaded again",
	define: func(fs *pflag.FlagSet) func(inv *invocation) int {
		secrets := fs.Bool("show-secrets", false, "print secrets instead of ***")
		format := fs.String("format", "yaml", "yaml or json")
		return func(inv *invocation) int {
			writers := map[string]func(*config.Config, io.Writer, bool) error{"yaml": (*config.Config).WriteYAML, "json": (*config.Config).WriteJSON}
			write, ok := writers[*format]
			if !ok {
				return inv.misused("--format must be yaml or json, not %q", *format)
			}
			cfg := inv.load(inv.args)
			if cfg == nil {
				return exitProblems
			}
			if err := write(cfg, inv.Stdout, *secrets); err != nil {
				fmt.Fprintf(inv.Stderr, "%s: %s\n", inv.Name, err)
				return exitProblems
			}
			return exitOK
		}
	},
}
