// Package policy holds the decisions of operators about requests: which of them get no span, and what is redacted in
// the spans of the others. excluded_urls are RE2 expressions that are searched in the text; excluded_paths and
// excluded_rpcs are globs that match the whole text. The key table of package config documents them.
//
// # How it works
//
// [Compile] checks [Rules] item by item against the bounds of this package and returns an immutable [Policy]. Almost
// all items of excluded_urls are literals, so regexp/syntax classifies them: a literal is searched, or compared if it
// has anchors, and only the rest are regular expressions, which are tried last. One alternation of all items was forty
// times slower in a measurement, and the flags of one item applied to the next. Literal globs are in a map, others are
// tried one by one.
//
// A process has one [Live], which the middlewares share. A reload compiles the new rules first and then swaps the
// pointer, so that a request sees the old policy or the new one, never a mixture, and a reload with an error leaves the
// old one in force. Reading it is one atomic load without allocation. A middleware loads the policy once to decide about
// a request, and again when it records, so that new redaction rules apply to requests in flight.
package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// Rules are the configuration of an operator: the items of each list of patterns, and what to redact.
type Rules struct {
	URLs  []string // excluded_urls: RE2, searched in the path or full method; in the URL for items with ://
	Paths []string // excluded_paths: globs over the whole path
	RPCs  []string // excluded_rpcs: globs over the whole full method

	QueryKeys           []string // redact.query_keys: names of query keys, at most [MaxQueryKeys]
	RedactPanicMessages bool     // redact.panic_messages

	ReadRequests bool // sampling reads attributes and headers
	ReadRoutes   bool // sampling reads routes, or the names that have them
}

// A Policy is a compiled, immutable set of [Rules]. A nil Policy excludes nothing and redacts nothing beyond the
// defaults. Its methods are safe for concurrent use and do not allocate.
type Policy struct {
	texts textMatcher // items of excluded_urls without ://
	urls  textMatcher // items of excluded_urls with ://
	paths globMatcher
	rpcs  globMatcher

	redaction    redaction
	readRequests bool
	readRoutes   bool
}

// A PatternError reports an item of a key that is not a pattern.
type PatternError struct {
	Key   string // excluded_urls, excluded_paths or excluded_rpcs
	Index int    // position among the items of the key, from 0
	Err   error
}

func (e *PatternError) Error() string { return fmt.Sprintf("%s[%d]: %v", e.Key, e.Index, e.Err) }

func (e *PatternError) Unwrap() error { return e.Err }

// Compile checks and classifies rules. The first item that is not a pattern, or takes its key over one of the bounds
// [MaxPatterns], [MaxPatternBytes] and [MaxPatternSize], is returned as a *[PatternError]; more than [MaxQueryKeys]
// query keys are another error.
func Compile(rules Rules) (*Policy, error) {
	p := new(Policy)
	var urls, paths, rpcs Checker
	for i, item := range rules.URLs {
		t, err := urls.text(item)
		if err != nil {
			return nil, &PatternError{"excluded_urls", i, err}
		}
		if hasScheme(item) {
			p.urls.add(t)
		} else {
			p.texts.add(t)
		}
	}
	for i, glob := range rules.Paths {
		if _, err := paths.Path(glob); err != nil {
			return nil, &PatternError{"excluded_paths", i, err}
		}
		p.paths.add(compileGlob(glob))
	}
	for i, glob := range rules.RPCs {
		if _, err := rpcs.RPC(glob); err != nil {
			return nil, &PatternError{"excluded_rpcs", i, err}
		}
		p.rpcs.add(compileGlob(glob))
	}
	redaction, err := newRedaction(rules.QueryKeys, rules.RedactPanicMessages)
	if err != nil {
		return nil, err
	}
	p.redaction, p.readRequests, p.readRoutes = redaction, rules.ReadRequests, rules.ReadRoutes
	return p, nil
}

// ExcludesPath reports whether a request for path, percent-decoded and without query, gets no span. It ignores items
// of excluded_urls with ://, see [Policy.ExcludesURL]. An empty path counts as "/".
func (p *Policy) ExcludesPath(path string) bool {
	if p == nil {
		return false
	}
	if path == "" {
		path = "/"
	}
	return p.paths.match(path) || p.texts.match(path)
}

// NeedsURL reports whether [Policy.ExcludesURL] can return true, so that callers build the URL only then.
func (p *Policy) NeedsURL() bool { return p != nil && !p.urls.empty() }

// ExcludesURL reports whether a request for url (scheme://host/path) gets no span. The URL of a server request is made
// from its Host header, which the client chooses. So an item with :// must not decide about more than a span.
func (p *Policy) ExcludesURL(url string) bool { return p != nil && p.urls.match(url) }

// ExcludesRPC reports whether a call of fullMethod (/pkg.Service/Method) gets no span. Items of excluded_urls with
// :// do not apply: an RPC has no URL.
func (p *Policy) ExcludesRPC(fullMethod string) bool {
	return p != nil && (p.rpcs.match(fullMethod) || p.texts.match(fullMethod))
}

// RedactsQueryKey reports whether an operator added name, percent-decoded and in any case, to the query keys whose
// values are redacted. A nil Policy adds none.
func (p *Policy) RedactsQueryKey(name string) bool {
	return p != nil && slices.ContainsFunc(p.redaction.queryKeys, func(key string) bool { return strings.EqualFold(key, name) })
}

// RedactsPanicMessages reports whether the value of a panic is left out of its event.
func (p *Policy) RedactsPanicMessages() bool { return p != nil && p.redaction.panicMessages }

// Live is the current policy of a process. The zero value has no policy. It is safe for concurrent use.
type Live struct{ current atomic.Pointer[Policy] }

// Load returns the current policy, nil for the defaults. A nil Live has no policy.
func (l *Live) Load() *Policy {
	if l == nil {
		return nil
	}
	return l.current.Load()
}

// Store makes p the current policy. Its exclusions apply to every request that arrives after Store returns, its
// redaction to everything that is recorded after Store returns.
func (l *Live) Store(p *Policy) { l.current.Store(p) }

// SplitItems splits the text form of excluded_urls at its commas and trims the items. empty is the number of empty
// items, which it drops: in Python an empty item matches every URL, so the caller should report them. An item with an
// unbalanced brace is an error, because its comma is part of a repetition such as {1,3}.
func SplitItems(text string) (items []string, empty int, err error) {
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			empty++
			continue
		}
		if strings.Count(item, "{") != strings.Count(item, "}") {
			return nil, 0, cutByComma(item)
		}
		items = append(items, item)
	}
	if strings.TrimSpace(text) == "" {
		empty = 0
	}
	return slices.Clip(items), empty, nil
}

// ReadsRequests reports whether the sampler reads the attributes and headers of a request when its span starts.
func (p *Policy) ReadsRequests() bool { return p != nil && p.readRequests }

// ReadsRoutes reports whether the sampler reads the route of a request when its span starts.
func (p *Policy) ReadsRoutes() bool { return p != nil && p.readRoutes }
