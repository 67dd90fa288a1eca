package jsonschema

import (
	"math"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/pattern"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// Value returns the schema of the values of a key by its type, range and enumeration. Null is not set, for every key.
func Value(k settings.Key) Schema { return value(k, false) }

// value is Value. A key of an object of a list is strict: package schema reads no text there as a number or bool.
func value(k settings.Key, strict bool) Schema {
	switch k.Type {
	case settings.TypeBool:
		return scalar("boolean", strict, Pattern(boolText))
	case settings.TypeInt:
		lo, hi := bounds(k)
		return between(scalar("integer", strict, Pattern(intText(lo, hi))), lo, hi)
	case settings.TypeFloat:
		lo, hi := bounds(k)
		return between(scalar("number", strict, Pattern(floatText(lo, hi))), lo, hi)
	case settings.TypeDuration:
		return durationValue(k)
	case settings.TypeList:
		if k.Enum != nil {
			return WordList(k.Enum, k.AllSpellings())
		}
		return List(Schema{})
	case settings.TypeMap:
		return Pairs(AnyPairs)
	case settings.TypeObjects:
		return Schema{"type": []string{"array", "null"}, "items": Object(k.Objects)}
	}
	if k.Enum != nil {
		return Words(k.Enum, k.AllSpellings())
	}
	return Text()
}

// scalar accepts values of a type of JSON, texts of the given form, and texts with variables.
func scalar(jsonType string, strict bool, inText Schema) Schema {
	forms := []Schema{inText, Ref("variable")}
	if strict {
		forms = forms[1:]
	}
	return Schema{"type": []string{jsonType, "string", "null"}, "anyOf": forms}
}

// boolText matches the words that are read as a bool. Without quotes a word has one of three spellings.
var boolText = pattern.Whole(boolWords()...)

func boolWords() []string {
	var all []string
	for _, word := range []string{"true", "false", "yes", "no", "on", "off"} {
		all = append(all, word, strings.ToUpper(word[:1])+word[1:], strings.ToUpper(word))
	}
	return all
}

// The greatest numbers that a schema accepts. They are exact in the floating point of every validator. Package schema reads a
// greater whole number only in some spellings.
const (
	maxInt   = 1e18
	maxFloat = math.MaxFloat64
)

// bounds returns the bounds of an int or float.
func bounds(k settings.Key) (lo, hi float64) {
	lo, hi, _ = schema.Bounds(k)
	limit := maxInt
	if k.Type == settings.TypeFloat {
		limit = maxFloat
	}
	return max(lo, -limit), min(hi, limit)
}

func between(s Schema, lo, hi float64) Schema { return s.with("minimum", lo).with("maximum", hi) }

// maxSeconds is the longest duration, rounded down.
const maxSeconds = 9223372036

// durationValue accepts numbers of seconds and texts. A number that is less than a nanosecond is 0.
func durationValue(k settings.Key) Schema {
	lo, hi, positive := schema.Bounds(k)
	s := Schema{"type": []string{"number", "string", "null"}, "anyOf": []Schema{durationText(lo, hi, positive), Ref("variable")}}
	seconds := func(ns float64) float64 { return ns / float64(time.Second) }
	if positive {
		lo = max(lo, 1)
	}
	return between(s, max(seconds(lo), -maxSeconds), min(seconds(hi), maxSeconds))
}
