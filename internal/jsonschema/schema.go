package jsonschema

import "maps"

// A Schema is a JSON Schema: keywords with their values. It must not be changed after it is used in another one.
type Schema map[string]any

// Pattern accepts texts that contain a match of a regular expression, and all values that are not texts.
func Pattern(expression string) Schema { return Schema{"pattern": expression} }

// Enum accepts the given values.
func Enum[T any](values ...T) Schema { return Schema{"enum": values} }

// Not accepts what s refuses.
func Not(s Schema) Schema { return Schema{"not": s} }

// AnyOf accepts what one of the alternatives accepts.
func AnyOf(alternatives ...Schema) Schema { return Schema{"anyOf": alternatives} }

// AllOf accepts what all schemas accept.
func AllOf(all ...Schema) Schema { return Schema{"allOf": all} }

// If accepts what condition refuses, and what both accept.
func If(condition, then Schema) Schema { return Schema{"if": condition, "then": then} }

// Ref refers to a definition.
func Ref(name string) Schema { return Schema{"$ref": "#/$defs/" + name} }

// with returns a copy of s with another keyword.
func (s Schema) with(keyword string, value any) Schema {
	c := maps.Clone(s)
	c[keyword] = value
	return c
}
