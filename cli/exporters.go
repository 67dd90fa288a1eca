package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

var listing = command{
	name: "exporters", args: "[--markdown] [--out file] [name]",
	doc: "prints the exporters; with a name its keys, defaults, variables and what they do",
	define: func(fs *flag.FlagSet) func(c *call) int {
		markdown := fs.Bool("markdown", false, "all keys as a page")
		out := fs.String("out", "", "write to a file instead of standard output")
		return func(c *call) int {
			var b strings.Builder
			code := fine
			switch {
			case len(c.args) > 1:
				return c.misused("exporters takes one name")
			case *markdown:
				writePage(&b)
			case len(c.args) == 1:
				code = c.exporter(&b, c.args[0])
			default:
				list(&b)
			}
			if *out == "" {
				_, _ = io.WriteString(c.Stdout, b.String())
			} else if err := os.WriteFile(*out, []byte(b.String()), 0o644); err != nil {
				fmt.Fprintf(c.Stderr, "%s: %s\n", c.Name, err)
				return problems
			}
			return code
		}
	},
}

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

func (c *call) exporter(w io.Writer, name string) int {
	d, err := registry.Default().Describe(strings.ToLower(name))
	if err != nil {
		return c.misused("unknown exporter %s%s", phrase.Quote(name), nearest(name, registry.Default().Names()))
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
	return fine
}

// typeOf is a key's type with its range or values.
func typeOf(k config.KeyInfo) string {
	switch {
	case len(k.Enum) > 0:
		return strings.Join(k.Enum, ", ")
	case k.Format == "pem":
		return "PEM file"
	case k.Format != "" && k.Type == settings.TypeString:
		return k.Format
	case k.Range != "":
		return string(k.Type) + " " + k.Range
	}
	return string(k.Type)
}

// defaultOf is a key's default as a file would say it, "" if unset.
func defaultOf(k config.KeyInfo) string {
	switch v := k.Default.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(v, ",")
	case settings.Pairs:
		return ""
	case int:
		if k.Format == "length" && v < 0 {
			return "no limit"
		}
		if v == 0 && strings.HasPrefix(k.Range, "1..") {
			return ""
		}
	case time.Duration:
		if v == 0 {
			return ""
		}
	}
	return fmt.Sprint(k.Default)
}

func nearest(name string, names []string) string {
	if hint := phrase.DidYouMean(name, names); hint != "" {
		return "; " + hint
	}
	return ""
}
