package config

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/registry/settings"
)

// WriteYAML writes the effective configuration as the section tracing with canonical keys. Loading it gives the same
// configuration, except that secrets are *** unless showSecrets. Two values that only OTEL_* variables can set are comments:
// a timeout without limit, and a text length of 0.
//
// Numbers, durations and switches are printed at their defaults too, so that the text documents the values in force.
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

// child returns the mapping called name within n, and adds it if it is missing.
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

// textNode returns a node that is read back as text, whatever the text looks like.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// valueNode returns the node of a value. Texts are quoted where YAML would read another type; numbers and durations are
// plain.
func valueNode(value any) *yaml.Node {
	switch v := value.(type) {
	case string:
		return textNode(v)
	case time.Duration:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}
	case []string:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, item := range v {
			n.Content = append(n.Content, textNode(item))
		}
		return n
	case objects:
		return v.node()
	case settings.Pairs:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, p := range v {
			n.Content = append(n.Content, textNode(p.Name), textNode(p.Value))
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
