package config

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// convert reads the node of e's value by the type of e's key; false if it sets nothing or is wrong.
func (p *fileParser) convert(e *entry, n *yaml.Node) bool {
	if fault := tagFault(n); fault != nil {
		return p.refused(e, fault)
	}
	switch {
	case n.Kind == yaml.ScalarNode:
		return p.scalar(e, n)
	case n.Kind == yaml.SequenceNode && e.key.Type == settings.TypeList:
		return p.list(e, n)
	case n.Kind == yaml.SequenceNode && e.key.Type == settings.TypeMap:
		return p.pairs(e, n)
	case n.Kind == yaml.MappingNode && e.key.Type == settings.TypeMap:
		return p.mapping(e, n)
	}
	fault := settings.Errorf(ErrWrongType, "%s is not %s", describe(n), typeWords(e.key))
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Kind == yaml.MappingNode {
		fault = fault.WithHint("a template {{ }} is not filled in, render the file before it is read")
	}
	return p.refused(e, fault)
}

func (p *fileParser) refused(e *entry, err error) bool {
	p.found = true
	p.refuse(e, e.source, err)
	return false
}

func typeWords(k *key) string {
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
	}
	return "a " + string(k.Type)
}

// scalar reads a scalar with its variables put in.
func (p *fileParser) scalar(e *entry, n *yaml.Node) bool {
	text, quoted, ok := p.expand(e, n, &e.source)
	if !ok {
		return false
	}
	value, coerced, err := p.fromScalar(e, text, quoted)
	if err != nil {
		return p.refused(e, footnote(e, text, err))
	}
	if value == nil {
		return false
	}
	e.value = value
	if coerced != "" {
		p.warn(WarnCoerced, e, e.source, coerced, "")
	}
	return true
}

func (p *fileParser) fromScalar(e *entry, text string, quoted bool) (value any, coerced string, err error) {
	k := e.key.Key
	k.Secret = k.Secret || e.source.Via != "" && secret.Name(e.source.Via)
	if e.key.path == "excluded_urls" && (quoted || !plainScalar(text)) {
		items, err := p.splitPatterns(e, text)
		return items, "", err
	}
	if k.Type == settings.TypeList {
		p.emptyItems(e, text)
	}
	return schema.FromYAML(k, text, quoted)
}

// plainScalar reports whether YAML takes unquoted text for something else than text.
func plainScalar(text string) bool {
	_, _, err := schema.FromYAML(settings.Key{Type: settings.TypeString}, text, false)
	return err != nil
}

// splitPatterns is the text form of excluded_urls.
func (l *loader) splitPatterns(e *entry, text string) (any, error) {
	items, empty, err := policy.SplitItems(text)
	if err != nil {
		return nil, err
	}
	l.dropped(e, e.source, empty)
	return append([]string{}, items...), nil
}

// emptyItems warns about items of a text that nothing stands for.
func (l *loader) emptyItems(e *entry, text string) {
	if _, empty := schema.SplitList(text); empty > 0 {
		l.dropped(e, e.source, empty)
	}
}

// dropped warns about empty items of a text, which its commas make.
func (l *loader) dropped(e *entry, at Source, empty int) {
	if empty > 0 {
		l.warn(WarnIgnored, e, at, "an empty item", "remove the comma")
	}
}

// list reads a sequence of texts.
func (p *fileParser) list(e *entry, n *yaml.Node) bool {
	items, ok := []string{}, true
	for _, child := range n.Content {
		item := resolve(child)
		at := p.at(item)
		text, good := p.text1(e, item, &at)
		if !good {
			ok = false
			continue
		}
		if text = strings.TrimSpace(text); text == "" {
			p.warn(WarnIgnored, e, at, "an empty item", "remove it")
			continue
		}
		items = append(items, text)
		e.items = append(e.items, at)
	}
	if !ok {
		return false
	}
	value, _, err := schema.FromValue(e.key.Key, items)
	if err != nil {
		return p.refused(e, err)
	}
	e.value = value
	return true
}

// text1 is one item of a list: text, and nothing that YAML reads as something else.
func (p *fileParser) text1(e *entry, item *yaml.Node, at *Source) (string, bool) {
	fault := tagFault(item)
	switch {
	case fault != nil:
	case item.Kind != yaml.ScalarNode:
		fault = settings.Errorf(ErrWrongType, "%s is not text", describe(item))
	case isNull(item):
		fault = settings.Errorf(ErrWrongType, "an item is null").WithHint("remove it")
	default:
		text, quoted, ok := p.expand(e, item, at)
		if !ok {
			return "", false
		}
		if quoted || !plainScalar(text) {
			return text, true
		}
		if e.key.Secret {
			text = "an item"
		}
		fault = settings.Errorf(ErrWrongType, "%s is not text", text).WithHint("quote it")
	}
	p.found = true
	p.refuse(e, *at, fault)
	return "", false
}

// mapping reads a free-form map. A value is the scalar's source text.
func (p *fileParser) mapping(e *entry, n *yaml.Node) bool {
	pairs, ok := settings.Pairs{}, true
	if at, fault := mergeFault(n); fault != nil {
		p.found, ok = true, false
		p.refuse(e, p.at(at), fault)
	}
	for _, m := range members(n) {
		name, value := resolve(m.name), resolve(m.value)
		at := p.at(m.name)
		text, good := p.plainText(e, name.Value, value, at)
		if !good {
			ok = false
			continue
		}
		pairs = append(pairs, settings.Pair{Name: name.Value, Value: text})
		e.items = append(e.items, at)
	}
	e.value = pairs
	return ok
}

// plainText is the value of one pair.
func (p *fileParser) plainText(e *entry, name string, value *yaml.Node, at Source) (string, bool) {
	fault := tagFault(value)
	switch {
	case fault != nil:
	case value.Kind != yaml.ScalarNode:
		fault = settings.Errorf(ErrWrongType, "the value of %s is %s, want text", phrase.Quote(name), describe(value))
	case isNull(value):
		fault = settings.Errorf(ErrWrongType, "%s has no value", phrase.Quote(name)).WithHint(`write "" for an empty one`)
		if e.key.Secret { // the name alone can be a value: {token}
			fault.Message = "a name has no value"
		}
	default:
		place := p.at(value)
		text, _, ok := p.expand(e, value, &place)
		return text, ok
	}
	p.found = true
	p.refuse(e, at, fault)
	return "", false
}

// pairs reads a list of two-item lists.
func (p *fileParser) pairs(e *entry, n *yaml.Node) bool {
	pairs, ok := settings.Pairs{}, true
	for _, child := range n.Content {
		item := resolve(child)
		at := p.at(item)
		if item.Kind != yaml.SequenceNode || len(item.Content) != 2 || resolve(item.Content[0]).Kind != yaml.ScalarNode {
			p.found = true
			p.refuse(e, at, settings.Errorf(pairKind(e.key), "an item is not a pair, want [name, value]"))
			ok = false
			continue
		}
		name := resolve(item.Content[0]).Value
		text, good := p.plainText(e, name, resolve(item.Content[1]), at)
		if !good {
			ok = false
			continue
		}
		pairs = append(pairs, settings.Pair{Name: name, Value: text})
		e.items = append(e.items, at)
	}
	e.value = pairs
	return ok
}

// pairKind is what a malformed pair is: headers have a kind of their own.
func pairKind(k *key) Kind {
	if isHeaders(k) {
		return ErrHeader
	}
	return ErrWrongType
}

func isHeaders(k *key) bool {
	return k.Format == "headers" || k.Format == "metadata"
}

// footnote adds hints for what people copy from documentation.
func footnote(e *entry, text string, err error) error {
	f, ok := err.(*settings.Fault)
	if !ok || f.Kind != ErrWrongType && f.Kind != ErrOutOfRange {
		return err
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasSuffix(trimmed, "]_") && strings.Contains(trimmed, "[#"):
		return (&settings.Fault{Kind: f.Kind, Message: f.Message}).WithHint("remove the footnote mark")
	case e.key.path == "sample_rate" && f.Kind == ErrOutOfRange && !strings.HasPrefix(trimmed, "-") && !strings.HasPrefix(trimmed, "."):
		return (&settings.Fault{Kind: f.Kind, Message: f.Message}).WithHint("1.0 is 100 %")
	case strings.HasSuffix(trimmed, "%"):
		return (&settings.Fault{Kind: f.Kind, Message: f.Message}).WithHint("write the fraction")
	}
	return err
}
