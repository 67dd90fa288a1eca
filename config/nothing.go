package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/phrase"
)

// setsNothing reports a file without an effect. A file without a key, and one with a section that is empty, are a
// warning: they are what is left when every key is commented out. Everything else is an error, because a file that is
// named is expected to have an effect.
func (p *fileParser) setsNothing(root *yaml.Node) {
	d := Diagnostic{Kind: ErrMissing, Source: p.place(1, 1, 1), Message: "the file sets nothing", Hint: "put the keys under " + p.sections()[0]}
	if root == nil || isNull(resolve(root)) {
		d.Kind, d.Severity = WarnSuspicious, Warning
		p.report.add(d)
		return
	}
	n := resolve(root)
	if found := foreignText(p.text); found != nil {
		p.reject(found.fault())
		return
	}
	for _, m := range members(n) {
		if message, hint, slipped := nameSlip(p.table, resolve(m.name).Value); slipped {
			p.fault(Diagnostic{Kind: ErrSyntax, Source: p.at(m.name), Message: message, Hint: hint})
			return
		}
	}
	at, path := p.lost(n, "", 0)
	format := foreignFormat(members(n))
	switch {
	case at != nil && path == resolve(at.name).Value && p.belongs(*at):
		d.Source, d.Message = p.at(at.name), "the file sets nothing, "+phrase.Quote(path)+" is outside the section"
	case p.emptySection(n) != nil:
		d.Source, d.Kind, d.Severity = p.at(p.emptySection(n)), WarnSuspicious, Warning
	case format != "":
		d.Message, d.Hint = "the file is "+format+" and sets nothing", "write a file with the section "+p.sections()[0]
	case at != nil && p.sources.Section == "" && path == resolve(at.name).Value:
		d.Source, d.Key, d.Message, d.Hint = p.at(at.name), path, "the file sets nothing, this is not the section", didYouMean(roots[0])
	case at != nil:
		d.Source, d.Key, d.Message = p.at(at.name), path, "the file sets nothing, the keys are in another section"
	}
	p.report.add(d)
}

// emptySection returns the name of the first section that is there, nil if there is none.
func (p *fileParser) emptySection(root *yaml.Node) *yaml.Node {
	if p.sources.Section == "." {
		return root
	}
	for _, path := range p.sections() {
		if name, value := descend(root, strings.Split(path, ".")); value != nil {
			return name
		}
	}
	return nil
}

// formats are other programs' files that are given by mistake, by root keys that occur together.
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

func foreignFormat(root []member) string {
	for _, f := range formats {
		if !slices.ContainsFunc(f.keys, func(key string) bool { return !hasMember(root, key) }) {
			return f.name
		}
	}
	return ""
}

func hasMember(all []member, name string) bool {
	return slices.ContainsFunc(all, func(m member) bool { return resolve(m.name).Value == name })
}

// otherNames are what the section is called by mistake.
var otherNames = []string{"trace", "traces", "tracer", "otel", "opentelemetry", "telemetry", "observability", "spanroute"}

// lost finds the key that should be the section, because it has a usual other name or holds keys of the section, or a
// key at the root that belongs into the section.
func (p *fileParser) lost(n *yaml.Node, path string, depth int) (found *member, at string) {
	const deepest = 3
	all := members(n)
	for i, m := range all {
		name := resolve(m.name).Value
		if depth == 0 && (p.belongs(m) || slices.Contains(otherNames, strings.ToLower(name))) || p.looksLikeSection(resolve(m.value)) {
			return &all[i], joinPath(path, phrase.Name(name))
		}
	}
	for _, m := range all {
		if depth < deepest {
			if found, at = p.lost(resolve(m.value), joinPath(path, phrase.Name(resolve(m.name).Value)), depth+1); found != nil {
				return found, at
			}
		}
	}
	return nil, ""
}

// distinctive are keys of the section that other programs' files are not likely to have.
var distinctive = []string{
	"exporter_type", "sample_rate", "max_tag_value_length", "excluded_urls", "excluded_paths", "excluded_rpcs", "resource_attributes",
}

func (p *fileParser) looksLikeSection(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && slices.ContainsFunc(members(n), func(m member) bool {
		return slices.Contains(distinctive, resolve(m.name).Value)
	})
}

// beside warns about root keys that belong into the section beside them: the section of an exporter, and keys that
// nothing else is likely to have.
func (p *fileParser) beside(root *yaml.Node) {
	if !p.found || p.sources.Section != "" {
		return
	}
	for _, m := range members(root) {
		if p.belongs(m) {
			p.report.add(Diagnostic{
				Kind: WarnIgnored, Severity: Warning, Key: resolve(m.name).Value, Source: p.at(m.name),
				Message: "has no effect beside the section", Hint: "move it under " + p.sections()[0],
			})
		}
	}
}

// belongs reports whether a root key belongs into the section.
func (p *fileParser) belongs(m member) bool {
	name := resolve(m.name).Value
	return slices.Contains(distinctive, name) || p.looksLikeExporter(name, resolve(m.value))
}

// looksLikeExporter reports whether n is the section of the exporter name: a map with at least one of its keys.
func (p *fileParser) looksLikeExporter(name string, n *yaml.Node) bool {
	exporter := p.table.exporters[name]
	if exporter == "" {
		exporter = p.unlinkedName(name)
	}
	if exporter == "" || n.Kind != yaml.MappingNode {
		return false
	}
	known := p.table.children[exporter]
	return len(known) == 0 || slices.ContainsFunc(members(n), func(m member) bool {
		_, near := phrase.Nearest(resolve(m.name).Value, known)
		return near
	})
}
