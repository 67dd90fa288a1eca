package schema

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// The parse functions read one value of a type from the text of a variable or flag. Their faults quote the text; the
// From functions remove it for secret keys.

var (
	// Numbers are those of the core schema of YAML 1.2 without its octal and hexadecimal forms. special are the floats
	// that are not numbers, which YAML writes as words; base60 is a number of YAML 1.1, such as 1:30 for 90.
	digits  = regexp.MustCompile(`^-?[0-9]+$`)
	zeros   = regexp.MustCompile(`^-?0[0-9]`)
	numeric = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
	special = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	base60  = regexp.MustCompile(`^[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?$`)
)

// ParseBool reads true or false in any letter case.
func ParseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, settings.Errorf(settings.ErrWrongType, "%s is neither true nor false", shown(text))
}

// ParseInt reads decimal digits without leading zeros. Leading zeros are a fault, because YAML 1.1 and many languages
// read them as octal: 010 would be 8 or 10.
func ParseInt(text string) (int, error) {
	switch {
	case zeros.MatchString(text):
		return 0, settings.Errorf(settings.ErrWrongType, "%s has leading zeros", shown(text))
	case !digits.MatchString(text):
		return 0, settings.Errorf(settings.ErrWrongType, "%s is not a whole number", shown(text))
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, settings.Errorf(settings.ErrOutOfRange, "%s is out of range", shown(text))
	}
	return n, nil
}

// ParseNumber reads a decimal number, with or without an exponent. Negative zero is 0. YAML's words for NaN and the
// infinities, and numbers that are too large for a float64, are out of range. Hexadecimal numbers and underscores,
// which strconv accepts, are faults: they differ between YAML 1.1, 1.2 and JSON.
func ParseNumber(text string) (float64, error) {
	switch {
	case special.MatchString(text):
		return 0, settings.Errorf(settings.ErrOutOfRange, "%s is out of range", text)
	case zeros.MatchString(text):
		return 0, settings.Errorf(settings.ErrWrongType, "%s has leading zeros", shown(text))
	case !numeric.MatchString(text):
		return 0, settings.Errorf(settings.ErrWrongType, "%s is not a number", shown(text))
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, settings.Errorf(settings.ErrOutOfRange, "%s is out of range", shown(text))
	}
	return f + 0, nil // -0 + 0 is 0
}

// ParseDuration reads a number of seconds or a Go duration ("500ms"). It accepts any sign.
func ParseDuration(text string) (time.Duration, error) {
	if base60.MatchString(text) {
		return 0, settings.Errorf(settings.ErrWrongType, "%s is not a duration", shown(text)).
			WithHint("YAML 1.1 reads base 60; write seconds")
	}
	if numeric.MatchString(text) || special.MatchString(text) {
		f, err := ParseNumber(text)
		if err != nil {
			return 0, err
		}
		return seconds(f)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, settings.Errorf(settings.ErrWrongType, "%s is not a duration, want seconds or a text like \"500ms\"", shown(text))
	}
	return d, nil
}

// seconds converts a number of seconds, rounded to nanoseconds.
func seconds(f float64) (time.Duration, error) {
	ns := math.Round(f * float64(time.Second))
	if math.IsNaN(ns) || math.Abs(ns) >= math.MaxInt64 {
		return 0, settings.Errorf(settings.ErrOutOfRange, "%v is out of range", f)
	}
	return time.Duration(ns), nil
}

// shown returns text for an error: numbers and bools unchanged, everything else quoted.
func shown(text string) string {
	if len(text) <= 64 && isPlain(text) {
		return text
	}
	return phrase.Quote(text)
}

// isPlain reports whether YAML reads unquoted text as a number or bool.
func isPlain(text string) bool {
	switch text {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return numeric.MatchString(text) || special.MatchString(text)
}
