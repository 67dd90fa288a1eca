package settings

import (
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The parse functions read one value of a type from text, as config.md section 4 says for variables and
// flags. Their faults quote the text; the From functions of a secret key do not let that out.

var (
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
	return false, Errorf(ErrWrongType, "%s is neither true nor false", shown(text))
}

// ParseInt reads decimal digits without leading zeros.
func ParseInt(text string) (int, error) {
	switch {
	case zeros.MatchString(text):
		return 0, Errorf(ErrWrongType, "%s has leading zeros", shown(text))
	case !digits.MatchString(text):
		return 0, Errorf(ErrWrongType, "%s is not a whole number", shown(text))
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, Errorf(ErrOutOfRange, "%s is out of range", shown(text))
	}
	return n, nil
}

// ParseNumber reads a decimal number, with an exponent or without. Negative zero is 0; YAML's words for
// NaN and the infinities, and what is too large for a float64, are out of range.
func ParseNumber(text string) (float64, error) {
	switch {
	case special.MatchString(text):
		return 0, Errorf(ErrOutOfRange, "%s is out of range", text)
	case zeros.MatchString(text):
		return 0, Errorf(ErrWrongType, "%s has leading zeros", shown(text))
	case !numeric.MatchString(text):
		return 0, Errorf(ErrWrongType, "%s is not a number", shown(text))
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, Errorf(ErrOutOfRange, "%s is out of range", shown(text))
	}
	return f + 0, nil // -0 + 0 is 0
}

// ParseDuration reads a number of seconds or Go's duration text ("500ms"). Any sign is fine here.
func ParseDuration(text string) (time.Duration, error) {
	if base60.MatchString(text) {
		return 0, Errorf(ErrWrongType, "%s is no duration", shown(text)).
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
		return 0, Errorf(ErrWrongType, "%s is no duration, want seconds or a text like \"500ms\"", shown(text))
	}
	return d, nil
}

func seconds(f float64) (time.Duration, error) {
	ns := math.Round(f * float64(time.Second))
	if math.IsNaN(ns) || math.Abs(ns) >= math.MaxInt64 {
		return 0, Errorf(ErrOutOfRange, "%v is out of range", f)
	}
	return time.Duration(ns), nil
}

// ParseList reads a comma-separated list, or a JSON array if the text begins with "[". Items are trimmed
// and empty ones dropped; empty counts those. The result is never nil.
func ParseList(text string) (items []string, empty int, err error) {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "[") {
		if err := json.Unmarshal([]byte(trimmed), &items); err != nil || slices.Contains(nulls(trimmed), true) {
			return []string{}, 0, Errorf(ErrWrongType, "the list begins with [ and is no JSON array of texts")
		}
		items, empty = trimItems(items)
		return items, empty, nil
	}
	items, empty = SplitList(text)
	return items, empty, nil
}

// nulls says for each item of a JSON array whether it is null, which Unmarshal reads as "".
func nulls(array string) []bool {
	var raw []*string
	_ = json.Unmarshal([]byte(array), &raw) // the caller has unmarshalled the same text
	is := make([]bool, len(raw))
	for i, item := range raw {
		is[i] = item == nil
	}
	return is
}

// SplitList splits text at commas: the list text of a file, which has no JSON. "" is an empty list.
func SplitList(text string) (items []string, empty int) {
	if strings.TrimSpace(text) == "" {
		return []string{}, 0
	}
	return trimItems(strings.Split(text, ","))
}

func trimItems(raw []string) (items []string, empty int) {
	items = make([]string, 0, len(raw))
	for _, item := range raw {
		if item = strings.TrimSpace(item); item == "" {
			empty++
			continue
		}
		items = append(items, item)
	}
	return items, empty
}

// ParsePairs reads "k=v,k2=v2", or a JSON object of texts if the text begins with "{". The good pairs are
// returned even beside faults; a fault names a pair by its position and name and never shows a value.
func ParsePairs(text string) (good Pairs, faults []error) {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") {
		return parseObject(trimmed)
	}
	return SplitPairs(text)
}

// SplitPairs reads "k=v,k2=v2": split at commas, cut at the first =, both sides trimmed, the value
// percent-decoded ("+" stays "+").
func SplitPairs(text string) (good Pairs, faults []error) {
	good = Pairs{}
	if strings.TrimSpace(text) == "" {
		return good, nil
	}
	for i, item := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(item, "=")
		name = strings.TrimSpace(name)
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		switch {
		case !ok:
			faults = append(faults, Errorf(ErrHeader, "pair %d has no =, want name=value", i+1))
		case name == "":
			faults = append(faults, Errorf(ErrHeader, "pair %d has no name, want name=value", i+1))
		case err != nil:
			faults = append(faults, Errorf(ErrHeader, "pair %d, %s: a %% in the value is not followed by two hex digits", i+1, Quote(name)).
				WithHint("a percent sign is %25"))
		default:
			good = append(good, Pair{name, decoded})
		}
	}
	return good, faults
}

func parseObject(text string) (Pairs, []error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	good := Pairs{}
	_, _ = dec.Token() // the "{" that the caller saw
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return good, []error{Errorf(ErrSyntax, "the map begins with { and is no JSON object")}
		}
		value, err := dec.Token()
		if _, nested := value.(json.Delim); err != nil || nested || value == nil {
			return good, []error{Errorf(ErrWrongType, "%s has no plain value", Quote(name.(string)))}
		}
		good = append(good, Pair{name.(string), scalarText(value)})
	}
	if _, err := dec.Token(); err != nil || dec.InputOffset() != int64(len(text)) {
		return good, []error{Errorf(ErrSyntax, "the map begins with { and is no JSON object")}
	}
	return good, nil
}

// shown is text as an error shows it: numbers and bools as they are, everything else quoted.
func shown(text string) string {
	if len(text) <= quotedRunes && isPlain(text) {
		return text
	}
	return Quote(text)
}
