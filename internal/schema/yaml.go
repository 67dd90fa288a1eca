package schema

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// FromYAML converts a YAML scalar to the Go type of k. text is its source, and quoted reports whether it is quoted or a
// block. It must not be null. coerced, if not empty, is a warning about a value that has another type in the file, such
// as `"6831" is quoted; write it plain`. Quotes matter only for the warning and for what YAML would read without them:
// "yes" in quotes is text in YAML 1.2, and an operator who quotes a port means the number.
func FromYAML(k settings.Key, text string, quoted bool) (value any, coerced string, err error) {
	switch k.Type {
	case settings.TypeList:
		return listScalar(k, text, quoted)
	case settings.TypeObjects:
		return nil, "", settings.Errorf(settings.ErrWrongType, "%s is not a list of maps", shownIn(k, text))
	case settings.TypeMap:
		return mapScalar(k, text, quoted)
	case settings.TypeString:
		return textScalar(k, text, quoted)
	case settings.TypeBool:
		value, coerced, err = yamlBool(text, quoted)
	case settings.TypeInt:
		value, coerced, err = yamlInt(text)
	default:
		value, err = parse(k, text)
	}
	if err != nil {
		return nil, "", explain(k, err)
	}
	if value, err = checked(k, value, text); err != nil {
		return nil, "", err
	}
	if quoted && coerced == "" && k.Type != settings.TypeDuration {
		coerced = quotedIn(k, text) + " is quoted; write it plain"
	}
	return value, coerced, nil
}

// listScalar reads a list that is written as one text, which is usual for lists that come from a variable. A plain
// number or bool is a mistake, since no list has such an item.
func listScalar(k settings.Key, text string, quoted bool) (any, string, error) {
	if !quoted && isPlain(text) {
		return nil, "", settings.Errorf(settings.ErrWrongType, "%s is not a list", shownIn(k, text))
	}
	items, _ := SplitList(text)
	value, err := checked(k, items, "")
	return value, "", err
}

// mapScalar reads a map that is written as one text, as OTEL_EXPORTER_OTLP_HEADERS is.
func mapScalar(k settings.Key, text string, quoted bool) (any, string, error) {
	if !quoted && isPlain(text) {
		return nil, "", settings.Errorf(settings.ErrWrongType, "%s is not a map", shownIn(k, text))
	}
	pairs, faults := SplitPairs(text)
	if len(faults) > 0 {
		return nil, "", errors.Join(faults...)
	}
	return pairs, "", nil
}

// textScalar rejects a plain number or bool, because YAML may change its spelling: 1.10 is 1.1, and 0123 is 83. A
// packed address is digits by definition.
func textScalar(k settings.Key, text string, quoted bool) (any, string, error) {
	if text == "" {
		return nil, "", nil
	}
	address := k.Format == "ipv4" || k.Format == "ipv6"
	if !quoted && isPlain(text) && !(address && digits.MatchString(text)) {
		return nil, "", settings.Errorf(settings.ErrWrongType, "%s is not text%s", shownIn(k, text), wantsValues(k)).WithHint("quote it")
	}
	value, err := checked(k, text, text)
	return value, "", err
}

var yes = regexp.MustCompile(`^(?i:yes|no|on|off|true|false)$`)

// yamlBool accepts the words of YAML 1.1 with a warning: a file that was written for Python's loader uses them, and
// YAML 1.2 reads them as text.
func yamlBool(text string, quoted bool) (any, string, error) {
	low := strings.ToLower(text)
	spelling := text == low || text == strings.ToUpper(text) || text == strings.ToUpper(text[:1])+low[1:]
	if !yes.MatchString(text) || !quoted && !spelling {
		return nil, "", settings.Errorf(settings.ErrWrongType, "%s is neither true nor false", shown(text))
	}
	value := low == "yes" || low == "on" || low == "true"
	if quoted || low != "true" && low != "false" {
		return value, fmt.Sprintf("%s is read as %t; write %t", phrase.Quote(text), value, value), nil
	}
	return value, "", nil
}

// yamlInt also accepts whole floats: 10.0, 1e3. A program that writes YAML often has floats for all numbers.
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
