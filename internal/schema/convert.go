package schema

import (
	"errors"
	"strings"

	"github.com/spanroute/spanroute/registry/settings"
)

// FromText converts the text of a variable or flag to the Go type of k: bool, int, float64, time.Duration, string,
// []string or Pairs. It returns nil, which means not set, for empty text; "[]" and "{}" are an empty list and map. It
// checks ranges and enumerations. Text of the type string is not trimmed, because a password may begin with a space.
func FromText(k settings.Key, text string) (any, error) {
	if k.Type != settings.TypeString {
		text = strings.TrimSpace(text)
	}
	if text == "" {
		return nil, nil
	}
	switch k.Type {
	case settings.TypeList:
		items, _, err := ParseList(text)
		if err != nil {
			return nil, err
		}
		return checked(k, items, "")
	case settings.TypeObjects:
		return parseObjects(text)
	case settings.TypeMap:
		pairs, faults := ParsePairs(text)
		if len(faults) > 0 {
			return nil, errors.Join(faults...)
		}
		return pairs, nil
	}
	v, err := parse(k, text)
	if err != nil {
		return nil, explain(k, err)
	}
	return checked(k, v, text)
}

// parse reads the scalar types. A list or map has no scalar form, so the callers handle these types before.
func parse(k settings.Key, text string) (any, error) {
	switch k.Type {
	case settings.TypeBool:
		return ParseBool(text)
	case settings.TypeInt:
		return ParseInt(text)
	case settings.TypeFloat:
		return ParseNumber(text)
	case settings.TypeDuration:
		return ParseDuration(text)
	}
	return text, nil
}
