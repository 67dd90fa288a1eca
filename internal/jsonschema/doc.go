// Package jsonschema writes JSON Schemas, draft 2020-12, of configuration files.
//
// The instance of such a schema is what a YAML 1.2 processor makes of a file: an unquoted 5 is a number, yes is a text, and
// "5" is a text, too. A file is read by the types of the keys instead. So the schema of a number accepts texts that package
// schema reads as one, as far as a regular expression can describe them, and texts with variables.
//
//	jsonschema.Value(key)                     // of one key, by its type, range and enumeration
//	jsonschema.Text(jsonschema.Pattern(re))   // of a text of one form
//	jsonschema.Section(properties, rules)     // of keys and the sections that their paths lead through
//	jsonschema.Document(root, definitions)    // the file
//
// # How it works
//
// A schema never accepts what package schema refuses. Where that would need more than a regular expression, it is stricter:
// it refuses a duration with units in an unusual order, or an exponent in quotes, although those are read. Keywords of
// numbers do not apply to texts, and those of texts not to numbers, so that one schema has the keywords of all types that
// it accepts, and an editor reports that 70000 is above the maximum rather than that no alternative fits.
//
// Every text may have variables, whose values are not known. The definition "text" refuses what is not their syntax, and
// "variable" accepts a text that has at least one.
package jsonschema
