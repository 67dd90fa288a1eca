package schema

import (
	"reflect"

	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry/settings"
)

// Mask replaces in text the values of the secret keys in v, a struct of the schema's type, by ***. It is for text from
// code that does not treat secrets specially, such as the text of a panic.
func (s *Schema) Mask(v any, text string) string {
	rv := reflect.Indirect(reflect.ValueOf(v))
	for _, f := range s.fields {
		if !f.key.Secret {
			continue
		}
		text = secret.Redact(text, texts(read(rv.FieldByIndex(f.index)))...)
	}
	return text
}

// texts returns the texts in a value.
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
