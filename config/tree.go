package config

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// checkTree walks all nodes once for each way that leads to them.
func checkTree(root *yaml.Node, t *table) *yamlFault {
	c := treeCheck{table: t, nodes: maxNodes, text: maxTextBytes}
	return c.node(root, 1, false)
}

// A treeCheck holds what the rest of the tree may have.
type treeCheck struct {
	table *table
	nodes int
	text  int // bytes of scalars
}

// node checks n and what is below it. hidden is true below a key that is the name of a secret.
func (c *treeCheck) node(n *yaml.Node, depth int, hidden bool) *yamlFault {
	if c.nodes--; c.nodes < 0 {
		return nodeFault(n, settings.Errorf(ErrTooDeep, "more than %d values, aliases counted each time", maxNodes))
	}
	if n.Kind == yaml.ScalarNode {
		if c.text -= len(n.Value); c.text < 0 {
			return nodeFault(n, settings.Errorf(ErrTooLarge, "more than %d bytes of text, aliases counted each time", maxTextBytes))
		}
	}
	if depth > maxDepth {
		return nodeFault(n, settings.Errorf(ErrTooDeep, "nested deeper than %d", maxDepth))
	}
	if n.Kind == yaml.AliasNode {
		return c.node(n.Alias, depth, hidden)
	}
	if n.Kind == yaml.MappingNode {
		if fault := checkDuplicates(n, hidden); fault != nil {
			return fault
		}
	}
	for i, child := range n.Content {
		below := hidden || n.Kind == yaml.MappingNode && i%2 == 1 && c.table.isSecret(resolve(n.Content[i-1]).Value)
		if fault := c.node(child, depth+1, below); fault != nil {
			return fault
		}
	}
	return nil
}

// checkDuplicates does not name a key that can be a value: below a secret, without a value of its own, or not a name.
func checkDuplicates(n *yaml.Node, hidden bool) *yamlFault {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := resolve(n.Content[i])
		if name.Kind != yaml.ScalarNode {
			continue
		}
		if first, twice := seen[name.Value]; twice {
			at, what := n.Content[i], "a key"
			if !hidden && !isNull(n.Content[i+1]) && phrase.Name(name.Value) == name.Value {
				what = phrase.Quote(name.Value)
			}
			fault := nodeFault(at, settings.Errorf(ErrDuplicateKey, "%s is there twice, first at line %d", what, first.Line).WithHint("keep one"))
			fault.related = []*yaml.Node{first}
			return fault
		}
		seen[name.Value] = n.Content[i]
	}
	return nil
}

func nodeFault(n *yaml.Node, f *settings.Fault) *yamlFault {
	return faultAt(n.Line, n.Column, nodeWidth(n), f)
}

// resolve follows an alias to its anchor. The tree has been checked, so that this ends.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// nodeWidth is how many runes of n's first line to underline.
func nodeWidth(n *yaml.Node) int {
	switch {
	case n.Kind == yaml.AliasNode:
		return utf8.RuneCountInString(n.Value) + 1
	case n.Kind != yaml.ScalarNode:
		return 1
	}
	first, _, _ := strings.Cut(n.Value, "\n")
	width := utf8.RuneCountInString(first)
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		width += 2
	}
	return max(width, 1)
}

// isNull reports whether n says "not set".
func isNull(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return false
	}
	return nullText(n.Value) && (n.Style&yaml.TaggedStyle == 0 || n.ShortTag() == "!!null")
}

func nullText(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// tagFault reports a tag that the section does not take, such as !foo or !!binary.
func tagFault(n *yaml.Node) *settings.Fault {
	if n.Style&yaml.TaggedStyle == 0 {
		return nil
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!seq", "!!map":
		return nil
	default:
		return settings.Errorf(ErrWrongType, "the tag is not known here").WithHint("remove it")
	}
}

// A member is one key of a mapping with its value, merge keys resolved.
type member struct {
	name, value *yaml.Node
	via         *yaml.Node // the alias that brought it, nil if none
}

// members returns the keys of a mapping in order; those that << brings in come last and only if the mapping does
// not have them itself.
func members(n *yaml.Node) []member {
	var own, merged []member
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind == yaml.ScalarNode && name.Value == "<<" && name.Tag == "!!merge" {
			merged = append(merged, mergedMembers(value)...)
			continue
		}
		own = append(own, member{name: name, value: value})
	}
	if merged == nil {
		return own
	}
	seen := make(map[string]bool, len(own)+len(merged))
	for _, m := range own {
		seen[resolve(m.name).Value] = true
	}
	for _, m := range merged {
		if name := resolve(m.name).Value; !seen[name] {
			seen[name] = true
			own = append(own, m)
		}
	}
	return own
}

// mergeFault is a << of n that brings in nothing because its value is no map, nil if there is none.
func mergeFault(n *yaml.Node) (at *yaml.Node, fault *settings.Fault) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], resolve(n.Content[i+1])
		if name.Tag != "!!merge" || isNull(value) {
			continue
		}
		sources := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			sources = value.Content
		}
		for _, source := range sources {
			if source = resolve(source); source.Kind != yaml.MappingNode {
				return source, settings.Errorf(ErrWrongType, "<< is %s, want a map or a list of maps", describe(source))
			}
		}
	}
	return nil, nil
}

func mergedMembers(value *yaml.Node) []member {
	target := resolve(value)
	var out []member
	switch target.Kind {
	case yaml.MappingNode:
		out = members(target)
	case yaml.SequenceNode:
		for _, item := range target.Content {
			out = append(out, mergedMembers(item)...)
		}
	}
	if value.Kind == yaml.AliasNode {
		for i := range out {
			if out[i].via == nil {
				out[i].via = value
			}
		}
	}
	return out
}

// describe names a node in messages: "a map", "a list", "text", "nothing". It never quotes, since the node can be the
// value of a secret at the wrong place.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	if isNull(n) {
		return "nothing"
	}
	return "text"
}
