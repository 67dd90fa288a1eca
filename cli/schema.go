package cli

import (
	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
)

// schema needs no configuration: the schema describes what a file can have, in this program.
var schema = command{
	name: "schema", args: "[--out file]",
	doc: "prints the JSON Schema of the file, for editors, with the exporters of this program",
	define: func(fs *pflag.FlagSet) func(inv *invocation) int {
		out := fs.String("out", "", "write to a file instead of standard output")
		return func(inv *invocation) int {
			if len(inv.args) > 0 {
				return inv.misused("schema takes no arguments")
			}
			return inv.writeTo(*out, config.Schema(config.Sources{}))
		}
	},
}
