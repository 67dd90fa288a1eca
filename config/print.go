package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// A row is one key of a printed configuration.
type row struct {
	path   string
	value  any // of a settings type, secrets masked
	remark string
}

// WriteYAML writes the effective configuration as the section tracing with canonical keys. Loading it gives the
// same configuration, except that secrets are *** unless showSecrets, and that the two things only variables of
// OpenTelemetry can say (a timeout without limit, a text cut to nothing) are comments.
func (c *Config) WriteYAML(w io.Writer, showSecrets bool) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	section := child(root, "tracing")
	var remarks strings.Builder
	for _, r := range c.rows(showSecrets) {
		if r.remark != "" {
			fmt.Fprintf(&remarks, "# %s: %s\n", r.path, r.remark)
			continue
		}
		at := section
		names := strings.Split(r.path, ".")
		for _, name := range names[:len(names)-1] {
			at = child(at, name)
		}
		at.Content = append(at.Content, textNode(names[len(names)-1]), valueNode(r.value))
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return err
	}
	b.WriteString(remarks.String())
	_, err := w.Write(b.Bytes())
	return err
}

// child returns the mapping called name within n, made if it is not there.
func child(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name && n.Content[i+1].Kind == yaml.MappingNode {
			return n.Content[i+1]
		}
	}
	inner := &yaml.Node{Kind: yaml.MappingNode}
	n.Content = append(n.Content, textNode(name), inner)
	return inner
}

// textNode is text that is read back as text, whatever it looks like.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// literal keeps ${ from being read as a variable.
func literal(text string) *yaml.Node { return textNode(strings.ReplaceAll(text, "${", "$${")) }

func valueNode(value any) *yaml.Node {
	switch v := value.(type) {
	case string:
		return literal(v)
	case time.Duration:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}
	case []string:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, item := range v {
			n.Content = append(n.Content, literal(item))
		}
		return n
	case settings.Pairs:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, p := range v {
			n.Content = append(n.Content, textNode(p.Name), literal(p.Value))
		}
		if len(v) == 0 {
			n.Style = yaml.FlowStyle
		}
		return n
	case float64:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatFloat(v, 'g', -1, 64)}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(value)}
}

// rows lists what there is to print, in order.
func (c *Config) rows(showSecrets bool) []row {
	var rows []row
	section := commonSchema.Section(c)
	for _, k := range commonSchema.Keys() {
		value, _ := get(section, k.Path)
		if !showSecrets {
			value = redactText(value)
			if c.origins != nil {
				value = withoutSecrets(value, c.origins.secrets)
			}
		}
		if r, ok := c.commonRow(k, value); ok {
			rows = append(rows, r)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Exporters)) {
		rows = append(rows, c.Exporters[name].rows(name, c.Timeout, showSecrets)...)
	}
	return rows
}

// redactText masks what endpoint.RedactText does, and values of pairs with the name of a secret.
func redactText(value any) any {
	switch v := value.(type) {
	case string:
		return endpoint.RedactText(v)
	case []string:
		shown := slices.Clone(v)
		for i := range shown {
			shown[i] = endpoint.RedactText(shown[i])
		}
		return shown
	case settings.Pairs:
		shown := slices.Clone(v)
		for i := range shown {
			shown[i] = maskedPair(shown[i], false)
		}
		return shown
	}
	return value
}

// commonRow leaves out what says nothing when it is at its default.
func (c *Config) commonRow(k settings.Key, value any) (row, bool) {
	r := row{path: k.Path, value: value}
	switch v := value.(type) {
	case string:
		return r, v != ""
	case []string:
		if k.Format == "propagators" && len(v) == 0 {
			r.value = []string{"none"}
			return r, true
		}
		return r, len(v) > 0
	case settings.Pairs:
		return r, len(v) > 0
	case time.Duration:
		if v < 0 {
			r.remark = "no limit"
		}
	case float64:
		ratio := c.Sampling.Sampler == "" || strings.HasSuffix(c.Sampling.Sampler, sampling.TraceIDRatio)
		return r, ratio || v != 0
	case int:
		if k.Format == "length" && v == 0 {
			r.remark = "0, cut to nothing"
		}
		return r, k.Format != "length" || v >= 0
	}
	return r, true
}

func (x Exporter) rows(name string, timeout time.Duration, showSecrets bool) []row {
	var rows []row
	if x.Timeout != timeout {
		r := row{path: name + ".timeout", value: x.Timeout}
		if x.Timeout < 0 {
			r.remark = "no limit"
		}
		rows = append(rows, r)
	}
	flat := map[string]any{}
	flatten(x.Settings, "", flat)
	for _, path := range slices.Sorted(maps.Keys(flat)) {
		value := flat[path]
		if !showSecrets {
			value = withoutSecrets(x.mask(path, value), x.values)
		}
		rows = append(rows, row{path: name + "." + path, value: value})
	}
	return rows
}

// mask takes secrets out of a value. A section that did not come from Load has no key table; there names decide.
func (x Exporter) mask(path string, value any) any {
	_, name := keytable.Split(path)
	hide := x.secrets[path] || x.secrets == nil && secret.Name(name)
	switch v := value.(type) {
	case settings.Pairs:
		hidden := make(settings.Pairs, len(v))
		for i, p := range v {
			hidden[i] = maskedPair(p, hide)
		}
		return hidden
	case string:
		if !hide {
			return endpoint.Redact(v)
		}
		if v == "" {
			return v
		}
	}
	if hide {
		return secret.Mask
	}
	return value
}

// String is the configuration as JSON on one line, secrets masked.
func (c Config) String() string {
	data, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Format writes String whatever the verb, so that %#v and a mistaken %d mask secrets too.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// WriteJSON writes what [Config.WriteYAML] does as JSON, which is YAML too; where that has comments, it is silent.
func (c *Config) WriteJSON(w io.Writer, showSecrets bool) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(c.section(showSecrets)); err != nil {
		return err
	}
	_, err := io.WriteString(w, escapeControls(b.String()))
	return err
}

// escapeControls writes what JSON takes as it is and YAML does not: DEL and the C1 controls.
func escapeControls(text string) string {
	if !strings.ContainsFunc(text, isC1) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isC1(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isC1(r rune) bool { return r >= 0x7f && r < 0xa0 }

// MarshalJSON is [Config.WriteJSON] with secrets masked.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.section(false)) }

func (c *Config) section(showSecrets bool) map[string]any {
	section := map[string]any{}
	for _, r := range c.rows(showSecrets) {
		if r.remark == "" {
			put(section, r.path, jsonValue(r))
		}
	}
	return map[string]any{"tracing": section}
}

func jsonValue(r row) any {
	switch v := r.value.(type) {
	case time.Duration:
		if v < 0 {
			return r.remark
		}
		return v.String()
	case string:
		return strings.ReplaceAll(v, "${", "$${") // as in a file
	case []string:
		list := make([]string, len(v))
		for i, text := range v {
			list[i] = strings.ReplaceAll(text, "${", "$${")
		}
		return list
	case settings.Pairs:
		m := v.Map()
		for name, text := range m {
			m[name] = strings.ReplaceAll(text, "${", "$${")
		}
		return m
	}
	return r.value
}

// String is the exporter's section as JSON, secrets masked.
func (x Exporter) String() string {
	section := map[string]any{}
	for _, r := range x.rows("settings", 0, false) {
		put(section, r.path, jsonValue(r))
	}
	data, err := json.Marshal(section)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Format writes String whatever the verb, so that %#v and a mistaken %d mask secrets too.
func (x Exporter) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, x.String()) }

// MarshalJSON is String.
func (x Exporter) MarshalJSON() ([]byte, error) { return []byte(x.String()), nil }
