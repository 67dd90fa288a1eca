package phrase

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the candidate with the smallest Damerau-Levenshtein distance from name, case-insensitively: the first
// of equals. ok is false if the distance of all candidates is above max(1, len(name)/3). A name with more typing errors
// than one in three letters is rare, and a suggestion for it misleads more often than it helps.
func Nearest(name string, candidates []string) (near string, ok bool) {
	from := []rune(strings.ToLower(name))
	limit := max(1, len(from)/3)
	best, found := "", false
	for _, c := range candidates {
		if n := utf8.RuneCountInString(c); n > len(from)+limit || len(from) > n+limit {
			continue // cheap, because a file can have 20 000 unknown keys, each compared with all keys
		}
		if d, ok := distance(from, []rune(strings.ToLower(c)), limit); ok && (!found || d < limit) {
			best, found, limit = c, true, d
		}
	}
	return best, found
}

// OneEdit reports whether name becomes want by at most one edit, in any letter case.
func OneEdit(name, want string) bool {
	if n := utf8.RuneCountInString(name) - utf8.RuneCountInString(want); n > 1 || n < -1 {
		return false
	}
	_, near := distance([]rune(strings.ToLower(name)), []rune(strings.ToLower(want)), 1)
	return near
}

// DidYouMean returns the hint `did you mean "x"?` for the candidate that [Nearest] returns, "" without one.
func DidYouMean(name string, candidates []string) string {
	near, ok := Nearest(name, candidates)
	if !ok {
		return ""
	}
	return "did you mean " + Quote(near) + "?"
}

// distance returns the number of insertions, deletions, substitutions and swaps of neighbours that turn a into b, and
// whether it is at most limit.
func distance(a, b []rune, limit int) (int, bool) {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			row[j+1] = step(a, b, i, j, before, last, row)
		}
		before, last, row = last, row, before
	}
	return last[len(b)], last[len(b)] <= limit
}

// step returns the cost of turning a[:i+1] into b[:j+1], given the two rows before and the part of the current one. It
// is the restricted variant of the distance: no part of the text is edited twice, so three rows suffice.
func step(a, b []rune, i, j int, before, last, row []int) int {
	cost := 1
	if a[i] == b[j] {
		cost = 0
	}
	d := min(last[j+1]+1, row[j]+1, last[j]+cost)
	if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
		d = min(d, before[j-1]+1)
	}
	return d
}
