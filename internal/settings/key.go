package settings

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Type is what kind of value a key takes.
type Type string

// The types of keys, and the Go type of a converted value.
const (
	TypeString   Type = "string"   // string
	TypeInt      Type = "int"      // int
	TypeFloat    Type = "float"    // float64
	TypeBool     Type = "bool"     // bool
	TypeDuration Type = "duration" // time.Duration
	TypeList     Type = "list"     // []string
	TypeMap      Type = "map"      // Pairs
)

// Key is one key of a settings struct.
type Key struct {
	Path    string   // "thrift.agent_port", relative to the struct
	Aliases []string // other paths, relative to the struct
	OTel    []string // full names of environment variables, the stronger first
	Type    Type
	Doc     string
	Default any      // of the Go type that goes with Type; nil for secrets and what is not set (nil pointers, a 0 outside the range)
	Enum    []string // the values; nil if any will do
	Secret  bool
	Hot     bool
	Format  string // "", "pem", "ipv4", "ipv6", "headers" or "metadata"
	Range   string // "1..65535", "0..", "..1" or ""

	With      string // the path of the key that must be set together with this one; may be empty
	Overrides string // the path of a more general key that this one overrides within a layer; may be empty

	spellings map[string]string // other spelling, lower case -> value of Enum; "" is not supported
}

// Pair is one entry of a free-form map.
type Pair struct{ Name, Value string }

// Pairs is a free-form map in the order it was written: headers, resource attributes.
type Pairs []Pair

// Map returns the pairs as a map; the last of equal names wins.
func (p Pairs) Map() map[string]string {
	m := make(map[string]string, len(p))
	for _, pair := range p {
		m[pair.Name] = pair.Value
	}
	return m
}

// bounds is a parsed range tag; an absent end is infinite.
type bounds struct {
	lo, hi   float64 // durations in nanoseconds
	from, to string  // as written, "" if absent
	above    bool    // lo itself is outside
}

func (k Key) bounds() (bounds, error) {
	b := bounds{lo: math.Inf(-1), hi: math.Inf(1)}
	if k.Range == "" {
		if k.Type == TypeDuration {
			b.lo, b.above = 0, true
		}
		return b, nil
	}
	from, to, ok := strings.Cut(k.Range, "..")
	if !ok || from+to == "" {
		return b, fmt.Errorf("range tag %s is not of the form lo..hi", Quote(k.Range))
	}
	var err error
	if b.from = from; from != "" {
		b.lo, err = k.bound(from)
	}
	if b.to = to; to != "" && err == nil {
		b.hi, err = k.bound(to)
	}
	if err == nil && b.lo > b.hi {
		err = fmt.Errorf("range tag %s is empty", Quote(k.Range))
	}
	return b, err
}

func (k Key) bound(text string) (float64, error) {
	if k.Type == TypeDuration && text != "0" {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("range tag %s is no range of durations", Quote(k.Range))
		}
		return float64(d), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("range tag %s is no range of numbers", Quote(k.Range))
	}
	return f, nil
}

func (b bounds) holds(x float64) bool {
	return x >= b.lo && x <= b.hi && (!b.above || x > b.lo)
}

// String says the range in words: "1 to 65535", "512 or more".
func (b bounds) String() string {
	switch {
	case b.above:
		return "more than 0"
	case b.from != "" && b.to != "":
		return b.from + " to " + b.to
	case b.from != "":
		return b.from + " or more"
	case b.to != "":
		return "at most " + b.to
	}
	return ""
}

// wants is what a message about a value of another type ends with: ", want 1 to 65535".
func (k Key) wants() string {
	if len(k.Enum) > 0 {
		return ", want " + Words(k.Enum, "or")
	}
	b, _ := k.bounds()
	if b.above || b.String() == "" {
		return ""
	}
	return ", want " + b.String()
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	pairsType    = reflect.TypeFor[Pairs]()
)

// typeOf returns the key type of a field, false if values cannot be decoded into it.
func typeOf(t reflect.Type) (Type, bool) {
	if t.Kind() == reflect.Pointer {
		inner, ok := typeOf(t.Elem())
		return inner, ok && t.Elem().Kind() != reflect.Pointer && inner != TypeList && inner != TypeMap
	}
	switch {
	case t == durationType:
		return TypeDuration, true
	case t == pairsType, t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String:
		return TypeMap, true
	case t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[string]():
		return TypeList, true
	}
	switch t.Kind() {
	case reflect.String:
		return TypeString, true
	case reflect.Bool:
		return TypeBool, true
	case reflect.Int, reflect.Int32, reflect.Int64:
		return TypeInt, true
	case reflect.Float64:
		return TypeFloat, true
	}
	return "", false
}
