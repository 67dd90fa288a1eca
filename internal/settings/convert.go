package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// FromYAML converts a YAML scalar, given as its source text and whether it is quoted (or a block), to the
// Go type of k. Null is not passed. coerced, if not empty, says how the value was read although another
// type was written: a warning for people, such as `"6831" is quoted, write 6831`.
func FromYAML(k Key, text string, quoted bool) (value any, coerced string, err error) {
	switch k.Type {
	case TypeList:
		return k.listScalar(text, quoted)
	case TypeMap:
		return k.mapScalar(text, quoted)
	case TypeString:
		return k.textScalar(text, quoted)
	case TypeBool:
		value, coerced, err = yamlBool(text, quoted)
	case TypeInt:
		value, coerced, err = yamlInt(text)
	default:
		value, err = k.parse(text)
	}
	if err != nil {
		return nil, "", k.explain(err)
	}
	if value, err = k.checked(value, text); err != nil {
		return nil, "", err
	}
	if quoted && coerced == "" && k.Type != TypeDuration {
		coerced = k.quoted(text) + " is quoted, write it plain"
	}
	return value, coerced, nil
}

func (k Key) listScalar(text string, quoted bool) (any, string, error) {
	if !quoted && isPlain(text) {
		return nil, "", Errorf(ErrWrongType, "%s is not a list", k.found(text))
	}
	items, _ := SplitList(text)
	value, err := k.checked(items, "")
	return value, "", err
}

func (k Key) mapScalar(text string, quoted bool) (any, string, error) {
	if !quoted && isPlain(text) {
		return nil, "", Errorf(ErrWrongType, "%s is not a map", k.found(text))
	}
	pairs, faults := SplitPairs(text)
	if len(faults) > 0 {
		return nil, "", errors.Join(faults...)
	}
	return pairs, "", nil
}

func (k Key) textScalar(text string, quoted bool) (any, string, error) {
	if text == "" {
		return nil, "", nil
	}
	address := k.Format == "ipv4" || k.Format == "ipv6"
	if !quoted && isPlain(text) && !(address && digits.MatchString(text)) {
		return nil, "", Errorf(ErrWrongType, "%s is not text%s", k.found(text), k.wantsValues()).WithHint("quote it")
	}
	value, err := k.checked(text, text)
	return value, "", err
}

var yes = regexp.MustCompile(`^(?i:yes|no|on|off|true|false)$`)

func yamlBool(text string, quoted bool) (any, string, error) {
	low := strings.ToLower(text)
	spelling := text == low || text == strings.ToUpper(text) || text == strings.ToUpper(text[:1])+low[1:]
	if !yes.MatchString(text) || !quoted && !spelling {
		return nil, "", Errorf(ErrWrongType, "%s is neither true nor false", shown(text))
	}
	value := low == "yes" || low == "on" || low == "true"
	if quoted || low != "true" && low != "false" {
		return value, fmt.Sprintf("%s is read as %t, write %t", Quote(text), value, value), nil
	}
	return value, "", nil
}

// yamlInt takes whole floats too: 10.0, 1e3.
func yamlInt(text string) (any, string, error) {
	n, err := ParseInt(text)
	if err == nil || digits.MatchString(text) || !numeric.MatchString(text) {
		return n, "", err
	}
	f, ferr := ParseNumber(text)
	if ferr != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<62 {
		return nil, "", err
	}
	return int(f), fmt.Sprintf("%s is read as %d", text, int(f)), nil
}

// FromValue converts a value of a map made by code, or of a decoded file, to the Go type of k. Whole
// floats are fine for an int; a number is seconds for a duration; a list or map may be given as the text a
// file would have. nil and empty text are nil, which is "not set". coerced is as for [FromYAML].
func FromValue(k Key, v any) (value any, coerced string, err error) {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	switch rv.Kind() {
	case reflect.Invalid, reflect.Pointer:
		return nil, "", nil
	case reflect.String:
		if _, number := v.(json.Number); number {
			return FromYAML(k, rv.String(), false)
		}
		return FromYAML(k, rv.String(), true)
	case reflect.Slice, reflect.Array:
		return k.fromSlice(rv)
	case reflect.Map:
		return k.fromMap(rv)
	}
	if d, ok := rv.Interface().(time.Duration); ok && k.Type == TypeDuration {
		value, err = k.checked(d, d.String())
		return value, "", err
	}
	text, ok := numberText(rv)
	if !ok {
		return nil, "", Errorf(ErrWrongType, "a %s is not %s", rv.Type(), k.article())
	}
	value, _, err = FromYAML(k, text, false)
	return value, "", err // a whole float for an int is silent in code
}

// numberText is a number or bool as a YAML file would have it.
func numberText(rv reflect.Value) (string, bool) {
	switch {
	case rv.Kind() == reflect.Bool:
		return strconv.FormatBool(rv.Bool()), true
	case rv.CanInt():
		return strconv.FormatInt(rv.Int(), 10), true
	case rv.CanUint():
		return strconv.FormatUint(rv.Uint(), 10), true
	case !rv.CanFloat():
		return "", false
	}
	f := rv.Float()
	switch {
	case math.IsNaN(f):
		return ".nan", true
	case math.IsInf(f, 0):
		return ".inf", true
	case f == math.Trunc(f) && math.Abs(f) < 1<<63:
		return strconv.FormatFloat(f, 'f', -1, 64), true
	}
	return strconv.FormatFloat(f, 'g', -1, 64), true
}

func (k Key) fromSlice(rv reflect.Value) (any, string, error) {
	switch k.Type {
	case TypeList:
		items, err := k.items(rv)
		if err != nil {
			return nil, "", err
		}
		value, err := k.checked(items, "")
		return value, "", err
	case TypeMap:
		pairs, err := k.pairs(rv)
		return pairs, "", err
	}
	return nil, "", Errorf(ErrWrongType, "a list is not %s", k.article())
}

func (k Key) items(rv reflect.Value) ([]string, error) {
	items := make([]string, 0, rv.Len())
	var faults []error
	for i := range rv.Len() {
		item := element(rv.Index(i))
		if item.Kind() != reflect.String {
			faults = append(faults, Errorf(ErrWrongType, "item %d is not text", i+1).WithHint("quote it"))
			continue
		}
		items = append(items, item.String())
	}
	items, _ = trimItems(items)
	return items, errors.Join(faults...)
}

// pairs reads Pairs, or a list of two-item lists.
func (k Key) pairs(rv reflect.Value) (any, error) {
	if pairs, ok := rv.Interface().(Pairs); ok {
		return slices.Clone(pairs), nil
	}
	pairs := Pairs{}
	var faults []error
	for i := range rv.Len() {
		item := element(rv.Index(i))
		if item.Kind() != reflect.Slice && item.Kind() != reflect.Array || item.Len() != 2 {
			faults = append(faults, Errorf(ErrHeader, "item %d is not a pair, want [name, value]", i+1))
			continue
		}
		name, ok := plainText(item.Index(0))
		value, ok2 := plainText(item.Index(1))
		if !ok || !ok2 {
			faults = append(faults, Errorf(ErrWrongType, "item %d has no plain name and value", i+1))
			continue
		}
		pairs = append(pairs, Pair{name, value})
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return pairs, nil
}

func (k Key) fromMap(rv reflect.Value) (any, string, error) {
	if k.Type != TypeMap {
		return nil, "", Errorf(ErrWrongType, "a map is not %s", k.article())
	}
	pairs := make(Pairs, 0, rv.Len())
	var faults []error
	for it := rv.MapRange(); it.Next(); {
		name, ok := plainText(it.Key())
		value, ok2 := plainText(it.Value())
		if !ok || !ok2 {
			faults = append(faults, Errorf(ErrWrongType, "%s has no plain value", Quote(name)))
			continue
		}
		pairs = append(pairs, Pair{name, value})
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, "", errors.Join(faults...)
	}
	slices.SortFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	return pairs, "", nil
}

// element looks through interfaces.
func element(rv reflect.Value) reflect.Value {
	if rv.Kind() == reflect.Interface {
		return rv.Elem()
	}
	return rv
}

func plainText(rv reflect.Value) (string, bool) {
	rv = element(rv)
	if rv.Kind() == reflect.String {
		return rv.String(), true
	}
	if !rv.IsValid() {
		return "", false
	}
	return numberText(rv)
}

func scalarText(v any) string {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b)
	}
	return fmt.Sprint(v)
}

// isPlain reports whether YAML reads unquoted text as a number or bool.
func isPlain(text string) bool {
	switch text {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return numeric.MatchString(text) || special.MatchString(text)
}
