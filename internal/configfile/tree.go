package configfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// checkTree walks all nodes once for each way that leads to them.
//
// The parser does not follow aliases, so that a small file can describe a huge tree, and it accepts duplicate keys in
// nodes. Both are checked before anything else looks at the tree.
func checkTree(root *yaml.Node, t *keytable.Table) *fileFault {
	c := treeCheck{table: t, nodes: maxNodes, text: maxTextBytes}
	return c.node(root, 1, false)
}

// A treeCheck holds the budget for the rest of the tree. Nodes and bytes are counted down over the whole document, so
// that many small aliases cost as much as one large.
type treeCheck struct {
	table *keytable.Table
	nodes int
	text  int // bytes of scalars
}

// node checks n and the nodes below it. hidden is true below a key that is the name of a secret.
func (c *treeCheck) node(n *yaml.Node, depth int, hidden bool) *fileFault {
	if c.nodes--; c.nodes < 0 {
		return nodeFault(n, settings.Errorf(settings.ErrTooDeep, "more than %d values, aliases counted each time", maxNodes))
	}
	if n.Kind == yaml.ScalarNode {
		if c.text -= len(n.Value); c.text < 0 {
			return nodeFault(n, settings.Errorf(settings.ErrTooLarge, "more than %d bytes of text, aliases counted each time", maxTextBytes))
		}
	}
	if depth > maxDepth {
		return nodeFault(n, settings.Errorf(settings.ErrTooDeep, "nested deeper than %d", maxDepth))
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
		below := hidden || n.Kind == yaml.MappingNode && i%2 == 1 && c.table.IsSecret(resolve(n.Content[i-1]).Value)
		if fault := c.node(child, depth+1, below); fault != nil {
			return fault
		}
	}
	return nil
}

// checkDuplicates does not name a key that can be a value: below a secret, without a value of its own, or not a name.
// YAML does not allow duplicates, but parsers accept them and disagree on which one counts.
func checkDuplicates(n *yaml.Node, hidden bool) *fileFault {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := resolve(n.Content[i])
		if name.Kind != yaml.ScalarNode {
			continue
		}
		if first, twice := seen[name.Value]; twice {
			at, what := n.Content[i], "key"
			if !hidden && !isNull(n.Content[i+1]) && phrase.Name(name.Value) == name.Value {
				what = "key " + phrase.Quote(name.Value)
			}
			fault := nodeFault(at, settings.Errorf(settings.ErrDuplicateKey, "duplicate %s (first at line %d)", what, first.Line).WithHint("remove one"))
			fault.related = []*yaml.Node{first}
			return fault
		}
		seen[name.Value] = n.Content[i]
	}
	return nil
}
