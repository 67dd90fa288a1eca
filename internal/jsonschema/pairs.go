package jsonschema

import "github.com/spanroute/spanroute/internal/pattern"

// A PairForm is the form of the names and values of a free-form map.
type PairForm struct {
	Name  string // anchored pattern of a name; "" for any
	Value string // anchored pattern of a value that is a text; "" for any
	Text  string // anchored pattern of name=value pairs that commas separate
}

// AnyPairs is the form of maps with any names and values. In a text, a value has percent escapes of UTF-8.
var AnyPairs = PairForm{Text: pairsInText(`[^,!-~]*[!-+\--<>-~][^,=]*`, `([^,%]|`+utf8Escape+`)*`)}

// Headers returns the form of maps of headers whose names consist of the given characters of a class. Values are printable
// ASCII.
func Headers(class string) PairForm {
	name := `:?[` + class + `]+`
	return PairForm{
		Name: "^" + name + "$", Value: "^[ -~]*$",
		Text: pairsInText(pattern.Space+name+pattern.Space, `([ -$&-+\--~]|%([2-6][0-9A-Fa-f]|7[0-9A-Ea-e]))*`),
	}
}

// The characters of header names: tokens of RFC 9110, and what gRPC can send of them.
const (
	TokenClass    = "!#$%&'*+.^_`|~0-9A-Za-z-"
	MetadataClass = "_.0-9A-Za-z-"
)

// utf8Escape matches the percent escapes of one character.
const utf8Escape = `(%[0-7]` + hexDigit + `|%[Cc][2-9A-Fa-f]` + more + `|%[Dd]` + hexDigit + more +
	`|%[Ee]0%[AaBb]` + hexDigit + more + `|%[Ee][1-9A-Ca-cEeFf]` + more + more + `|%[Ee][Dd]%[89]` + hexDigit + more +
	`|%[Ff]0%[9AaBb]` + hexDigit + more + more + `|%[Ff][1-3]` + more + more + more + `|%[Ff]4%8` + hexDigit + more + more + `)`

const (
	hexDigit = `[0-9A-Fa-f]`
	more     = `%[89AaBb]` + hexDigit
)

func pairsInText(name, value string) string {
	pair := name + "=" + value
	return pattern.Whole(pattern.Space, pair+"("+","+pair+")*")
}

// Pairs accepts free-form maps of one form: as a map, as a list of pairs, and as a text.
func Pairs(form PairForm) Schema {
	value := Schema{"type": []string{"string", "number", "boolean"}, "allOf": []Schema{anyText}}
	name := Schema{"type": []string{"string", "number", "boolean"}}
	s := Schema{"type": []string{"object", "array", "string", "null"}, "allOf": []Schema{anyText}, "anyOf": []Schema{Pattern(form.Text), Ref("variable")}}
	if form.Value != "" {
		value["anyOf"] = []Schema{Pattern(form.Value), Ref("variable")}
	}
	if form.Name != "" {
		name = Schema{"type": "string", "pattern": form.Name}
		s["propertyNames"] = Pattern(form.Name)
	}
	s["additionalProperties"] = value
	s["items"] = Schema{"type": "array", "prefixItems": []Schema{name, value}, "items": false, "minItems": 2}
	return s
}
