package cli

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
)

// printing writes the effective configuration. Its output, loaded again, results in the same configuration, provided
// that secrets are shown. Without --show-secrets the output cannot be loaded as a whole, because *** is not a value of
// every secret key.
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
