package configfile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// Alias is the kind of the warning about a legacy name.
const Alias settings.Kind = "alias"

// maxSuggestions bounds the unknown keys for which the nearest key is looked up.
const maxSuggestions = 50

// A walker reads the members of sections into entries.
//
// It takes one path through the nodes and never stops at a mistake. Each member is a key, a section, an exporter that
// is not linked into the program, or unknown. Most problems are unknown names, so that the search for the
// intended name is worth its cost, but only for the first of them.
type walker struct {
	table    *keytable.Table
	report   *report
	hidden   *secretLines
	convert  converter
	selected []string // the exporters that files select so far, for hints
	entries  []*Entry
}

// section reads the members of one mapping: keys, and sections within.
func (w *walker) section(n *yaml.Node, path, written string) {
	if at, fault := mergeFault(n); fault != nil {
		w.report.wrong(fault.Kind, w.report.at(at), keytable.Join(written, "<<"), fault.Message, "")
	}
	valueless := false // the key before is a secret without a value, so that this one can be its value
	for _, m := range members(n) {
		name := resolve(m.name)
		shown := phrase.Name(name.Value)
		if valueless && isNull(resolve(m.value)) && !w.table.HasWord(name.Value) {
			shown = "…"
			w.hidden.hideKey(m.name, m.value)
		} else {
			valueless = secret.Name(name.Value) && isNull(resolve(m.value))
		}
		if name.Kind != yaml.ScalarNode {
			w.report.wrong(settings.ErrWrongType, w.report.at(m.name), written, "a key is "+nodeKind(name)+", want a name", "")
			continue
		}
		if fault := tagFault(name); fault != nil {
			w.report.wrongTag(name, keytable.Join(written, shown), fault)
			continue
		}
		w.member(m, path, name.Value, keytable.Join(written, shown))
	}
}

// member reads one member of a section. Names with dots are never keys: they are reported with the hint to nest them. Neither
// is the empty name, which is the path of the section itself.
func (w *walker) member(m member, section, name, written string) {
	path := keytable.Join(section, name)
	if canonical := w.table.Exporter(name); section == "" && canonical != "" && !w.table.HasSection(name) {
		w.report.add(Problem{
			Kind: Alias, Warning: true, Key: written, At: w.report.at(m.name), Message: "deprecated name", Hint: "use " + canonical,
		})
		path = canonical
	}
	k, alias := w.table.Lookup(path)
	unlinked, importPath := w.table.Unlinked(name)
	switch {
	case strings.Contains(name, "."), name == "":
		w.unknown(m, section, name, written)
	case k != nil:
		w.key(m, k, alias, written)
	case w.table.HasSection(path):
		w.inner(m, path, written)
	case section == "" && unlinked != "":
		w.unlinked(m, unlinked, importPath, written)
	default:
		w.unknown(m, section, name, written)
	}
}

// inner reads a section within a section. A text in its place can be a slip of the first key in it. A section that is
// null sets nothing, as a key that is null.
func (w *walker) inner(m member, path, written string) {
	value := resolve(m.value)
	fault := tagFault(value)
	switch {
	case isNull(value):
	case fault != nil:
		w.report.wrongTag(value, written, fault)
	case value.Kind != yaml.MappingNode:
		w.report.touched = true
		if found := keySlip(w.report.text, value.Line); found != nil && value.Kind == yaml.ScalarNode && value.Line > m.name.Line {
			w.report.reject(found.fault())
			return
		}
		w.report.wrong(settings.ErrWrongType, w.report.at(value), written, nodeKind(value)+" is not a section, want a map of keys", "")
	default:
		w.section(value, path, written)
	}
}

// unlinked skips the section of an exporter of spanroute that is not linked into the program. Only selecting such an
// exporter is an error.
func (w *walker) unlinked(m member, exporter, importPath, written string) {
	w.report.touched = true
	if isNull(resolve(m.value)) {
		return
	}
	w.hidden.hideKey(m.name, m.value)
	w.report.add(Problem{
		Kind: settings.Ignored, Warning: true, Key: written, At: w.report.at(m.name),
		Message: "exporter " + phrase.Quote(exporter) + " is not linked into this program", Hint: "import " + importPath,
	})
}

// unknown reports a name that is not a key. The hint comes from the same key table as the types, so that it never
// proposes a name that does not exist.
func (w *walker) unknown(m member, section, name, written string) {
	if secret.Name(section) {
		w.hidden.hideKey(m.name, m.value)
	}
	at, hint := w.report.at(m.name), ""
	if w.report.errors < maxSuggestions {
		if message, hint, slipped := nameSlip(w.table, name); slipped {
			w.report.wrong(settings.ErrSyntax, at, written, message, hint)
			return
		}
		hint = w.table.Suggest(section, name, w.selected)
	}
	w.report.wrong(settings.ErrUnknownKey, at, written, "unknown key", hint)
}

// key reads one key's value. The entry is kept only if its value is valid. Anchors and merge keys lead to a value
// elsewhere in the file: Related has the places where they are used, so that a diagnostic shows both.
func (w *walker) key(m member, k *keytable.Key, alias bool, written string) {
	e := &Entry{Key: k, Alias: alias, Written: written, Name: w.report.at(m.name)}
	if m.via != nil {
		e.Related = append(e.Related, w.report.at(m.via))
	}
	if m.value.Kind == yaml.AliasNode {
		e.Related = append(e.Related, w.report.at(m.value))
	}
	value := resolve(m.value)
	e.At = w.report.at(value)
	if k.Secret {
		w.hidden.hideKey(m.name, m.value)
	}
	if w.convert.convert(e, value) {
		w.report.touched = true
		w.entries = append(w.entries, e)
	}
}
