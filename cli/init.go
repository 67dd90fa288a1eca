package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/registry"
)

// starting never changes a file that exists: a starter file over a configuration would be a loss that nothing reports.
var starting = command{
	name: "init", args: "[--out file] <exporter>",
	doc: "prints a commented file to start with, for an exporter: otlp, jaeger, zipkin, console or a plugin",
	define: func(flags *pflag.FlagSet) func(inv *invocation) int {
		out := flags.StringP("out", "o", "", "write to a new file instead of standard output")
		return func(inv *invocation) int {
			if len(inv.args) != 1 {
				return inv.misused("init takes the name of one exporter (available: %s)", strings.Join(registry.Default().Names(), ", "))
			}
			d, err := registry.Default().Describe(inv.args[0])
			if err != nil {
				return inv.misused("%s", err) // with the nearest name
			}
			return inv.writeNew(*out, starter(d))
		}
	},
}

// writeNew is writeTo for a file that does not exist.
func (inv *invocation) writeNew(name, text string) int {
	if name == "" {
		return inv.writeTo("", []byte(text))
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		_, err = file.WriteString(text)
		err = errors.Join(err, file.Close())
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		fmt.Fprintf(inv.Stderr, "%s: %s exists; name a new file\n", inv.Name, name)
		return exitProblems
	case err != nil:
		fmt.Fprintf(inv.Stderr, "%s: %s\n", inv.Name, err)
		return exitProblems
	}
	return exitOK
}
