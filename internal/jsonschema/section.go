package jsonschema

import (
	"strings"

	"github.com/spanroute/spanroute/registry/settings"
)

// A Property is a key of a section, or a section within.
type Property struct {
	Path    string   // from the section: "thrift.agent_port"
	Aliases []string // other paths, deprecated
	Schema  Schema
}

// Describe returns the property of a key: s with the documentation and the default of the key.
func Describe(k settings.Key, s Schema) Property {
	if k.Doc != "" {
		s = s.with("description", k.Doc)
	}
	if d := defaultOf(k); d != nil {
		s = s.with("default", d)
	}
	return Property{k.Path, k.Aliases, s}
}

// Section returns the schema of a section. rules are about the section as a whole. A key that is set by its name and an
// alias is refused: the two may have different values, which a schema cannot compare.
func Section(properties []Property, rules ...Schema) Schema {
	root := newSection()
	for _, p := range properties {
		root.put(p.Path, p.Schema)
		for _, alias := range p.Aliases {
			root.put(alias, deprecated(p))
		}
		rules = append(rules, oneName(append([]string{p.Path}, p.Aliases...))...)
	}
	if len(rules) > 0 {
		root["allOf"] = rules
	}
	return root
}

// Object returns the schema of an object of a list, whose keys are keys. rules are about the object as a whole.
func Object(keys []settings.Key, rules ...Schema) Schema {
	properties := make([]Property, len(keys))
	for i, k := range keys {
		properties[i] = Describe(k, value(k, true))
	}
	return Section(properties, rules...).with("type", "object")
}

// newSection returns the schema of an empty section.
func newSection() Schema {
	return Schema{"type": []string{"object", "null"}, "additionalProperties": false, "properties": map[string]Schema{}}
}

// put enters the schema of a path, and the sections that it leads through.
func (s Schema) put(path string, of Schema) {
	name, rest, nested := strings.Cut(path, ".")
	properties := s["properties"].(map[string]Schema)
	if !nested {
		properties[name] = of
		return
	}
	if properties[name] == nil {
		properties[name] = newSection()
	}
	properties[name].put(rest, of)
}

// deprecated returns the schema of an alias of p.
func deprecated(p Property) Schema {
	s := p.Schema.with("deprecated", true).with("description", "deprecated name; use "+p.Path)
	delete(s, "default")
	return s
}

// oneName refuses that two of the names of a key are set.
func oneName(names []string) (rules []Schema) {
	for i, name := range names {
		for _, other := range names[:i] {
			rules = append(rules, Not(AllOf(Set(other), Set(name))))
		}
	}
	return rules
}

// Set accepts objects in which path has a value.
func Set(path string) Schema { return at(path, Not(Schema{"type": "null"})) }

// NotEmpty accepts objects in which path has a value that is not an empty text.
func NotEmpty(path string) Schema {
	return at(path, Not(Schema{"type": []string{"null", "string"}, "maxLength": 0}))
}

// Together refuses that first is set without second. An empty text is not set.
func Together(first, second string) Schema { return If(NotEmpty(first), NotEmpty(second)) }

// HasItem accepts a list, or a text that is read as one, with at least one item that is not empty.
var HasItem = AnyOf(
	Schema{"type": "array", "contains": Pattern(`[^ \t\r\n]`)},
	Schema{"type": "string", "pattern": `[^, \t\r\n]`},
)

// HasPair accepts a free-form map with at least one pair, in each of its forms.
var HasPair = AnyOf(
	Schema{"type": "object", "minProperties": 1},
	Schema{"type": "array", "minItems": 1},
	Schema{"type": "string", "pattern": "[=$]"},
)

// At accepts objects in which the value of path is accepted by s.
func At(path string, s Schema) Schema { return at(path, s) }

func at(path string, s Schema) Schema {
	name, rest, nested := strings.Cut(path, ".")
	if nested {
		s = at(rest, s)
	}
	return Schema{"type": "object", "required": []string{name}, "properties": map[string]Schema{name: s}}
}
