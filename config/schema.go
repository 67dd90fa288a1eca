package config

import (
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/configfile"
	"github.com/spanroute/spanroute/internal/jsonschema"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/pattern"
	"github.com/spanroute/spanroute/registry"
)

// Schema returns the JSON Schema, draft 2020-12, of the files that [Load] reads from sources, for editors and other tools.
// Only Registry and Section of sources matter: the schema has the keys of all registered exporters and the names
// of all registered propagators. It ends with a line break, and is the same for the same keys.
//
// The schema accepts no file that Load refuses, with the exceptions that docs/config.md lists: variables in values and the
// other layers, the contents of files, regular expressions, and what depends on the spelling of a number. It refuses some
// files that Load accepts with a warning.
func Schema(sources Sources) []byte {
	b := schemaBuilder{registry: sources.registry(), table: tableOf(sources.registry()), definitions: map[string]jsonschema.Schema{}}
	b.definitions["section"] = b.section()
	if sources.Section == "." {
		return jsonschema.Document(titled(jsonschema.Ref("section")), b.definitions)
	}
	return jsonschema.Document(titled(b.file(sources.Section)), b.definitions)
}

func titled(s jsonschema.Schema) jsonschema.Schema {
	s["title"] = "spanroute's configuration of tracing"
	return s
}

// A schemaBuilder makes the schema of a file from the key table.
//
// How it works. section has a property for each common key, and refers to a definition for each exporter. The value of a key
// gets its schema from shapes, by the format of the key, as a value gets its normalizer from normalizers; a key without an
// entry there is described by its type. Rules between keys are added to the section that they are about. file puts the
// section into its places. Each part refuses what the part of Load refuses that reads it.
type schemaBuilder struct {
	registry    *registry.Registry
	table       *keytable.Table
	definitions map[string]jsonschema.Schema
}

// section returns the schema of the section.
func (b *schemaBuilder) section() jsonschema.Schema {
	var properties []jsonschema.Property
	rules := forceRules()
	for _, k := range b.table.Keys {
		if k.Exporter == "" {
			properties = append(properties, jsonschema.Describe(k.Key, b.shape(k)))
			rules = append(rules, pairRule(k.Path, k.With)...)
		}
	}
	names := b.table.ExporterNames()
	for _, name := range b.table.Names {
		b.definitions["exporter."+name] = b.exporter(name)
		aliases := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name || b.table.Exporter(n) != name })
		properties = append(properties, jsonschema.Property{Path: name, Aliases: aliases, Schema: jsonschema.Ref("exporter." + name)})
	}
	for _, name := range registry.BuiltIn() {
		if exporter, _ := b.table.Unlinked(name); exporter != "" {
			unlinked := jsonschema.Schema{"description": "the exporter " + exporter + " is not linked into this program"}
			properties = append(properties, jsonschema.Property{Path: name, Schema: unlinked})
		}
	}
	return jsonschema.Section(properties, rules...)
}

// exporter returns the schema of the section of an exporter.
func (b *schemaBuilder) exporter(name string) jsonschema.Schema {
	var properties []jsonschema.Property
	var rules []jsonschema.Schema
	for _, k := range b.table.Keys {
		if k.Exporter != name {
			continue
		}
		local := k.Key
		local.Path, local.With = k.Local, strings.TrimPrefix(k.With, name+".")
		local.Aliases = slices.Clone(k.Aliases)
		for i, alias := range local.Aliases {
			local.Aliases[i] = strings.TrimPrefix(alias, name+".")
		}
		properties = append(properties, jsonschema.Describe(local, b.shape(k)))
		rules = append(rules, pairRule(local.Path, local.With)...)
		rules = append(rules, b.protocolRules(k, local.Path, local.Aliases)...)
	}
	s := jsonschema.Section(properties, rules...)
	if d, err := b.registry.Describe(name); err == nil {
		s["description"] = d.Doc
	}
	return s
}

// shape returns the schema of the values of a key. Keys of one format have one definition, and so have keys of one type
// without a range and an enumeration.
func (b *schemaBuilder) shape(k *keytable.Key) jsonschema.Schema {
	if f := shapes[k.Format]; f != nil {
		return b.define(k.Format, f(b.table, k.Key))
	}
	s := jsonschema.Value(k.Key)
	if k.Range != "" || k.Enum != nil || k.Objects != nil {
		return s
	}
	return b.define(string(k.Type), s)
}

// define makes s the definition of the values that are called name, and returns a reference to it.
func (b *schemaBuilder) define(name string, s jsonschema.Schema) jsonschema.Schema {
	name = "value." + name
	b.definitions[name] = s
	return jsonschema.Ref(name)
}

// file returns the schema of a file with the section at path, or in one of the usual places if path is empty.
func (b *schemaBuilder) file(path string) jsonschema.Schema {
	places, names := []string{path}, jsonschema.Schema{}
	if path == "" {
		places, names = configfile.Roots(), rootNames(configfile.Roots())
	}
	root := map[string]jsonschema.Schema{}
	var present, rules []jsonschema.Schema
	for i, place := range places {
		putPlace(root, place)
		present = append(present, jsonschema.At(place, jsonschema.Schema{}))
		for _, before := range places[:i] {
			rules = append(rules, jsonschema.Not(jsonschema.AllOf(jsonschema.Set(before), jsonschema.Set(place))))
		}
	}
	b.definitions["nothing"] = nothing
	rules = append(rules, jsonschema.AnyOf(present...), jsonschema.If(setsNothing(places), jsonschema.Not(b.outside())))
	return jsonschema.Schema{
		"type": []string{"object", "null"}, "properties": root, "propertyNames": names,
		"if": jsonschema.Schema{"type": "object"}, "then": jsonschema.AllOf(rules...),
	}
}

// putPlace enters the section at a path. A value on the way that is not a map belongs to another program.
func putPlace(properties map[string]jsonschema.Schema, path string) {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		properties[name] = jsonschema.Ref("section")
		return
	}
	inner := map[string]jsonschema.Schema{}
	putPlace(inner, rest)
	properties[name] = jsonschema.Schema{"properties": inner}
}

// rootNames refuses the names of root keys that are meant to be a place of the section: misspelt ones, and those with dots.
// Every other key is one of another program.
func rootNames(places []string) jsonschema.Schema {
	dotted := []string{}
	for _, place := range places {
		if name := strings.ReplaceAll(place, ".", `\.`); name != place {
			dotted = append(dotted, name+`(\..*)?`)
			continue
		}
		dotted = append(dotted, place+`\..*`)
	}
	mistakes := pattern.Whole(append(dotted, pattern.OneEdit(places[0]))...)
	return jsonschema.AnyOf(jsonschema.Enum(places[0]), jsonschema.Not(jsonschema.Pattern(mistakes)))
}

// nothing accepts null, and maps with nothing in them.
var nothing = jsonschema.AnyOf(
	jsonschema.Schema{"type": "null"},
	jsonschema.Schema{"type": "object", "additionalProperties": jsonschema.Ref("nothing")},
)

// setsNothing accepts files whose sections set nothing.
func setsNothing(places []string) jsonschema.Schema {
	var all []jsonschema.Schema
	for _, place := range places {
		all = append(all, jsonschema.Not(jsonschema.At(place, jsonschema.Not(jsonschema.Ref("nothing")))))
	}
	return jsonschema.AllOf(all...)
}

// outside accepts files with root keys that belong into the section.
func (b *schemaBuilder) outside() jsonschema.Schema {
	var misplaced []jsonschema.Schema
	for _, name := range configfile.Distinctive() {
		misplaced = append(misplaced, jsonschema.At(name, jsonschema.Schema{}))
	}
	for _, name := range append(b.table.ExporterNames(), registry.BuiltIn()...) {
		misplaced = append(misplaced, jsonschema.At(name, jsonschema.Schema{"type": "object", "minProperties": 1}))
	}
	return jsonschema.AnyOf(misplaced...)
}
