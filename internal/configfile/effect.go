package configfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// setsNothing reports a file without an effect. A file without a key, and one with an empty section, get a warning: they
// remain when every key is commented out. Everything else is an error, because a file that is named is expected to have an
// effect.
//
// The usual reasons are a section with another name, keys that are not indented below the section, and the file of
// another program. Each has a message of its own, because the mistake is often far from the place that a generic
// message would name.
func (d *document) setsNothing(root *yaml.Node) {
	p := Problem{Kind: settings.ErrMissing, At: d.report.place(1, 1, 1), Message: "no tracing settings found", Hint: "put the keys under " + d.sections()[0]}
	if root == nil || isNull(resolve(root)) {
		p.Kind, p.Warning = settings.Suspicious, true
		d.report.add(p)
		return
	}
	n := resolve(root)
	if found := foreignText(d.report.text); found != nil {
		d.report.reject(found.fault())
		return
	}
	for _, m := range members(n) {
		if message, hint, slipped := nameSlip(d.table, resolve(m.name).Value); slipped {
			d.report.add(Problem{Kind: settings.ErrSyntax, At: d.report.at(m.name), Message: message, Hint: hint})
			return
		}
	}
	d.report.add(d.withReason(n, p))
}

// withReason adds the most likely reason to p, the problem of a document that sets nothing. The order is that of
// certainty: a root key that can only belong into the section comes before a file that is known to be of another
// format, and that before a section that merely looks like this one.
func (d *document) withReason(n *yaml.Node, p Problem) Problem {
	at, path := d.misplaced(n, "", 0)
	atRoot := at != nil && path == resolve(at.name).Value
	empty := d.emptySection(n)
	format := foreignFormat(members(n))
	switch {
	case atRoot && d.belongs(*at):
		p.At, p.Message = d.report.at(at.name), "no tracing settings found: "+phrase.Quote(path)+" is outside the section"
	case empty != nil:
		p.At, p.Kind, p.Warning = d.report.at(empty), settings.Suspicious, true
	case format != "":
		p.Message, p.Hint = "no tracing settings found: the file is "+format, "name a file with the section "+d.sections()[0]
	case atRoot && d.path == "":
		p.At, p.Key, p.Message, p.Hint = d.report.at(at.name), path, "no tracing settings found: this is not the section", keytable.DidYouMean(roots[0])
	case at != nil:
		p.At, p.Key, p.Message = d.report.at(at.name), path, "no tracing settings found: the keys are in another section"
	}
	return p
}

// emptySection returns the name of the first section of a document, nil if it has none.
func (d *document) emptySection(root *yaml.Node) *yaml.Node {
	if d.path == "." {
		return root
	}
	for _, path := range d.sections() {
		if name, value := descend(root, strings.Split(path, ".")); value != nil {
			return name
		}
	}
	return nil
}

// formats are files of other programs that are given by mistake, by root keys that occur together.
var formats = []struct {
	name string
	keys []string
}{
	{"an OpenTelemetry declarative configuration", []string{"file_format"}},
	{"an OpenTelemetry declarative configuration", []string{"tracer_provider"}},
	{"a configuration of the OpenTelemetry Collector", []string{"receivers", "exporters"}},
	{"a configuration of the OpenTelemetry Collector", []string{"receivers", "service"}},
	{"a configuration of the OpenTelemetry Collector", []string{"exporters", "service"}},
	{"a Kubernetes manifest", []string{"apiVersion", "kind"}},
}

// foreignFormat returns the format of a file by its root keys, "" if that is unknown. Single keys such as service are too
// common to go by.
func foreignFormat(root []member) string {
	for _, f := range formats {
		if !slices.ContainsFunc(f.keys, func(key string) bool { return !hasMember(root, key) }) {
			return f.name
		}
	}
	return ""
}

// hasMember reports whether a mapping has a key.
func hasMember(all []member, name string) bool {
	return slices.ContainsFunc(all, func(m member) bool { return resolve(m.name).Value == name })
}

// otherNames are names that are written by mistake for the section.
var otherNames = []string{"trace", "traces", "tracer", "otel", "opentelemetry", "telemetry", "observability", "spanroute"}

// misplaced finds the key that should be the section, because it has a usual other name or holds keys of the section,
// or a root key that belongs into the section. It looks at all keys of one level before it goes deeper, because the
// nearer one is the more likely one, and it goes to a fixed depth, because the file may be a large one of another
// program.
func (d *document) misplaced(n *yaml.Node, path string, depth int) (found *member, at string) {
	const deepest = 3
	all := members(n)
	for i, m := range all {
		name := resolve(m.name).Value
		if depth == 0 && (d.belongs(m) || slices.Contains(otherNames, strings.ToLower(name))) || looksLikeSection(resolve(m.value)) {
			return &all[i], keytable.Join(path, phrase.Name(name))
		}
	}
	for _, m := range all {
		if depth < deepest {
			if found, at = d.misplaced(resolve(m.value), keytable.Join(path, phrase.Name(resolve(m.name).Value)), depth+1); found != nil {
				return found, at
			}
		}
	}
	return nil, ""
}

// Distinctive returns keys of the section that files of other programs are not likely to have.
func Distinctive() []string { return slices.Clone(distinctive) }

var distinctive = []string{
	"exporter_type", "sample_rate", "max_tag_value_length", "excluded_urls", "excluded_paths", "excluded_rpcs", "resource_attributes",
}

// looksLikeSection reports whether a map has a key that only the section is likely to have.
func looksLikeSection(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && slices.ContainsFunc(members(n), func(m member) bool {
		return slices.Contains(distinctive, resolve(m.name).Value)
	})
}

// keysBeside warns about root keys that belong into the section: the section of an exporter, and distinctive keys.
func (d *document) keysBeside(root *yaml.Node) {
	if root.Kind != yaml.MappingNode || !d.report.touched || d.path != "" || tagFault(root) != nil {
		return
	}
	for _, m := range members(root) {
		if d.belongs(m) {
			d.report.add(Problem{
				Kind: settings.Ignored, Warning: true, Key: resolve(m.name).Value, At: d.report.at(m.name),
				Message: "has no effect outside the section", Hint: "move it under " + d.sections()[0],
			})
		}
	}
}

// belongs reports whether a root key belongs into the section.
func (d *document) belongs(m member) bool {
	name := resolve(m.name).Value
	return slices.Contains(distinctive, name) || d.looksLikeExporter(name, resolve(m.value))
}

// looksLikeExporter reports whether n is the section of the exporter name: a map with at least one of its keys.
func (d *document) looksLikeExporter(name string, n *yaml.Node) bool {
	exporter := d.table.Exporter(name)
	if exporter == "" {
		exporter, _ = d.table.Unlinked(name)
	}
	if exporter == "" || n.Kind != yaml.MappingNode {
		return false
	}
	known := d.table.Children(exporter)
	return len(known) == 0 || slices.ContainsFunc(members(n), func(m member) bool {
		_, near := phrase.Nearest(resolve(m.name).Value, known)
		return near
	})
}
