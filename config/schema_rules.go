package config

import (
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/jsonschema"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/pattern"
	"github.com/spanroute/spanroute/registry/settings"
)

// pairRule refuses a key without the key that must be set too, if it has one.
func pairRule(path, with string) []jsonschema.Schema {
	if with == "" {
		return nil
	}
	return []jsonschema.Schema{jsonschema.Together(path, with)}
}

// forceRules are those of resolver.force.
func forceRules() []jsonschema.Schema {
	const section = "sampling.force."
	header := jsonschema.NotEmpty(section + "header")
	closed := jsonschema.AnyOf(jsonschema.NotEmpty(section+"secret"), jsonschema.At(section+"networks", jsonschema.HasItem))
	return []jsonschema.Schema{jsonschema.If(header, closed), jsonschema.If(closed, header)}
}

// ruleRules are those of sampling.Rule: it matches something, and has one action.
func ruleRules() []jsonschema.Schema {
	var matches []jsonschema.Schema
	for _, list := range []string{"path", "route", "method", "rpc", "span", "kind"} {
		matches = append(matches, jsonschema.At(list, jsonschema.HasItem))
	}
	positive := jsonschema.Schema{"type": "number", "exclusiveMinimum": 0}
	matches = append(matches,
		jsonschema.At("header", jsonschema.HasPair), jsonschema.At("attributes", jsonschema.HasPair), jsonschema.NotEmpty("status"),
		jsonschema.At("slower_than", jsonschema.AnyOf(positive, jsonschema.Schema{"type": "string", "pattern": "[1-9$]"})),
	)
	on := func(key string) jsonschema.Schema { return jsonschema.At(key, jsonschema.Enum(true)) }
	perhaps := func(key string) jsonschema.Schema {
		return jsonschema.At(key, jsonschema.AnyOf(jsonschema.Enum(true), jsonschema.Schema{"type": "string"}, positive))
	}
	return []jsonschema.Schema{
		jsonschema.AnyOf(matches...),
		jsonschema.AnyOf(jsonschema.Set("rate"), perhaps("keep"), perhaps("drop"), perhaps("limit")),
		jsonschema.Not(jsonschema.AllOf(jsonschema.Set("rate"), on("keep"))),
		jsonschema.Not(jsonschema.AllOf(jsonschema.Set("rate"), on("drop"))),
		jsonschema.Not(jsonschema.AllOf(on("keep"), on("drop"))),
		jsonschema.Not(jsonschema.AllOf(on("drop"), jsonschema.At("limit", positive))),
	}
}

// byProtocol holds the formats of a key beside a key protocol: over another protocol, and over gRPC.
var byProtocol = map[string]struct{ other, grpc string }{"endpoint": {"url", "target"}, "headers": {"headers", "metadata"}}

// protocolRules limit the key of an exporter, with the given names in its section, by the key protocol beside it. A protocol
// that a variable sets is not known.
func (b *schemaBuilder) protocolRules(k *keytable.Key, path string, aliases []string) []jsonschema.Schema {
	format, depends := byProtocol[k.Format]
	section, _ := keytable.Split(k.Path)
	protocol := b.table.Key(keytable.Join(section, "protocol"))
	if !depends || protocol == nil || !slices.Contains(protocol.Enum, "grpc") {
		return nil
	}
	grpc, others := spellingsOf(protocol.Key, "grpc")
	name := protocol.Local
	isGRPC, isOther := jsonschema.At(name, anyCase(grpc)), jsonschema.At(name, anyCase(others))
	unset := jsonschema.Not(jsonschema.NotEmpty(name))
	if protocol.Default == "grpc" {
		isGRPC = jsonschema.AnyOf(isGRPC, unset)
	} else {
		isOther = jsonschema.AnyOf(isOther, unset)
	}
	grpcShape := b.define(format.grpc, shapes[format.grpc](b.table, k.Key))
	otherShape := b.define(format.other, shapes[format.other](b.table, k.Key))
	var rules []jsonschema.Schema
	for _, written := range append([]string{path}, aliases...) {
		rules = append(rules, jsonschema.If(isGRPC, below(written, grpcShape)), jsonschema.If(isOther, below(written, otherShape)))
	}
	return rules
}

// spellingsOf returns the spellings of a value of an enumeration, and those of all others.
func spellingsOf(k settings.Key, value string) (of, others []string) {
	for _, spelling := range k.AllSpellings() {
		if k.Spellings[strings.ToLower(spelling)] == value {
			of = append(of, spelling)
		} else {
			others = append(others, spelling)
		}
	}
	return of, others
}

// anyCase accepts texts that are one of the words in any letter case.
func anyCase(words []string) jsonschema.Schema {
	return jsonschema.Schema{"type": "string", "pattern": pattern.Whole(pattern.AnyCase(words...))}
}

// below limits the value of path, if it is set, to s.
func below(path string, s jsonschema.Schema) jsonschema.Schema {
	name, rest, nested := strings.Cut(path, ".")
	if nested {
		s = below(rest, s)
	}
	return jsonschema.Schema{"properties": map[string]jsonschema.Schema{name: s}}
}
