package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// writePage writes config/KEYS.md: every key with its type, default, variables and meaning. `spanroute exporters
// --markdown` prints the page, and go generate writes it. A test compares the file with the output, so that a new key
// cannot be undocumented.
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

// heading begins the section of an exporter, or of the keys that all exporters share.
func heading(w io.Writer, section string) {
	fmt.Fprintf(w, "\n## %s\n\n", section)
	if d, err := registry.Default().Describe(section); err == nil && d.Doc != "" {
		fmt.Fprintf(w, "%s\n\n", d.Doc)
	}
	fmt.Fprint(w, "| key | type | default | variables, the stronger first | meaning |\n|---|---|---|---|---|\n")
}

// variables returns the variables of a key in order of precedence.
func variables(k config.KeyInfo) string {
	names := append([]string{k.Env}, k.OTel...)
	return "`" + strings.Join(names, "`, `") + "`"
}

// meaning returns the documentation of a key with its deprecated names and its marks.
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

// cell escapes text for a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// typeOf returns the type of a key with its range, format or possible values. The values of an enumeration are enough,
// since the type of such a key follows from them.
func typeOf(k config.KeyInfo) string {
	switch {
	case len(k.Enum) > 0:
		return strings.Join(k.Enum, ", ")
	case k.Format == "pem":
		return "PEM file"
	case k.Format != "" && k.Type == settings.TypeString:
		return strings.ReplaceAll(k.Format, "_", " ")
	case k.Range != "":
		return string(k.Type) + " " + k.Range
	}
	return string(k.Type)
}

// defaultOf returns the default of a key in the syntax of a file, or "" if the key has no default. A zero outside the
// range of a key means that it has no default.
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
