package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry"
)

// listing collects its output before it writes anything, so that --out never leaves a partial file after wrong usage. A
// file of --out is for go generate and must never be half written.
var listing = command{
	name: "exporters", args: "[--markdown] [--out file] [name]",
	doc: "prints the exporters; with a name, the keys, defaults and variables of that exporter",
	define: func(fs *pflag.FlagSet) func(inv *invocation) int {
		markdown := fs.Bool("markdown", false, "print all keys as a Markdown page")
		out := fs.String("out", "", "write to a file instead of standard output")
		return func(inv *invocation) int {
			var b strings.Builder
			code := exitOK
			switch {
			case len(inv.args) > 1:
				return inv.misused("exporters takes at most one name")
			case *markdown:
				writePage(&b)
			case len(inv.args) == 1:
				code = inv.exporter(&b, inv.args[0])
			default:
				list(&b)
			}
			if code != exitOK {
				return code
			}
			return inv.writeTo(*out, []byte(b.String()))
		}
	},
}

// list prints one line for each registered exporter, with its aliases. It does not load a configuration: the question
// is what this program can use, not what it uses.
func list(w io.Writer) {
	columns := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, name := range registry.Default().Names() {
		d, err := registry.Default().Describe(name)
		if err != nil {
			continue
		}
		aliases := ""
		if len(d.Aliases) > 0 {
			aliases = " (" + strings.Join(d.Aliases, ", ") + ")"
		}
		fmt.Fprintf(columns, "%s%s\t%s\n", d.Name, aliases, d.Doc)
	}
	_ = columns.Flush()
}

// exporter prints the description of an exporter and of each of its keys. The layout is for a reader and may change;
// the page of --markdown is the stable form.
func (inv *invocation) exporter(w io.Writer, name string) int {
	d, err := registry.Default().Describe(strings.ToLower(name))
	if err != nil {
		return inv.misused("unknown exporter %s%s", phrase.Quote(name), nearest(name, registry.Default().Names()))
	}
	fmt.Fprintf(w, "%s: %s\n", d.Name, d.Doc)
	for _, k := range config.Table(nil) {
		if k.Exporter != d.Name {
			continue
		}
		fmt.Fprintf(w, "\n%s (%s)\n  %s\n", k.Path, typeOf(k), k.Doc)
		for _, line := range [][2]string{
			{"default", defaultOf(k)}, {"alias", strings.Join(k.Aliases, ", ")},
			{"variables", strings.Join(append([]string{k.Env}, k.OTel...), ", ")}, {"flag", "--" + k.Flag},
		} {
			if line[1] != "" {
				fmt.Fprintf(w, "  %-10s %s\n", line[0], line[1])
			}
		}
	}
	return exitOK
}
