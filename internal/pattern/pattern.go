package pattern

import (
	"regexp"
	"strconv"
	"strings"
)

// Whole returns an expression for texts that consist of one of the alternatives.
func Whole(alternatives ...string) string { return "^" + Any(alternatives...) + "$" }

// Any returns an expression for one of the alternatives.
func Any(alternatives ...string) string { return "(" + strings.Join(alternatives, "|") + ")" }

// Space matches white space around an item.
const Space = `[ \t\r\n]*`

// List returns an expression for items that are separated by commas, with white space around them. Items may be missing.
func List(item string) string {
	one := Space + "(" + item + Space + ")?"
	return one + "(," + one + ")*"
}

// AnyCase returns an expression for one of the words in any letter case. The words are ASCII.
func AnyCase(words ...string) string {
	all := make([]string, len(words))
	for i, word := range words {
		var b strings.Builder
		for _, r := range word {
			lower, upper := strings.ToLower(string(r)), strings.ToUpper(string(r))
			if lower == upper {
				b.WriteString(regexp.QuoteMeta(lower))
				continue
			}
			b.WriteString("[" + lower + upper + "]")
		}
		all[i] = b.String()
	}
	return Any(all...)
}

// OneEdit returns an expression for word in any letter case, and for texts that one edit turns into it: a character that
// is inserted, left out or replaced, or two neighbours that are swapped.
func OneEdit(word string) string {
	all := []string{AnyCase(word) + ".?"}
	for i := range word {
		before, at, after := AnyCase(word[:i]), AnyCase(word[i:i+1]), AnyCase(word[i+1:])
		all = append(all, before+"."+at+after, before+".?"+after)
		if i+1 < len(word) {
			all = append(all, before+AnyCase(word[i+1:i+2])+at+AnyCase(word[i+2:]))
		}
	}
	return strings.ReplaceAll(Any(all...), "()", "")
}

// Between returns an expression for the whole numbers from lo to hi in decimal digits, without leading zeros. lo is at most
// hi.
func Between(lo, hi uint64) string {
	var all []string
	from, to := strconv.FormatUint(lo, 10), strconv.FormatUint(hi, 10)
	for digits := len(from); digits <= len(to); digits++ {
		low, high := "1"+strings.Repeat("0", digits-1), strings.Repeat("9", digits)
		if digits == len(from) {
			low = from
		} else if digits < len(to) { // every number between
			all = append(all, "[1-9]"+anyDigits(digits-1, len(to)-2))
			digits = len(to) - 1
			continue
		}
		if digits == len(to) {
			high = to
		}
		all = append(all, sameLength(low, high))
	}
	return Any(all...)
}

// sameLength is Between for two numbers with as many digits.
func sameLength(lo, hi string) string {
	if lo == "" {
		return ""
	}
	rest := len(lo) - 1
	zeros, nines := strings.Repeat("0", rest), strings.Repeat("9", rest)
	first, last := lo[0], hi[0]
	switch {
	case lo[1:] == zeros && hi[1:] == nines:
		return digitsBetween(first, last) + anyDigits(rest, rest)
	case first == last:
		return string(first) + sameLength(lo[1:], hi[1:])
	}
	var all []string
	if lo[1:] != zeros {
		all = append(all, string(first)+sameLength(lo[1:], nines))
		first++
	}
	if hi[1:] != nines {
		last--
	}
	if first <= last {
		all = append(all, digitsBetween(first, last)+anyDigits(rest, rest))
	}
	if hi[1:] != nines {
		all = append(all, string(hi[0])+sameLength(zeros, hi[1:]))
	}
	return Any(all...)
}

func digitsBetween(first, last byte) string {
	if first == last {
		return string(first)
	}
	return "[" + string(first) + "-" + string(last) + "]"
}

func anyDigits(least, most int) string {
	switch {
	case most == 0:
		return ""
	case least < most:
		return "[0-9]{" + strconv.Itoa(least) + "," + strconv.Itoa(most) + "}"
	case most == 1:
		return "[0-9]"
	}
	return "[0-9]{" + strconv.Itoa(most) + "}"
}
