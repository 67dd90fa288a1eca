package jsonschema

import (
	"fmt"

	"github.com/spanroute/spanroute/internal/pattern"
)

// A substitution is ${NAME}, ${env:NAME} or ${NAME:-default}. A dollar sign before it makes it literal.
const (
	substitution = `\$\{(env:)?[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`
	literal      = `([^$]|\$+[^${]|\$\$+\{)`
	anything     = `(` + literal + `|` + substitution + `)*`
)

var (
	text     = Schema{"pattern": "^" + anything + `\$*$`}
	variable = Schema{"pattern": "^" + literal + "*" + substitution + anything + `\$*$`}
)

// anyText accepts texts whose variables are written correctly, and all values of other types.
var anyText = Ref("text")

// empty accepts the empty text, and all values of other types. An enumeration would make an editor propose it.
var empty = Schema{"maxLength": 0}

// Text accepts texts of the given forms. An empty text is not set, and null neither.
func Text(forms ...Schema) Schema {
	s := Schema{"type": []string{"string", "null"}, "allOf": []Schema{anyText}}
	if len(forms) > 0 {
		s["anyOf"] = append(append([]Schema{}, forms...), empty, Ref("variable"))
	}
	return s
}

// Words accepts the given words in any letter case, which other spellings may replace.
func Words(words, spellings []string) Schema {
	return Text(Enum(words...), Pattern(pattern.Whole(pattern.AnyCase(spellings...))))
}

// List accepts lists whose items are of one of the given forms, and texts of the form inText, which commas separate.
func List(inText Schema, forms ...Schema) Schema {
	item := Schema{"type": "string", "allOf": []Schema{anyText}}
	if len(forms) > 0 {
		item["anyOf"] = append(append([]Schema{}, forms...), Pattern("^"+pattern.Space+"$"), Ref("variable"))
	}
	return Schema{
		"type": []string{"array", "string", "null"}, "items": item,
		"allOf": []Schema{anyText}, "anyOf": []Schema{inText, Ref("variable")},
	}
}

// AtMostItems accepts texts with at most n items that commas separate, empty ones included.
func AtMostItems(n int) Schema { return Pattern(fmt.Sprintf(`^[^,]*(,[^,]*){0,%d}$`, n-1)) }

// AtMost returns a copy of the schema of a list that accepts at most n items.
func (s Schema) AtMost(n int) Schema { return s.with("maxItems", n) }

// anyCaseItems returns the form of an item and of a text with items, for words in any letter case.
func anyCaseItems(words []string) (item, inText Schema) {
	word := pattern.AnyCase(words...)
	return Pattern(pattern.Whole(pattern.Space + word + pattern.Space)), Pattern(pattern.Whole(pattern.List(word)))
}

// WordList accepts lists of the given words in any letter case, which other spellings may replace.
func WordList(words, spellings []string) Schema {
	item, inText := anyCaseItems(spellings)
	return List(inText, Enum(words...), item)
}

// WordListOr accepts what [WordList] accepts, and the word alone, also repeated, which means an empty list.
func WordListOr(alone string, words, spellings []string) Schema {
	item, inText := anyCaseItems(spellings)
	aloneItem, aloneInText := anyCaseItems([]string{alone})
	blank := Pattern("^" + pattern.Space + "$")
	s := List(AnyOf(aloneInText, inText), append([]Schema{Enum(append([]string{alone}, words...)...)}, item, aloneItem)...)
	only := func(form Schema) Schema { return Schema{"items": AnyOf(form, blank, Ref("variable"))} }
	s["allOf"] = []Schema{anyText, AnyOf(only(item), only(aloneItem))}
	return s
}
