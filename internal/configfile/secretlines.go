package configfile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/phrase"
)

// secretLines hides the lines of a parsed file that belong to secrets.
//
// How it works: each key with the name of a secret hides the lines from the key to the last line of its value, wherever the
// key is in the document, because a file can hold secrets of other programs. So do keys that the key table marks as secret
// and unknown keys below a secret one. The last line of a value is the one before the next node in document order, since the
// parser records where nodes begin, but not where they end. An alias in a secret value hides the lines of its anchor.
type secretLines struct {
	text  *Text
	root  *yaml.Node
	nodes []*yaml.Node        // in the order of the document
	end   map[*yaml.Node]int  // by node: index of the first node after it and its children
	seen  map[*yaml.Node]bool // anchors that are hidden
}

// newSecretLines hides each key with the name of a secret, anywhere in the document, together with its value.
func newSecretLines(text *Text, root *yaml.Node) *secretLines {
	s := &secretLines{text: text, root: root, end: map[*yaml.Node]int{}, seen: map[*yaml.Node]bool{}}
	s.named(root)
	return s
}

// list fills nodes and end. The nodes below an alias are not listed, because they are elsewhere in the document.
func (s *secretLines) list(n *yaml.Node) {
	s.nodes = append(s.nodes, n)
	for _, child := range n.Content {
		s.list(child)
	}
	s.end[n] = len(s.nodes)
}

// named hides secrets below n: keys by their names, and texts that contain an assignment to one, an @ of user
// information, or a secret part of a URL.
func (s *secretLines) named(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && (assigns(n.Value) || strings.Contains(n.Value, "@") || endpoint.RedactText(n.Value) != n.Value) {
		s.text.hide("", n.Line, s.lastLine(n))
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && s.text.table.IsSecret(resolve(n.Content[i-1]).Value) {
			s.hideKey(n.Content[i-1], child)
			continue
		}
		s.named(child)
	}
}

// hideKey hides the lines of a key, of its value, and of the anchors that the value refers to.
func (s *secretLines) hideKey(name, value *yaml.Node) {
	s.text.hide(phrase.Name(resolve(name).Value), name.Line, s.lastLine(value))
	s.hideAnchors(value)
}

// hideAnchors hides the anchors of the aliases in n, each once, because anchors can refer to each other.
func (s *secretLines) hideAnchors(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		if s.seen[n.Alias] {
			return
		}
		n = n.Alias
		s.seen[n] = true
		s.text.hide("", n.Line, s.lastLine(n))
	}
	for _, child := range n.Content {
		s.hideAnchors(child)
	}
}

// lastLine returns the last line that can hold a part of n: the one before the next node, or the line of that node if other
// text precedes it there.
//
// It can return a line too many, never one too few: a line that is hidden in vain costs an excerpt, a line that is
// shown can cost a password.
func (s *secretLines) lastLine(n *yaml.Node) int {
	if s.nodes == nil { // most files have no secret
		s.list(s.root)
	}
	end := s.end[n]
	if end == len(s.nodes) {
		return len(s.text.lines)
	}
	next := s.nodes[end]
	if next.Line <= n.Line {
		return n.Line
	}
	before := []rune(s.text.Line(next.Line))
	before = before[:min(len(before), max(0, next.Column-1))]
	if strings.Trim(string(before), " -?") == "" {
		return next.Line - 1
	}
	return next.Line
}
