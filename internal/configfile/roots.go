package configfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// A document is one file that the parser accepted.
//
// The section is usually called tracing. BentoML has it below api_server or services; a file may have more than one of
// them, which then merge like files. Every other root key belongs to another program and is ignored, unless its name
// shows that it was meant for the section.
type document struct {
	path   string // of the section, as in Input.Section
	table  *keytable.Table
	report *report
	walker *walker
}

// sections returns the places where the section may be, as dotted paths.
func (d *document) sections() []string {
	if d.path != "" {
		return []string{d.path}
	}
	return roots
}

// read finds the section, in one or more places of the document, and reads it.
func (d *document) read(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		d.report.touched = true
		if found := findSlip(d.report.text); found != nil {
			d.report.reject(found.fault())
			return
		}
		d.report.wrong(settings.ErrWrongType, d.report.at(n), "", "the file is "+nodeKind(n)+", want a map", "")
		return
	}
	if fault := tagFault(n); fault != nil {
		d.report.wrongTag(n, "", fault)
		return
	}
	if d.path == "." {
		d.walker.section(n, "", "")
		return
	}
	if d.path == "" {
		d.checkRootKeys(n)
	}
	first := ""
	for _, r := range d.places(n) {
		if first != "" {
			d.report.add(Problem{
				Kind: Alias, Warning: true, Key: r.path, At: d.report.at(r.name),
				Message: "duplicate section (the first is " + first + ")", Hint: "remove one",
			})
		}
		first = r.path
		d.parseSection(r)
	}
}

// A root is a place of the section in a document.
type root struct {
	path        string
	name, value *yaml.Node
}

// places returns the sections of a document that are not null, in order of position.
//
// The order of position decides which one is the first, and so which of two conflicting values is reported.
func (d *document) places(n *yaml.Node) []root {
	var all []root
	for _, path := range d.sections() {
		if name, value := descend(n, strings.Split(path, ".")); value != nil && !isNull(resolve(value)) {
			all = append(all, root{path, name, value})
		}
	}
	slices.SortStableFunc(all, func(a, b root) int { return a.name.Line - b.name.Line })
	return all
}

// descend follows names through mappings. A value of another shape on the way belongs to another program.
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

// parseSection reads one section. A value that is not a map is often a missing space or colon in the line below the
// section's name.
func (d *document) parseSection(r root) {
	value := resolve(r.value)
	if fault := tagFault(value); fault != nil {
		d.report.wrongTag(value, r.path, fault)
		return
	}
	if value.Kind != yaml.MappingNode {
		d.report.touched = true
		if found := keySlip(d.report.text, value.Line); found != nil && value.Kind == yaml.ScalarNode {
			d.report.reject(found.fault())
			return
		}
		d.report.wrong(settings.ErrWrongType, d.report.at(value), r.path, "the section is "+nodeKind(value)+", want a map of keys", "")
		return
	}
	d.peekExporterTypes(value)
	d.walker.section(value, "", r.path)
}

// peekExporterTypes reads exporter_type before the rest, because hints about misplaced keys depend on it.
func (d *document) peekExporterTypes(section *yaml.Node) {
	for _, m := range members(section) {
		if name := resolve(m.name).Value; name == "exporter_type" || name == "type" {
			for part := range strings.SplitSeq(resolve(m.value).Value, ",") {
				if canonical := d.table.Exporter(strings.ToLower(strings.TrimSpace(part))); canonical != "" {
					d.walker.selected = append(d.walker.selected, canonical)
				}
			}
		}
	}
}

// checkRootKeys reports misspelt and dotted forms of the section's name and ignores all other root keys. A misspelt
// name would otherwise be a file without an effect, or one where only a second, correct section has one.
func (d *document) checkRootKeys(n *yaml.Node) {
	for _, m := range members(n) {
		name := resolve(m.name).Value
		hint := ""
		switch {
		case name == roots[0]:
			continue
		case phrase.OneEdit(name, roots[0]): // two edits make another word, such as "training"
			hint = keytable.DidYouMean(roots[0])
		case slices.ContainsFunc(roots, func(r string) bool { return name == r || strings.HasPrefix(name, r+".") }):
			hint = "nest it"
		default:
			continue
		}
		d.report.wrong(settings.ErrUnknownKey, d.report.at(m.name), name, "unknown key", hint)
	}
}
