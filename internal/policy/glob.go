package policy

import (
	"strings"

	"github.com/spanroute/spanroute/internal/glob"
)

// A Glob is a compiled pattern: * matches any characters except /, a final /* matches everything below. It is
// immutable, and matching does not allocate. Matching takes time linear in the length of the text for each star, also
// for hostile paths: unlike a regular expression, a segment is never tried again.
type Glob struct {
	text     string   // the text of the pattern
	segments []string // of the path, if a star is anywhere but in a final /*
	below    bool     // ends with /*
}

// compileGlob splits a valid glob at its slashes. A glob without a star needs no segments: Match compares its
// text.
func compileGlob(text string) Glob {
	g := Glob{text: text}
	body, below := strings.CutSuffix(text, "/*")
	g.below = below
	if strings.Contains(body, "*") {
		g.segments = strings.Split(body[1:], "/")
	}
	return g
}

// String returns the text of the pattern.
func (g Glob) String() string { return g.text }

// Match reports whether g matches the whole of text.
func (g Glob) Match(text string) bool {
	switch {
	case g.segments != nil:
		return g.matchSegments(text)
	case g.below:
		return strings.HasPrefix(text, g.text[:len(g.text)-1])
	}
	return text == g.text
}

// matchSegments compares segment by segment, because a star does not match a slash.
func (g Glob) matchSegments(text string) bool {
	rest := text
	for _, pattern := range g.segments {
		if !strings.HasPrefix(rest, "/") {
			return false
		}
		segment := rest[1:]
		if i := strings.IndexByte(segment, '/'); i >= 0 {
			segment = segment[:i]
		}
		if !glob.Match(pattern, segment) {
			return false
		}
		rest = rest[1+len(segment):]
	}
	if g.below {
		return strings.HasPrefix(rest, "/")
	}
	return rest == ""
}

// A globMatcher looks literals up in a map and tries globs with stars one by one.
type globMatcher struct {
	literals map[string]struct{}
	globs    []Glob
}

func (m *globMatcher) add(g Glob) {
	if g.segments != nil || g.below {
		m.globs = append(m.globs, g)
		return
	}
	if m.literals == nil {
		m.literals = make(map[string]struct{})
	}
	m.literals[g.text] = struct{}{}
}

func (m *globMatcher) match(text string) bool {
	if m.literals != nil {
		if _, ok := m.literals[text]; ok {
			return true
		}
	}
	for i := range m.globs {
		if m.globs[i].Match(text) {
			return true
		}
	}
	return false
}
