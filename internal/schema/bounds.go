package schema

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// bounds is a parsed range tag. A missing end is infinite. Both ends belong to the range, except lo if above is set.
type bounds struct {
	lo, hi   float64 // durations in nanoseconds
	from, to string  // as written, "" if missing
	above    bool    // lo itself is outside
}

// Bounds returns the lowest and the highest value of a key of a schema, infinite if it has none. Those of a duration are in
// nanoseconds. above reports whether the lowest value itself is outside of the range.
func Bounds(k settings.Key) (lowest, highest float64, above bool) {
	b, _ := boundsOf(k) // Of reports an invalid tag
	return b.lo, b.hi, b.above
}

// boundsOf parses the range tag of k. An int or float without a tag has no bounds. A duration without a tag must be
// positive, because most durations are timeouts and intervals, where 0 is a mistake; a key that allows 0 has the tag
// "0..".
func boundsOf(k settings.Key) (bounds, error) {
	b := bounds{lo: math.Inf(-1), hi: math.Inf(1)}
	if k.Range == "" {
		if k.Type == settings.TypeDuration {
			b.lo, b.above = 0, true
		}
		return b, nil
	}
	from, to, ok := strings.Cut(k.Range, "..")
	if !ok || from+to == "" {
		return b, fmt.Errorf("range tag %s is not of the form lo..hi", phrase.Quote(k.Range))
	}
	var err error
	if b.from = from; from != "" {
		b.lo, err = bound(k, from)
	}
	if b.to = to; to != "" && err == nil {
		b.hi, err = bound(k, to)
	}
	if err == nil && b.lo > b.hi {
		err = fmt.Errorf("range tag %s is empty", phrase.Quote(k.Range))
	}
	return b, err
}

// bound parses one end of a range. An end of a duration is written as a Go duration, or as 0, and is returned in
// nanoseconds, so that [bounds.holds] compares numbers of all types.
func bound(k settings.Key, text string) (float64, error) {
	if k.Type == settings.TypeDuration && text != "0" {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("range tag %s is not a range of durations", phrase.Quote(k.Range))
		}
		return float64(d), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("range tag %s is not a range of numbers", phrase.Quote(k.Range))
	}
	return f, nil
}

// holds reports whether x is within the bounds. NaN is outside of any.
func (b bounds) holds(x float64) bool {
	return x >= b.lo && x <= b.hi && (!b.above || x > b.lo)
}

// String returns the range in words: "1 to 65535", "512 or more". Both ends have the text of the tag.
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

// wants returns the end of a message about a wrong value: ", want 1 to 65535". An enumeration takes precedence over a
// range, which such a key does not have.
func wants(k settings.Key) string {
	if len(k.Enum) > 0 {
		return ", want " + phrase.Words(k.Enum, "or")
	}
	b, _ := boundsOf(k)
	if b.above || b.String() == "" {
		return ""
	}
	return ", want " + b.String()
}
