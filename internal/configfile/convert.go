package configfile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// Coerced is the kind of the warning about a value that is written as another type: a quoted number, yes.
const Coerced settings.Kind = "coerced"

// A converter reads the values of one file.
//
// YAML resolves the type of a plain scalar by what it looks like, so that a version 1.10 becomes 1.1 and no becomes
// false. The converter takes the source text of a scalar instead and converts it by the type of its key. Texts that
// YAML would read as another type are accepted for text keys only in quotes, because an unquoted one is often meant for
// another key; lists and free-form maps follow the same rule for each item, but values of free-form maps may be
// anything, since headers and attributes are text in every case.
type converter struct {
	report   *report
	expander *expander
}

// convert reads the value of e from its node, by the type of e's key. It returns false if the node sets nothing or is
// invalid.
func (c *converter) convert(e *Entry, n *yaml.Node) bool {
	if fault := tagFault(n); fault != nil {
		return c.refused(e, fault)
	}
	switch {
	case n.Kind == yaml.ScalarNode:
		return c.scalar(e, n)
	case n.Kind == yaml.SequenceNode && e.Key.Type == settings.TypeList:
		return c.list(e, n)
	case n.Kind == yaml.SequenceNode && e.Key.Type == settings.TypeObjects:
		return c.objects(e, n)
	case n.Kind == yaml.SequenceNode && e.Key.Type == settings.TypeMap:
		return c.pairs(e, n)
	case n.Kind == yaml.MappingNode && e.Key.Type == settings.TypeMap:
		return c.mapping(e, n)
	}
	fault := settings.Errorf(settings.ErrWrongType, "%s is not %s", nodeKind(n), wantedType(e.Key))
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Kind == yaml.MappingNode {
		fault = fault.WithHint("render the template {{ }} before the file is read")
	}
	return c.refused(e, fault)
}

// refused reports err about the value of e. It returns false, as the reading functions do for a value that is not used.
func (c *converter) refused(e *Entry, err error) bool {
	c.report.refuse(e, e.At, err)
	return false
}

// wantedType names the type of a key in messages. A key with an enumeration has no list of its values here: the value
// is of another shape, so that none of them was meant.
func wantedType(k *keytable.Key) string {
	switch k.Type {
	case settings.TypeInt:
		return "a whole number"
	case settings.TypeFloat:
		return "a number"
	case settings.TypeBool:
		return "true or false"
	case settings.TypeString:
		return "text"
	case settings.TypeList:
		return "a list, want texts or one text with commas"
	case settings.TypeObjects:
		return "a list of maps"
	}
	return "a " + string(k.Type)
}

// scalar reads a scalar with its variables put in.
func (c *converter) scalar(e *Entry, n *yaml.Node) bool {
	text, quoted, ok := c.expander.expand(e, n, &e.At)
	if !ok {
		return false
	}
	value, coerced, err := c.fromScalar(e, text, quoted)
	if err != nil {
		return c.refused(e, e.Key.AddHint(text, err))
	}
	if value == nil {
		return false
	}
	e.Value = value
	if coerced != "" {
		c.report.warn(Coerced, e, e.At, coerced, "")
	}
	return true
}

// fromScalar converts the text of a scalar by the type of its key. A value from a secret-looking variable is a secret,
// whatever key it is for.
func (c *converter) fromScalar(e *Entry, text string, quoted bool) (value any, coerced string, err error) {
	k := e.Key.Key
	k.Secret = k.Secret || e.At.Via != "" && secret.Name(e.At.Via)
	if e.Key.Patterns() && (quoted || !plainScalar(text)) {
		items, empty, err := keytable.SplitPatterns(text)
		if err != nil {
			return nil, "", err
		}
		c.emptyItems(e, empty)
		return items, "", nil
	}
	if k.Type == settings.TypeList {
		_, empty := schema.SplitList(text)
		c.emptyItems(e, empty)
	}
	return schema.FromYAML(k, text, quoted)
}

// plainScalar reports whether YAML reads unquoted text as another type than text.
func plainScalar(text string) bool {
	_, _, err := schema.FromYAML(settings.Key{Type: settings.TypeString}, text, false)
	return err != nil
}

// emptyItems warns about empty items of a text, which its commas make.
func (c *converter) emptyItems(e *Entry, empty int) {
	if empty > 0 {
		c.report.warn(settings.Ignored, e, e.At, "empty list item", "remove the comma")
	}
}

// list reads a sequence of texts. All items are read, so that each wrong one is reported. e.Items has the places of
// those that are used, in their order.
func (c *converter) list(e *Entry, n *yaml.Node) bool {
	items, ok := []string{}, true
	for _, child := range n.Content {
		item := resolve(child)
		at := c.report.at(item)
		text, good := c.listItem(e, item, &at)
		if !good {
			ok = false
			continue
		}
		if text = strings.TrimSpace(text); text == "" {
			c.report.warn(settings.Ignored, e, at, "empty list item", "remove it")
			continue
		}
		items = append(items, text)
		e.Items = append(e.Items, at)
	}
	if !ok {
		return false
	}
	value, _, err := schema.FromValue(e.Key.Key, items)
	if err != nil {
		return c.refused(e, err)
	}
	e.Value = value
	return true
}

// listItem returns one item of a list. It must be text, not something that YAML reads as another type.
func (c *converter) listItem(e *Entry, item *yaml.Node, at *Place) (string, bool) {
	fault := tagFault(item)
	switch {
	case fault != nil:
	case item.Kind != yaml.ScalarNode:
		fault = settings.Errorf(settings.ErrWrongType, "%s is not text", nodeKind(item))
	case isNull(item):
		fault = settings.Errorf(settings.ErrWrongType, "an item is null").WithHint("remove it")
	default:
		text, quoted, ok := c.expander.expand(e, item, at)
		if !ok {
			return "", false
		}
		if quoted || !plainScalar(text) {
			return text, true
		}
		if e.Key.Secret {
			text = "an item"
		}
		fault = settings.Errorf(settings.ErrWrongType, "%s is not text", text).WithHint("quote it")
	}

	c.report.refuse(e, *at, fault)
	return "", false
}

// mapping reads a free-form map. The value of a pair is the scalar's source text.
func (c *converter) mapping(e *Entry, n *yaml.Node) bool {
	pairs := newPairReader(c.report, c.expander, e)
	if at, fault := mergeFault(n); fault != nil {
		pairs.refuse(c.report.at(at), fault)
	}
	for _, m := range members(n) {
		pairs.read(resolve(m.name).Value, resolve(m.value), c.report.at(m.name))
	}
	return pairs.done()
}

// pairs reads a free-form map that is written as a list of two-item lists. This form can hold a name twice and keeps an
// order, which a map cannot.
func (c *converter) pairs(e *Entry, n *yaml.Node) bool {
	pairs := newPairReader(c.report, c.expander, e)
	for _, child := range n.Content {
		item := resolve(child)
		at := c.report.at(item)
		if item.Kind != yaml.SequenceNode || len(item.Content) != 2 || resolve(item.Content[0]).Kind != yaml.ScalarNode {
			pairs.refuse(at, settings.Errorf(pairKind(e.Key), "an item is not a pair, want [name, value]"))
			continue
		}
		pairs.read(resolve(item.Content[0]).Value, resolve(item.Content[1]), at)
	}
	return pairs.done()
}

// pairKind returns the kind of a malformed pair. A program that tests for the kind of a header finds all mistakes in
// headers under one.
func pairKind(k *keytable.Key) settings.Kind {
	if k.Headers() {
		return settings.ErrHeader
	}
	return settings.ErrWrongType
}
