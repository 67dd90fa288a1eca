package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

// writePage writes KEYS.md: every key with its type, default, names and meaning.
func writePage(w io.Writer) {
	fmt.Fprint(w, `# Keys

Made from the struct tags by `+"`go generate ./cmd/spanroute`"+`; do not edit. Paths are from the section `+"`tracing`"+`. Each key also has
the flag `+"`--tracing.<key>`"+` with - for _. **hot**: a reload applies it; **secret**: never printed.
`)
	section := "common keys"
	table := config.Table(nil)
	for i, k := range table {
		if i == 0 || k.Exporter != table[i-1].Exporter {
			if k.Exporter != "" {
				section = k.Exporter
			}
			heading(w, section)
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", k.Path, cell(typeOf(k)), cell(defaultOf(k)), variables(k), cell(meaning(k)))
	}
}

func heading(w io.Writer, section string) {
	fmt.Fprintf(w, "\n## %s\n\n", section)
	if d, err := registry.Default().Describe(section); err == nil && d.Doc != "" {
		fmt.Fprintf(w, "%s\n\n", d.Doc)
	}
	fmt.Fprint(w, "| key | type | default | variables, the stronger first | meaning |\n|---|---|---|---|---|\n")
}

func variables(k config.KeyInfo) string {
	names := append([]string{k.Env}, k.OTel...)
	return "`" + strings.Join(names, "`, `") + "`"
}

func meaning(k config.KeyInfo) string {
	text := k.Doc
	if len(k.Aliases) > 0 {
		text += "; deprecated name: " + strings.Join(k.Aliases, ", ")
	}
	if k.Secret {
		text += "; **secret**"
	}
	if k.Hot {
		text += "; **hot**"
	}
	return text
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
