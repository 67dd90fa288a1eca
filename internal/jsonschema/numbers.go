package jsonschema

import (
	"math"

	"github.com/spanroute/spanroute/internal/pattern"
)

// noText matches nothing.
const noText = "^[^ -~] $"

// intText matches the whole numbers from lo to hi, in digits.
func intText(lo, hi float64) string {
	lo, hi = math.Ceil(lo), math.Floor(hi)
	var all []string
	if hi >= 0 && lo <= hi {
		all = append(all, pattern.Between(uint64(max(lo, 0)), uint64(hi)))
	}
	if lo < 0 && lo <= hi {
		all = append(all, "-"+pattern.Between(uint64(max(-hi, 1)), uint64(-lo)))
	}
	if len(all) == 0 {
		return noText
	}
	return pattern.Whole(all...)
}

// floatText matches numbers from lo to hi that are not negative, without an exponent.
func floatText(lo, hi float64) string {
	lo, hi = max(math.Ceil(lo), 0), math.Floor(min(hi, maxInt))
	if lo > hi {
		return noText
	}
	top := pattern.Between(uint64(hi), uint64(hi))
	if lo == hi {
		return pattern.Whole(top + `(\.0*)?`)
	}
	return pattern.Whole(pattern.Between(uint64(lo), uint64(hi)-1)+`(\.[0-9]*)?`, top+`(\.0*)?`)
}
