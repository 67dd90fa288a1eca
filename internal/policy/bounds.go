package policy

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// The bounds of the items of one key. They keep the load time of any list below a second and its memory below about
// 50 MB, also on a reload under traffic. A list that is written by hand stays far below them.
const (
	// MaxPatterns is the number of items.
	MaxPatterns = 10_000
	// MaxPatternBytes is the length of the text of all items together.
	MaxPatternBytes = 1 << 20
	// MaxPatternSize is the size of all regular expressions together. The size of one is the number of instructions
	// of its compiled program, plus the bytes of its text, plus an allowance for the Unicode classes in it. Literals
	// are not compiled and have no size.
	MaxPatternSize = 250_000
)

// A Checker checks the items of one key, one after the other, and returns an error of kind too_large for the item that
// exceeds a bound, and for all later items. The zero value is ready. A Checker must not be used by several goroutines
// at the same time.
type Checker struct {
	items, bytes, size int
}

// URL checks an item of excluded_urls and reports whether it excludes everything.
func (c *Checker) URL(item string) (everything bool, err error) {
	t, err := c.text(item)
	if err != nil {
		return false, err
	}
	return t.excludesAll(item), nil
}

// Path checks an item of excluded_paths and reports whether it excludes everything.
func (c *Checker) Path(glob string) (everything bool, err error) {
	if err := c.admit(glob); err != nil {
		return false, err
	}
	return CheckPathGlob(glob)
}

// RPC checks an item of excluded_rpcs and reports whether it excludes everything.
func (c *Checker) RPC(glob string) (everything bool, err error) {
	if err := c.admit(glob); err != nil {
		return false, err
	}
	return CheckRPCGlob(glob)
}

// text compiles an item after its size is counted, because regexp.Compile accepts expressions that take gigabytes.
func (c *Checker) text(item string) (t text, err error) {
	if err := c.admit(item); err != nil {
		return t, err
	}
	if item != regexp.QuoteMeta(item) {
		if err := c.grow(item, textSize(item)); err != nil {
			return t, err
		}
	}
	parsed, err := syntax.Parse(item, syntax.Perl)
	if err != nil {
		return t, notRE2(item, err)
	}
	var ok bool
	if t.literal, t.begin, t.end, ok = literalOf(parsed); ok {
		return t, nil
	}
	if err := c.grow(item, programSize(parsed)); err != nil {
		return t, err
	}
	if t.re, err = regexp.Compile(item); err != nil {
		return t, notRE2(item, err)
	}
	return t, nil
}

// admit counts an item and its text.
func (c *Checker) admit(item string) error {
	c.items++
	c.bytes += len(item)
	switch {
	case c.items > MaxPatterns:
		return settings.Errorf(settings.ErrTooLarge, "%s is pattern %d, want at most %d", phrase.Quote(item), c.items, MaxPatterns).
			WithHint("shorten the list")
	case c.bytes > MaxPatternBytes:
		return settings.Errorf(settings.ErrTooLarge, "the patterns up to %s have %d bytes, want at most %d", phrase.Quote(item), c.bytes, MaxPatternBytes).
			WithHint("shorten the list")
	}
	return nil
}

// grow counts a part of the size of item. It must be called before the work that the part bounds.
func (c *Checker) grow(item string, size int) error {
	c.size += size
	if c.size <= MaxPatternSize {
		return nil
	}
	return settings.Errorf(settings.ErrTooLarge, "the patterns up to %s have size %d, want at most %d", phrase.Quote(item), c.size, MaxPatternSize).
		WithHint("narrow repetitions such as {1,30}, or use excluded_paths")
}

// classSize is the allowance for a class of Unicode such as \pL, whose table the parser copies.
const classSize = 1000

// textSize returns the part of an item's size that can be computed before parsing: its bytes, its Unicode classes, and
// the ranges whose runes the parser folds one by one.
func textSize(item string) int {
	size := len(item) + classSize*(strings.Count(item, `\p`)+strings.Count(item, `\P`))
	if !foldsCase(item) {
		return size
	}
	for rest := item; ; {
		_, end, ok := strings.Cut(rest, "-")
		if !ok {
			return size
		}
		size += min(lastRune(end), highestFolded) / runesPerInstruction
		rest = end
	}
}

const (
	highestFolded       = 0x1E943 // the last rune that has another letter case
	runesPerInstruction = 4       // folding so many runes takes as long as compiling an instruction
)

// foldsCase reports whether a group of item sets the flag i. It looks at the text and not at the parsed expression,
// whose parsing is already expensive with that flag. A match inside of a class or after a backslash only makes the
// estimate larger.
func foldsCase(item string) bool {
	for {
		_, after, ok := strings.Cut(item, "(?")
		if !ok {
			return false
		}
		flags := after[:len(after)-len(strings.TrimLeft(after, "imsU-"))]
		if strings.Contains(flags, "i") {
			return true
		}
		item = after
	}
}

// lastRune returns the upper end of a range, given the text after the minus sign. It is 0 for an unescaped ASCII
// character.
func lastRune(text string) int {
	r, _ := utf8.DecodeRuneInString(text)
	hex, escaped := strings.CutPrefix(text, `\x`)
	switch {
	case r >= utf8.RuneSelf && r != utf8.RuneError:
		return int(r)
	case !escaped:
		return 0
	case !strings.HasPrefix(hex, "{"):
		return 0xFF
	}
	digits, _, _ := strings.Cut(hex[1:], "}")
	if n, err := strconv.ParseUint(digits, 16, 32); err == nil {
		return int(n)
	}
	return highestFolded // more digits than a rune has, zeros perhaps
}

// programSize returns at least the number of instructions that re compiles to, without the constant number of each
// program. Repetitions multiply. Runes of classes count a tenth, as they take a tenth of an instruction's memory. It is
// computed before the expression is compiled, because compiling is the expensive step that it bounds.
func programSize(re *syntax.Regexp) int {
	size := 0
	for _, sub := range re.Sub {
		size += programSize(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		size = len(re.Rune)
	case syntax.OpCharClass:
		size = 1 + len(re.Rune)/10
	case syntax.OpCapture, syntax.OpStar:
		size += 2
	case syntax.OpPlus, syntax.OpQuest:
		size++
	case syntax.OpAlternate:
		size += len(re.Sub)
	case syntax.OpRepeat:
		size = repeatedSize(re, size)
	}
	return max(size, 1)
}

// repeatedSize returns the size of x{min,max}, which is compiled to max copies of x.
func repeatedSize(re *syntax.Regexp, size int) int {
	if re.Max < 0 {
		return (re.Min+1)*size + 2
	}
	return re.Max * (size + 1)
}
