package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// roots are the places of the section in BentoML's dialects; the first is what we print.
var roots = []string{"tracing", "api_server.tracing", "services.tracing"}

// A fileParser turns the bytes of one file into a layer: canonical keys and typed values, positions on the side.
type fileParser struct {
	*loader
	name   string
	order  int
	text   *excerpt
	hidden *secretLines
	layer  *layer
	found  bool // the section sets something, or tried to

	textBytes int // of the values so far, see maxTextBytes
}

// parseFile reads one file's bytes into a layer.
func (l *loader) parseFile(name string, order int, data []byte) *layer {
	p := &fileParser{loader: l, name: name, order: order, layer: newLayer(LayerFile)}
	root, text, fault := parseYAML(data, l.table)
	p.text = text
	if fault != nil {
		p.text.unparsed = true
		p.reject(fault)
		return p.layer
	}
	if root != nil {
		p.hidden = newSecretLines(text, root)
	}
	if root != nil && !isNull(resolve(root)) {
		p.root(resolve(root))
	}
	if !p.found && len(p.layer.entries) == 0 {
		p.setsNothing(root)
	}
	p.finish(p.layer)
	return p.layer
}

func (p *fileParser) sections() []string {
	if s := p.sources.Section; s != "" {
		return []string{s}
	}
	return roots
}

func (p *fileParser) reject(f *yamlFault) {
	d := Diagnostic{Kind: f.Kind, Source: p.place(f.line, f.column, f.width), Message: f.Message, Hint: f.Hint}
	for _, n := range f.related {
		d.Related = append(d.Related, p.at(n))
	}
	p.report.add(d)
}

func (p *fileParser) place(line, column, width int) Source {
	return Source{Layer: LayerFile, Name: p.name, Line: line, Column: column, file: p.order, width: width, text: p.text}
}

func (p *fileParser) at(n *yaml.Node) Source { return p.place(n.Line, n.Column, nodeWidth(n)) }

// root finds the section, in one or more places of the document.
func (p *fileParser) root(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		p.found = true
		if found := findSlip(p.text); found != nil {
			p.reject(found.fault())
			return
		}
		p.wrong(p.at(n), "", "the file is "+describe(n)+", want a map")
		return
	}
	if fault := tagFault(n); fault != nil {
		p.wrongTag(n, "", fault)
		return
	}
	if p.sources.Section == "." {
		p.section(n, "", "")
		return
	}
	if p.sources.Section == "" {
		p.strangers(n)
	}
	first := ""
	for _, r := range p.places(n) {
		if first != "" {
			p.report.add(Diagnostic{
				Kind: WarnAlias, Severity: Warning, Key: r.path, Source: p.at(r.name),
				Message: "a second section besides " + first, Hint: "keep one",
			})
		}
		first = r.path
		p.begin(r)
	}
	p.beside(n)
}

// A place is where a section is in a document.
type place struct {
	path        string
	name, value *yaml.Node
}

// places finds the sections that are there and not null, in order of position.
func (p *fileParser) places(n *yaml.Node) []place {
	var all []place
	for _, path := range p.sections() {
		if name, value := descend(n, strings.Split(path, ".")); value != nil && !isNull(resolve(value)) {
			all = append(all, place{path, name, value})
		}
	}
	slices.SortStableFunc(all, func(a, b place) int { return a.name.Line - b.name.Line })
	return all
}

// descend follows names through mappings; other shapes on the way belong to somebody else.
func descend(n *yaml.Node, names []string) (name, value *yaml.Node) {
	for i, want := range names {
		name, value = nil, nil
		for _, m := range members(n) {
			if resolve(m.name).Value == want {
				name, value = m.name, m.value
			}
		}
		if value == nil {
			return nil, nil
		}
		if n = resolve(value); n.Kind != yaml.MappingNode && i < len(names)-1 {
			return nil, nil
		}
	}
	return name, value
}

// wrongTag reports a section or key with a tag of somebody's own.
func (p *fileParser) wrongTag(n *yaml.Node, written string, fault *settings.Fault) {
	p.found = true
	p.fault(Diagnostic{Kind: fault.Kind, Key: written, Source: p.at(n), Message: fault.Message, Hint: fault.Hint})
}

func (p *fileParser) begin(r place) {
	value := resolve(r.value)
	if fault := tagFault(value); fault != nil {
		p.wrongTag(value, r.path, fault)
		return
	}
	if value.Kind != yaml.MappingNode {
		p.found = true
		if found := keySlip(p.text, value.Line); found != nil && value.Kind == yaml.ScalarNode {
			p.reject(found.fault())
			return
		}
		p.wrong(p.at(value), r.path, "the section is "+describe(value)+", want a map of keys")
		return
	}
	p.guess(value)
	p.section(value, "", r.path)
}

// guess reads exporter_type before the rest, because hints about misplaced keys depend on it.
func (p *fileParser) guess(section *yaml.Node) {
	for _, m := range members(section) {
		if name := resolve(m.name).Value; name == "exporter_type" || name == "type" {
			for part := range strings.SplitSeq(resolve(m.value).Value, ",") {
				if canonical := p.table.exporters[strings.ToLower(strings.TrimSpace(part))]; canonical != "" {
					p.selected = append(p.selected, canonical)
				}
			}
		}
	}
}

// strangers looks at root keys that are not ours: silent unless they are clearly meant to be.
func (p *fileParser) strangers(n *yaml.Node) {
	for _, m := range members(n) {
		name := resolve(m.name).Value
		hint := ""
		switch {
		case name == roots[0]:
			continue
		case strings.EqualFold(name, roots[0]) || oneEdit([]rune(name), []rune(roots[0])):
			hint = didYouMean(roots[0])
		case slices.ContainsFunc(roots, func(r string) bool { return name == r || strings.HasPrefix(name, r+".") }):
			hint = "nest it"
		default:
			continue
		}
		p.found = true
		p.fault(Diagnostic{Kind: ErrUnknownKey, Key: name, Source: p.at(m.name), Message: "unknown key", Hint: hint})
	}
}

// oneEdit reports whether a becomes b by one insertion, deletion, substitution or swap of neighbours. Two would not
// do: "training" is a real word.
func oneEdit(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	restA, restB := a[i:], b[i:]
	if len(a) < len(b) {
		return slices.Equal(restA, restB[1:])
	}
	if len(restA) == 0 || slices.Equal(restA[1:], restB[1:]) {
		return true
	}
	return len(restA) > 1 && restA[0] == restB[1] && restA[1] == restB[0] && slices.Equal(restA[2:], restB[2:])
}

func (p *fileParser) wrong(at Source, key, message string) {
	p.fault(Diagnostic{Kind: ErrWrongType, Key: key, Source: at, Message: message})
}

// fault adds an error. Faults come in the order of the file, so that those beyond the limit need not be kept.
func (p *fileParser) fault(d Diagnostic) { p.report.add(d) }

// section reads the members of one mapping: keys, and sections within.
func (p *fileParser) section(n *yaml.Node, path, written string) {
	if at, fault := mergeFault(n); fault != nil {
		p.found = true
		p.wrong(p.at(at), joinPath(written, "<<"), fault.Message)
	}
	valueless := false // the key before is a secret without a value, so that this one can be its value
	for _, m := range members(n) {
		name := resolve(m.name)
		shown := phrase.Name(name.Value)
		if valueless && isNull(resolve(m.value)) && !p.table.words[name.Value] {
			shown = "…"
			p.hidden.hideKey(m.name, m.value)
		} else {
			valueless = secret.Name(name.Value) && isNull(resolve(m.value))
		}
		if name.Kind != yaml.ScalarNode {
			p.found = true
			p.wrong(p.at(m.name), written, "a key is "+describe(name)+", want a name")
			continue
		}
		if fault := tagFault(name); fault != nil {
			p.wrongTag(name, joinPath(written, shown), fault)
			continue
		}
		p.member(m, path, name.Value, joinPath(written, shown))
	}
}

func (p *fileParser) member(m member, section, name, written string) {
	path := joinPath(section, name)
	if section == "" && p.table.exporters[name] != "" && !p.table.sections[name] {
		p.warnAlias(p.at(m.name), written, p.table.exporters[name])
		path = p.table.exporters[name]
	}
	k, alias := p.table.lookup(path)
	switch {
	case strings.Contains(name, "."):
		p.unknownMember(m, section, name, written)
	case k != nil:
		p.key(m, k, alias, written)
	case p.table.sections[path]:
		p.inner(m, path, written)
	case section == "" && p.unlinkedName(name) != "":
		p.unlinked(m, p.unlinkedName(name), written)
	default:
		p.unknownMember(m, section, name, written)
	}
}

func (p *fileParser) inner(m member, path, written string) {
	value := resolve(m.value)
	fault := tagFault(value)
	switch {
	case isNull(value):
	case fault != nil:
		p.wrongTag(value, written, fault)
	case value.Kind != yaml.MappingNode:
		p.found = true
		if found := keySlip(p.text, value.Line); found != nil && value.Kind == yaml.ScalarNode && value.Line > m.name.Line {
			p.reject(found.fault())
			return
		}
		p.wrong(p.at(value), written, describe(value)+" is not a section, want a map of keys")
	default:
		p.section(value, path, written)
	}
}

// unlinked skips the section of a kit exporter that is not in the program. Selecting it is another matter.
func (p *fileParser) unlinked(m member, name, written string) {
	p.found = true
	if isNull(resolve(m.value)) {
		return
	}
	p.hidden.hideKey(m.name, m.value)
	p.warnUnlinked(p.at(m.name), written, name)
}

func (p *fileParser) unknownMember(m member, section, name, written string) {
	p.found = true
	if len(p.report.kept[Error]) >= maxDiagnostics {
		p.report.dropped[Error]++
		return
	}
	if secret.Name(section) {
		p.hidden.hideKey(m.name, m.value)
	}
	if message, hint, slipped := nameSlip(p.table, name); slipped {
		p.fault(Diagnostic{Kind: ErrSyntax, Key: written, Source: p.at(m.name), Message: message, Hint: hint})
		return
	}
	p.unknown(p.at(m.name), written, section, name)
}

// key reads one key's value.
func (p *fileParser) key(m member, k *key, alias bool, written string) {
	e := &entry{key: k, written: written, at: p.at(m.name)}
	if m.via != nil {
		e.related = append(e.related, p.at(m.via))
	}
	if m.value.Kind == yaml.AliasNode {
		e.related = append(e.related, p.at(m.value))
	}
	value := resolve(m.value)
	e.source = p.at(value)
	if k.Secret {
		p.hidden.hideKey(m.name, m.value)
	}
	if !p.convert(e, value) {
		return
	}
	p.found = true
	p.enter(p.layer, e, alias)
}
