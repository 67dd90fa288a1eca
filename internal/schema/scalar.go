package schema

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// numberText returns a number or bool as a YAML file has it. The text then takes the same way as the text of a file, so
// that 9411, 9411.0 and "9411" have the same checks and messages.
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

// element returns the value in an interface.
func element(rv reflect.Value) reflect.Value {
	if rv.Kind() == reflect.Interface {
		return rv.Elem()
	}
	return rv
}

// plainText returns the text of a scalar, false for nil, lists, maps and structs. YAML reads an unquoted 1 or true in a
// map of headers as a number or bool, although an HTTP header is text.
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

// scalarText returns the text of a JSON scalar: a string, a json.Number or a bool.
func scalarText(v any) string {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b)
	}
	return fmt.Sprint(v)
}
