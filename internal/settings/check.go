package settings

import (
	"slices"
	"strings"
	"time"
)

// checked returns v, enumerations normalised, or why it is outside the range or the enumeration.
func (k Key) checked(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return k.inRange(v, float64(v), nil)
	case float64:
		return k.inRange(v, v, nil)
	case time.Duration:
		return k.inRange(v, float64(v), v)
	case string:
		return k.member(v)
	case []string:
		return k.members(v)
	}
	return v, nil
}

func (k Key) inRange(v any, x float64, d any) (any, error) {
	b, err := k.bounds()
	if err != nil || b.holds(x) {
		return v, err
	}
	if k.Secret {
		return nil, Errorf(ErrOutOfRange, "the value is out of range, want %s", b)
	}
	return nil, Errorf(ErrOutOfRange, "%v is out of range, want %s", v, b)
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
	f, ok := err.(*Fault)
	if !ok {
		return err
	}
	if k.Secret {
		return Errorf(f.Kind, "the value is not %s%s", k.article(), k.wants())
	}
	return &Fault{Kind: f.Kind, Message: f.Message + k.wants(), Hint: f.Hint}
}

// found is text as an error shows it; secrets are not shown.
func (k Key) found(text string) string {
	if k.Secret {
		return "the value"
	}
	return Quote(text)
}

// plain is found for what was written without quotes.
func (k Key) plain(text string) string {
	if k.Secret {
		return "the value"
	}
	return text
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
