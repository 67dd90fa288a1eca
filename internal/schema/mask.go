package schema

import (
	"reflect"

	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// Mask replaces in text the values of the secret keys in v, a struct of the schema's type, by ***. It is for text from
// code that does not treat secrets specially, such as the text of a panic. Longer values are replaced first, so that
// one secret within another leaves no rest.
func (s *Schema) Mask(v any, text string) string {
	rv := reflect.Indirect(reflect.ValueOf(v))
	var values []string
	for _, f := range s.fields {
		if f.key.Secret {
			values = append(values, texts(read(rv.FieldByIndex(f.index)))...)
		}
	}
	return secret.Redact(text, values...)
}

// texts returns the texts in a value. Numbers and bools cannot be secrets: their digits would be masked everywhere.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case settings.Pairs:
		var values []string
		for _, p := range v {
			values = append(values, p.Value)
		}
		return values
	}
	return nil
}
