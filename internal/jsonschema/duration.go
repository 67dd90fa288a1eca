package jsonschema

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/pattern"
)

// A unit of a duration in the notation of Go. The digits bound each number so that the sum of one number of each unit is a
// duration that Go can hold, and the decimals so that every number but 0 is at least a nanosecond.
type unit struct {
	name             string // an expression
	size             time.Duration
	digits, decimals int
	rest, zeros      string // smaller units after it as Go writes them, together less than one of it
}

const (
	sixty    = `[1-5]?[0-9]`
	inMinute = `(` + sixty + `(\.[0-9]{1,9})?s)?`
	inHour   = `(` + sixty + `m)?` + inMinute
)

var units = []unit{
	{"h", time.Hour, 6, 9, inHour, `(0m)?(0s)?`},
	{"m", time.Minute, 7, 9, inMinute, `(0s)?`},
	{"s", time.Second, 9, 9, "", ""},
	{"ms", time.Millisecond, 12, 6, "", ""},
	{"[uµμ]s", time.Microsecond, 15, 3, "", ""},
	{"ns", time.Nanosecond, 18, 0, "", ""},
}

// second is a number without a unit.
var second = unit{"", time.Second, 9, 9, "", ""}

// duration accepts durations that are not negative, as texts: units in descending order, or a number of seconds.
var duration = Schema{"minLength": 1, "pattern": durationPattern()}

func durationPattern() string {
	var terms strings.Builder
	for _, u := range units {
		fmt.Fprintf(&terms, "(%s%s)?", u.number(), u.name)
	}
	return pattern.Whole(terms.String(), second.number())
}

// number matches any number of the unit.
func (u unit) number() string {
	whole := fmt.Sprintf(`(0|[1-9][0-9]{0,%d})`, u.digits-1)
	if u.decimals == 0 {
		return whole
	}
	return whole + u.fraction() + "?"
}

// fraction matches the decimals of a number, with the point.
func (u unit) fraction() string { return fmt.Sprintf(`(\.[0-9]{1,%d})`, u.decimals) }

// greatest returns the greatest whole number of the unit.
func (u unit) greatest() uint64 { return uint64(math.Pow10(u.digits)) - 1 }

// PositiveDuration accepts texts of durations that are not 0.
var PositiveDuration = durationText(0, math.Inf(1), true)

// durationText accepts texts of durations from lo to hi, in nanoseconds. Infinite ends are open.
func durationText(lo, hi float64, positive bool) Schema {
	all := []Schema{Ref("duration")}
	if positive {
		all = append(all, Pattern("[1-9]"))
	}
	if lo > 0 {
		all = append(all, Pattern(atLeast(time.Duration(lo))))
	}
	if !math.IsInf(hi, 1) {
		all = append(all, Pattern(atMost(time.Duration(hi))))
	}
	if len(all) == 1 {
		return all[0]
	}
	return AllOf(all...)
}

// atLeast matches durations of which one number alone is lo or more.
func atLeast(lo time.Duration) string {
	var terms []string
	for _, u := range units {
		end := u.name
		if end == "m" {
			end += "([0-9]|$)" // not ms
		}
		for _, number := range u.atLeast(lo) {
			terms = append(terms, number+end)
		}
	}
	return pattern.Any("(^|[hms])"+pattern.Any(terms...), "^"+pattern.Any(second.atLeast(lo)...)+"$")
}

// atLeast matches the numbers whose whole part is lo or more. A number below 1 with a first decimal counts as a tenth.
func (u unit) atLeast(lo time.Duration) []string {
	var all []string
	if n := uint64((lo + u.size - 1) / u.size); n <= u.greatest() {
		all = append(all, pattern.Between(n, u.greatest())+`(\.[0-9]+)?`)
	}
	if lo <= u.size/10 {
		all = append(all, `0\.[1-9][0-9]*`)
	}
	return all
}

// atMost matches durations up to hi: of one unit, or as Go writes them.
func atMost(hi time.Duration) string {
	all := second.atMost(hi)
	for _, u := range units {
		all = append(all, u.atMost(hi)...)
	}
	return pattern.Whole(all...)
}

func (u unit) atMost(hi time.Duration) []string {
	n := uint64(hi / u.size)
	if n == 0 {
		return nil
	}
	below := pattern.Between(0, n-1)
	all := []string{below + u.name + u.rest, pattern.Between(n, n) + u.name + u.zeros}
	if u.decimals > 0 {
		all = append(all, below+u.fraction()+u.name)
	}
	return all
}
