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

// bounds is a parsed range tag. A missing end is infinite.
type bounds struct {
	lo, hi   float64 // durations in nanoseconds
	from, to string  // as written, "" if missing
	above    bool    // lo itself is outside
}

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

func (b bounds) holds(x float64) bool {
	return x >= b.lo && x <= b.hi && (!b.above || x > b.lo)
}

// String returns the range in words: "1 to 65535", "512 or more".
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

// wants returns the end of a message about a wrong value: ", want 1 to 65535".
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
