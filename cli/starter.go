package cli

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

// editorLine is the first line of a file whose exporter is one of spanroute.
const editorLine = "# yaml-language-server: $schema=https://raw.githubusercontent.com/spanroute/spanroute/main/config/schema.json\n"

// starterHead is the part of a starter file that all exporters share. %s is the type of the exporter.
const starterHead = `# The configuration of tracing. "spanroute validate FILE" checks it, and "spanroute send FILE" sends a trace.
# A line such as #name: value shows a setting, most often at its default: remove the # to set it.
tracing:
  exporter_type: %s

  # The name of the service, in all of its spans. The default is the name of the program.
  #service_name: orders

  # The share of new traces to keep, 0 to 1. The default is 0. A trace that a caller has sampled is kept.
  sample_rate: 1.0

  # Requests without spans: * stands for any characters except /, and /* at the end for everything below.
  excluded_paths: [/readyz, /livez, /healthz, /metrics]

  # Failed and slow requests are kept whatever the rate.
  #sampling: {keep: {errors: true, slower_than: 2s}}

  # The bound of one attempt to deliver spans, in seconds or with a unit.
  #timeout: 10s

`

// starter returns a commented file that selects an exporter. The keys of the exporter come from the key table, so that a
// plugin has a starter file, too. They are commented out at their defaults; a key without a default has no value, which
// means that it is not set.
func starter(d registry.Description) string {
	var b strings.Builder
	if slices.Contains(registry.BuiltIn(), d.Name) {
		b.WriteString(editorLine)
	}
	fmt.Fprintf(&b, starterHead, d.Name)
	if d.Doc != "" {
		fmt.Fprintf(&b, "  # %s: %s\n", d.Name, d.Doc)
	}
	fmt.Fprintf(&b, "  %s:\n", d.Name)
	keys := slices.DeleteFunc(config.Table(nil), func(k config.KeyInfo) bool { return k.Exporter != d.Name || k.Path == d.Name+".timeout" })
	writeKeys(&b, keys, d.Name+".", "    ")
	return b.String()
}

// writeKeys writes the keys of a section, which begin with prefix, and then the sections within.
func writeKeys(b *strings.Builder, keys []config.KeyInfo, prefix, indent string) {
	var sections []string
	for _, k := range keys {
		path, inside := strings.CutPrefix(k.Path, prefix)
		section, _, nested := strings.Cut(path, ".")
		switch {
		case inside && !nested:
			fmt.Fprintf(b, "%s# %s\n%s#%s\n", indent, k.Doc, indent, strings.TrimSpace(path+": "+yamlDefault(k)))
		case inside && !slices.Contains(sections, section):
			sections = append(sections, section)
		}
	}
	for _, section := range sections {
		fmt.Fprintf(b, "%s%s:\n", indent, section)
		writeKeys(b, keys, prefix+section+".", indent+"  ")
	}
}

// plainText matches texts that YAML reads as texts without quotes.
var plainText = regexp.MustCompile(`^[a-z][A-Za-z0-9_./-]*(:[A-Za-z0-9_./-]+)*$`)

// yamlDefault returns the default of a key as YAML has it, with the values of an enumeration in a comment, and "" for a key
// without a default.
func yamlDefault(k config.KeyInfo) string {
	value := defaultOf(k)
	switch d := k.Default.(type) {
	case string:
		if value != "" && (!plainText.MatchString(value) || isWord(value)) {
			value = jsonText(d)
		}
	case []string:
		if len(d) > 0 {
			value = jsonText(d)
		}
	}
	if len(k.Enum) > 0 {
		value += " # " + strings.Join(k.Enum, ", ")
	}
	return value
}

// isWord reports whether YAML or its older versions read a text as a bool or null.
func isWord(text string) bool {
	return slices.Contains([]string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}, text)
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a text, or a list of texts
	}
	return string(text)
}
