package schema

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// ParseList reads a comma-separated list, or a JSON array if the text begins with "[". It trims the items and drops
// empty ones, whose number is empty. The items are never nil. JSON is for items with commas, such as the pattern
// a{1,3}.
func ParseList(text string) (items []string, empty int, err error) {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "[") {
		if err := json.Unmarshal([]byte(trimmed), &items); err != nil || slices.Contains(nulls(trimmed), true) {
			return []string{}, 0, settings.Errorf(settings.ErrWrongType, "the list begins with [ and is not a JSON array of texts")
		}
		items, empty = trimItems(items)
		return items, empty, nil
	}
	items, empty = SplitList(text)
	return items, empty, nil
}

// nulls reports for each item of a JSON array whether it is null, which Unmarshal reads as "".
func nulls(array string) []bool {
	var raw []*string
	_ = json.Unmarshal([]byte(array), &raw) // the caller has unmarshalled the same text
	is := make([]bool, len(raw))
	for i, item := range raw {
		is[i] = item == nil
	}
	return is
}

// SplitList splits text at commas, as ParseList does, without JSON: a file has lists of its own.
func SplitList(text string) (items []string, empty int) {
	if strings.TrimSpace(text) == "" {
		return []string{}, 0
	}
	return trimItems(strings.Split(text, ","))
}

// trimItems trims the items and counts those that are empty, instead of returning them: a trailing comma is usual and
// harmless, and the caller decides whether to warn.
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

// ParsePairs reads "k=v,k2=v2", or a JSON object of texts if the text begins with "{". It returns the valid pairs
// together with the faults of the others. A fault has the position and the name of a pair, never its value.
func ParsePairs(text string) (good settings.Pairs, faults []error) {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") {
		return parseObject(trimmed)
	}
	return SplitPairs(text)
}

// SplitPairs reads "k=v,k2=v2", as ParsePairs does, without JSON. It splits at commas and at the first =, trims both
// sides and decodes percent escapes in the value ("+" stays "+"). The format is that of W3C Baggage without properties,
// which the OTLP specification requires of OTEL_EXPORTER_OTLP_HEADERS.
func SplitPairs(text string) (good settings.Pairs, faults []error) {
	good = settings.Pairs{}
	if strings.TrimSpace(text) == "" {
		return good, nil
	}
	for i, item := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(item, "=")
		name = strings.TrimSpace(name)
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		switch {
		case !ok:
			faults = append(faults, settings.Errorf(settings.ErrHeader, "pair %d has no =, want name=value", i+1))
		case name == "":
			faults = append(faults, settings.Errorf(settings.ErrHeader, "pair %d has no name, want name=value", i+1))
		case err != nil:
			faults = append(faults, settings.Errorf(settings.ErrHeader, "pair %d, %s: a %% in the value is not followed by two hex digits", i+1, phrase.Quote(phrase.Name(name))).
				WithHint("a percent sign is %25"))
		case !utf8.ValidString(decoded):
			faults = append(faults, settings.Errorf(settings.ErrEncoding, "pair %d, %s: the value is not valid UTF-8", i+1, phrase.Quote(phrase.Name(name))))
		default:
			good = append(good, settings.Pair{Name: name, Value: decoded})
		}
	}
	return good, faults
}

// parseObject reads a JSON object token by token, because Unmarshal into a map would lose the order of the pairs and
// accept a name twice. Numbers keep their spelling. Faults name the pair, never its value.
func parseObject(text string) (settings.Pairs, []error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	good := settings.Pairs{}
	_, _ = dec.Token() // the "{" that the caller checked
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return good, []error{settings.Errorf(settings.ErrSyntax, "the map begins with { and is not a JSON object")}
		}
		value, err := dec.Token()
		if _, nested := value.(json.Delim); err != nil || nested || value == nil {
			return good, []error{settings.Errorf(settings.ErrWrongType, "%s has no plain value", phrase.Quote(phrase.Name(name.(string))))}
		}
		good = append(good, settings.Pair{Name: name.(string), Value: scalarText(value)})
	}
	if _, err := dec.Token(); err != nil || dec.InputOffset() != int64(len(text)) {
		return good, []error{settings.Errorf(settings.ErrSyntax, "the map begins with { and is not a JSON object")}
	}
	return good, nil
}
