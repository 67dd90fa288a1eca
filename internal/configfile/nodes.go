package configfile

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/registry/settings"
)

// resolve follows an alias to its anchor. The tree has been checked, so that this ends. Every function that looks at
// the content of a node calls it first. Positions are those of the node that is written at the place, so that a problem
// points to the alias.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// nodeWidth returns how many runes of n's first line to underline.
//
// The parser records where a node begins, but not where it ends, so that the width of an escaped text is a guess.
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

// isQuoted reports whether a scalar is text whatever it looks like.
func isQuoted(n *yaml.Node) bool {
	return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// isNull reports whether n means "not set".
//
// Null means that the file does not set the key. BentoML's default configuration lists every key with the value null.
func isNull(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || isQuoted(n) {
		return false
	}
	return nullText(n.Value) && (n.Style&yaml.TaggedStyle == 0 || n.ShortTag() == "!!null")
}

// nullText reports whether YAML reads unquoted text as null.
func nullText(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// tagFault returns a fault for a tag other than the standard ones, such as !foo or !!binary.
func tagFault(n *yaml.Node) *settings.Fault {
	if n.Style&yaml.TaggedStyle == 0 {
		return nil
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!seq", "!!map":
		return nil
	default:
		return settings.Errorf(settings.ErrWrongType, "unknown tag").WithHint("remove it")
	}
}

// A member is one key of a mapping with its value, merge keys resolved.
//
// Merge keys are resolved here, because the parser does so only when it decodes into Go values.
type member struct {
	name, value *yaml.Node
	via         *yaml.Node // the alias that it comes from, nil for a key of the mapping itself
}

// members returns the keys of a mapping in order. The keys of a merge (<<) come last, without those that the mapping has
// itself.
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

// mergeFault returns a merge key (<<) of n whose value is not a map, nil if n has no such key.
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
				return source, settings.Errorf(settings.ErrWrongType, "<< is %s, want a map or a list of maps", nodeKind(source))
			}
		}
	}
	return nil, nil
}

// mergedMembers returns the keys that << brings in from one map or a list of maps. Each remembers the alias that it
// comes from, because a diagnostic has to name both places.
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

// nodeKind names a node in messages: "a map", "a list", "text", "nothing". It never quotes, since the node can be the
// value of a secret at the wrong place. The words are those of an operator, who does not know YAML's "mapping" and
// "sequence".
func nodeKind(n *yaml.Node) string {
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
