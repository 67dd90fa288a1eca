package policy

import (
	"strings"
)

// A Glob is a compiled pattern: * matches any characters except /, a final /* matches everything below. It is
// immutable, and matching does not allocate. Matching takes time linear in the length of the text for each star, also
// for hostile paths: unlike a regular expression, a segment is never tried again.
type Glob struct {
	text     string     // the text of the pattern
	segments [][]string // per path segment, the texts between its stars
	below    bool       // ends with /*
	wild     bool       // has a star anywhere but in a final /*
}

// compileGlob splits a valid glob at its slashes and stars. A glob without a star needs no segments: Match compares its
// text.
func compileGlob(text string) Glob {
	g := Glob{text: text}
	body, below := strings.CutSuffix(text, "/*")
	g.below, g.wild = below, strings.Contains(body, "*")
	if g.wild {
		for segment := range strings.SplitSeq(body[1:], "/") {
			g.segments = append(g.segments, strings.Split(segment, "*"))
		}
	}
	return g
}

// String returns the text of the pattern.
func (g Glob) String() string { return g.text }

// Match reports whether g matches the whole of text.
func (g Glob) Match(text string) bool {
	switch {
	case g.wild:
		return g.matchSegments(text)
	case g.below:
		return strings.HasPrefix(text, g.text[:len(g.text)-1])
	}
	return text == g.text
}

// matchSegments compares segment by segment, because a star does not match a slash.
func (g Glob) matchSegments(text string) bool {
	rest := text
	for _, parts := range g.segments {
		if !strings.HasPrefix(rest, "/") {
			return false
		}
		segment := rest[1:]
		if i := strings.IndexByte(segment, '/'); i >= 0 {
			segment = segment[:i]
		}
		if !matchParts(parts, segment) {
			return false
		}
		rest = rest[1+len(segment):]
	}
	if g.below {
		return strings.HasPrefix(rest, "/")
	}
	return rest == ""
}

// matchParts matches a segment against the texts between stars. The leftmost match of each middle text suffices, because
// only the first and the last text have a fixed position.
func matchParts(parts []string, segment string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return segment == first
	}
	if len(segment) < len(first)+len(last) || !strings.HasPrefix(segment, first) || !strings.HasSuffix(segment, last) {
		return false
	}
	middle := segment[len(first) : len(segment)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(middle, part)
		if i < 0 {
			return false
		}
		middle = middle[i+len(part):]
	}
	return true
}

// A globMatcher looks literals up in a map and tries globs with stars one by one.
type globMatcher struct {
	literals map[string]struct{}
	globs    []Glob
}

func (m *globMatcher) add(g Glob) {
	if g.wild || g.below {
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
