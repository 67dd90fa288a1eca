package schema

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// checked returns v with the canonical spelling of an enumeration, or an error if it is outside the range or the
// enumeration. text is v as written in its source.
//
// It runs after the conversion and is the only place that knows ranges and enumerations, so that the value of a
// variable, a file and a map of code is accepted or rejected alike. Bools, pairs and strings without an enumeration
// have neither and are returned unchanged. A secret value does not occur in the error.
func checked(k settings.Key, v any, text string) (any, error) {
	switch v := v.(type) {
	case int:
		return inRange(k, v, float64(v), text)
	case float64:
		return inRange(k, v, v, text)
	case time.Duration:
		return inRange(k, v, float64(v), text)
	case string:
		return member(k, v)
	case []string:
		return members(k, v)
	}
	return v, nil
}

// inRange returns v if x, the same value as a float, is within the range of k. Of reports an invalid range tag, so the
// error of boundsOf cannot occur for a key of a schema.
func inRange(k settings.Key, v any, x float64, text string) (any, error) {
	b, err := boundsOf(k)
	if err != nil || b.holds(x) {
		return v, err
	}
	return nil, settings.Errorf(settings.ErrOutOfRange, "%s is out of range, want %s", shownIn(k, text), b)
}

// members checks each item of a list as [member] does. It stops at the first item that is not a member: the fault names
// the item, and the number of an item means nothing in a list of plain words.
func members(k settings.Key, items []string) (any, error) {
	if k.Enum == nil {
		return items, nil
	}
	values := make([]string, 0, len(items))
	for _, item := range items {
		value, err := member(k, item)
		if err != nil {
			return nil, err
		}
		values = append(values, value.(string))
	}
	return values, nil
}

// member returns the canonical spelling of text, which it looks up among the values and then among their other
// spellings. It distinguishes a value that spanroute knows and does not support from one that it does not know: only
// the second can be a typing error, so only the second has a suggestion.
func member(k settings.Key, text string) (any, error) {
	if k.Enum == nil {
		return text, nil
	}
	if i := slices.IndexFunc(k.Enum, func(v string) bool { return strings.EqualFold(v, text) }); i >= 0 {
		return k.Enum[i], nil
	}
	value, known := k.Spellings[strings.ToLower(text)]
	switch {
	case known && value != "":
		return value, nil
	case known:
		return nil, settings.Errorf(settings.ErrUnsupported, "%s is not supported, want %s", shownIn(k, text), phrase.Words(k.Enum, "or"))
	case k.Secret:
		return nil, settings.Errorf(settings.ErrUnknownValue, "the value is unknown, want %s", phrase.Words(k.Enum, "or"))
	}
	return nil, settings.Errorf(settings.ErrUnknownValue, "%s is unknown, want %s", shownIn(k, text), phrase.Words(k.Enum, "or")).
		WithHint(phrase.DidYouMean(text, k.Enum))
}

// explain adds the accepted values to a fault of a parse function and removes the value of a secret from it. A message
// that already names the accepted values stays unchanged.
func explain(k settings.Key, err error) error {
	var f *settings.Fault
	if !errors.As(err, &f) {
		return err
	}
	if k.Secret {
		return settings.Errorf(f.Kind, "the value is not %s%s", article(k), wants(k))
	}
	if strings.Contains(f.Message, ", want ") {
		return f
	}
	return &settings.Fault{Kind: f.Kind, Message: f.Message + wants(k), Hint: f.Hint}
}

// shownIn returns text for an error: numbers and bools unchanged, other text quoted, "the value" for a secret.
func shownIn(k settings.Key, text string) string {
	if k.Secret {
		return "the value"
	}
	return shown(text)
}

// quotedIn is like shownIn, but quotes numbers and bools too.
func quotedIn(k settings.Key, text string) string {
	if k.Secret {
		return "the value"
	}
	return phrase.Quote(text)
}

// wantsValues returns the values of an enumeration as [wants] does. It is for a fault about the type of a value, where
// a range would distract.
func wantsValues(k settings.Key) string {
	if k.Enum == nil {
		return ""
	}
	return wants(k)
}

// article returns what a value of k must be, with its article: "a whole number", "true or false".
func article(k settings.Key) string {
	switch k.Type {
	case settings.TypeInt:
		return "a whole number"
	case settings.TypeFloat:
		return "a number"
	case settings.TypeBool:
		return "true or false"
	case settings.TypeString:
		return "text"
	case settings.TypeObjects:
		return "a list of maps"
	}
	return "a " + string(k.Type)
}
