package keytable

import (
	"strings"

	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/registry/settings"
)

// Patterns reports whether the key holds a list of regular expressions. As one text it is cut by [SplitPatterns], because
// a comma can be a part of an expression.
func (k *Key) Patterns() bool { return k.Format == "url_patterns" }

// SplitPatterns cuts the text form of a list of regular expressions and counts the empty items between its commas.
func SplitPatterns(text string) (items []string, empty int, err error) {
	items, empty, err = policy.SplitItems(text)
	return append([]string{}, items...), empty, err
}

// AddHint adds a hint to an error about text, for text that is copied from documentation.
func (k *Key) AddHint(text string, err error) error {
	f, ok := err.(*settings.Fault)
	if !ok || f.Kind != settings.ErrWrongType && f.Kind != settings.ErrOutOfRange {
		return err
	}
	text = strings.TrimSpace(text)
	hint := ""
	switch {
	case strings.HasSuffix(text, "]_") && strings.Contains(text, "[#"):
		hint = "remove the footnote mark"
	case k.Format == "rate" && f.Kind == settings.ErrOutOfRange && !strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "."):
		hint = "1.0 is 100 %"
	case strings.HasSuffix(text, "%"):
		hint = "write the fraction"
	default:
		return err
	}
	return (&settings.Fault{Kind: f.Kind, Message: f.Message}).WithHint(hint)
}
