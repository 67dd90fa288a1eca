package jsonschema

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Document returns the text of the schema of a file, with the definitions that it and this package refer to. The same
// schema has the same text.
func Document(root Schema, definitions map[string]Schema) []byte {
	all := map[string]Schema{"text": text, "variable": variable, "duration": duration}
	maps.Copy(all, definitions)
	var compact bytes.Buffer
	encoder := json.NewEncoder(&compact)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(root.with("$schema", "https://json-schema.org/draft/2020-12/schema").with("$defs", all)); err != nil {
		panic(err) // the values of keywords are texts, numbers, lists and maps
	}
	return append(layOut(compact.Bytes()), '\n')
}

// maxLine is the length up to which an object or list is written on one line.
const maxLine = 120

// layOut breaks the lines of a JSON value. Small objects stay on one line, so that the text can be read and compared; a
// schema has a thousand of them.
func layOut(compact []byte) []byte {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(compact))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err) // it was encoded by Document
	}
	return []byte(lines(value, ""))
}

// lines returns a value of which all lines but the first begin with indent.
func lines(value any, indent string) string {
	open, shut, items := parts(value)
	one := open + strings.Join(texts(items, indent, true), ", ") + shut
	if items == nil || !strings.Contains(one, "\n") && utf8.RuneCountInString(indent+one) <= maxLine {
		return one
	}
	inner := indent + "  "
	return open + "\n" + inner + strings.Join(texts(items, inner, false), ",\n"+inner) + "\n" + indent + shut
}

// An item is a member of an object, or an element of a list without a name.
type item struct {
	name  string // with its colon
	value any
}

// parts returns the brackets and the items of a value, members sorted by name. A scalar is its own bracket.
func parts(value any) (open, shut string, items []item) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			items = append(items, item{scalarText(name) + ": ", v[name]})
		}
		return "{", "}", items
	case []any:
		for _, element := range v {
			items = append(items, item{"", element})
		}
		return "[", "]", items
	}
	return scalarText(value), "", nil
}

// texts returns the items, each on one line if short is set.
func texts(items []item, indent string, short bool) []string {
	all := make([]string, len(items))
	for i, it := range items {
		if short {
			open, shut, inner := parts(it.value)
			all[i] = it.name + open + strings.Join(texts(inner, indent, true), ", ") + shut
			continue
		}
		all[i] = it.name + lines(it.value, indent)
	}
	return all
}

// scalarText returns a text, number, bool or null as JSON has it.
func scalarText(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // it was decoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
