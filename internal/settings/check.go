package settings

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// checked returns v, enumerations normalised, or why it is outside the range or the enumeration. text is
// v as it was written.
func (k Key) checked(v any, text string) (any, error) {
	switch v := v.(type) {
	case int:
		return k.inRange(v, float64(v), text)
	case float64:
		return k.inRange(v, v, text)
	case time.Duration:
		return k.inRange(v, float64(v), text)
	case string:
		return k.member(v)
	case []string:
		return k.members(v)
	}
	return v, nil
}

func (k Key) inRange(v any, x float64, text string) (any, error) {
	b, err := k.bounds()
	if err != nil || b.holds(x) {
		return v, err
	}
	return nil, Errorf(ErrOutOfRange, "%s is out of range, want %s", k.found(text), b)
}

func (k Key) members(items []string) (any, error) {
	if k.Enum == nil {
		return items, nil
	}
	values := make([]string, 0, len(items))
	for _, item := range items {
		value, err := k.member(item)
		if err != nil {
			return nil, err
		}
		values = append(values, value.(string))
	}
	return values, nil
}

func (k Key) member(text string) (any, error) {
	if k.Enum == nil {
		return text, nil
	}
	if i := slices.IndexFunc(k.Enum, func(v string) bool { return strings.EqualFold(v, text) }); i >= 0 {
		return k.Enum[i], nil
	}
	value, known := k.spellings[strings.ToLower(text)]
	switch {
	case known && value != "":
		return value, nil
	case known:
		return nil, Errorf(ErrUnsupported, "%s is not supported, want %s", k.found(text), Words(k.Enum, "or"))
	case k.Secret:
		return nil, Errorf(ErrUnknownValue, "the value is unknown, want %s", Words(k.Enum, "or"))
	}
	return nil, Errorf(ErrUnknownValue, "%s is unknown, want %s", k.found(text), Words(k.Enum, "or")).
		WithHint(DidYouMean(text, k.Enum))
}

// explain adds to a fault of a parse function what would do, and takes the value of a secret out of it.
func (k Key) explain(err error) error {
	var f *Fault
	if !errors.As(err, &f) {
		return err
	}
	if k.Secret {
		return Errorf(f.Kind, "the value is not %s%s", k.article(), k.wants())
	}
	if strings.Contains(f.Message, ", want ") {
		return f
	}
	return &Fault{Kind: f.Kind, Message: f.Message + k.wants(), Hint: f.Hint}
}

// found is text as an error shows it: numbers and bools as they are, other text quoted, secrets not.
func (k Key) found(text string) string {
	if k.Secret {
		return "the value"
	}
	return shown(text)
}

// quoted is found with quotes around numbers too.
func (k Key) quoted(text string) string {
	if k.Secret {
		return "the value"
	}
	return Quote(text)
}

func (k Key) wantsValues() string {
	if k.Enum == nil {
		return ""
	}
	return k.wants()
}

func (k Key) article() string {
	switch k.Type {
	case TypeInt:
		return "a whole number"
	case TypeFloat:
		return "a number"
	case TypeBool:
		return "true or false"
	case TypeString:
		return "text"
	}
	return "a " + string(k.Type)
}
