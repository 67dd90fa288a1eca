package settings

import (
	"errors"
	"strings"
)

// FromText converts the text of a variable or flag to the Go type of k: bool, int, float64,
// time.Duration, string, []string or Pairs. Empty text is nil, which is "not set"; "[]" and "{}" are an
// empty list and map. Ranges and enumerations are checked.
func FromText(k Key, text string) (any, error) {
	if k.Type != TypeString {
		text = strings.TrimSpace(text)
	}
	if text == "" {
		return nil, nil
	}
	switch k.Type {
	case TypeList:
		items, _, err := ParseList(text)
		if err != nil {
			return nil, err
		}
		return k.checked(items, "")
	case TypeMap:
		pairs, faults := ParsePairs(text)
		if len(faults) > 0 {
			return nil, errors.Join(faults...)
		}
		return pairs, nil
	}
	v, err := k.parse(text)
	if err != nil {
		return nil, k.explain(err)
	}
	return k.checked(v, text)
}

// parse reads the scalar types.
func (k Key) parse(text string) (any, error) {
	switch k.Type {
	case TypeBool:
		return ParseBool(text)
	case TypeInt:
		return ParseInt(text)
	case TypeFloat:
		return ParseNumber(text)
	case TypeDuration:
		return ParseDuration(text)
	}
	return text, nil
}
