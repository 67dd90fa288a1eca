package mw

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/mw/tracing"
)

// secretQueryKeys are the names that are those of secrets in a query, though not elsewhere: the codes of OAuth 2.0,
// what binds them to a session, codes that links in messages have, and short words for a password. [secret.Name]
// recognizes all others.
var secretQueryKeys = []string{
	"code", "user_code", "device_code", "state", "sign", "signed_request", "pin",
	"access_code", "activation_code", "confirmation_code", "recovery_code", "reset_code", "verification_code",
}

// credentials replace the user information of a URL, as the semantic conventions require.
const credentials = secret.Redacted + ":" + secret.Redacted

// A redactor removes secrets from URLs and from texts that quote them. It works on the text: the order, repetitions
// and escapes of a query are kept. Its methods take the policy in force, which adds query keys.
type redactor struct {
	keys    []string // in addition to the usual ones, or instead of them
	only    bool     // keys replace the usual ones
	noQuery bool
}

// maxQuery bounds the part of a query that is examined, in bytes. Less is recorded, and a client can send a megabyte.
const maxQuery = 16 << 10

// query returns the text of a query, without ?, for a span.
func (d *redactor) query(raw string, p tracing.Policy) string {
	if raw == "" || d.noQuery {
		return ""
	}
	raw = raw[:min(len(raw), maxQuery)]
	var out strings.Builder
	done := 0 // bytes of raw that are in out
	for at := 0; at < len(raw); {
		end := len(raw)
		if i := strings.IndexByte(raw[at:], '&'); i >= 0 {
			end = at + i
		}
		if value := d.secretValue(raw[at:end], p); value >= 0 {
			out.WriteString(raw[done : at+value])
			out.WriteString(secret.Redacted)
			done = end
		}
		at = end + 1
	}
	if done == 0 {
		return raw
	}
	out.WriteString(raw[done:])
	return out.String()
}

// secretValue returns the index in pair, a part of a query between two &, of the first value that is to be redacted,
// -1 without one. A key may also follow a semicolon, which some servers take for a separator, or belong to a URL
// inside the value, where all is escaped, maybe more than once. What follows a secret is redacted with it, because a
// secret may hold any of these.
func (d *redactor) secretValue(pair string, p tracing.Policy) int {
	var sent, inner queryKey // the key that was sent, and the one that unescaped text has
	var user userFinder
	for at := 0; at < len(pair); {
		c, next := pair[at], at+1
		if c == '%' {
			c, next = unescaped(pair, at)
		}
		asSent := next == at+1
		switch c {
		case ';', '?', '#', '&':
			inner = queryKey{start: next}
			if asSent {
				sent = inner
			}
		case '=':
			if !inner.ended && d.sensitive(pair[inner.start:at], p) ||
				asSent && !sent.ended && sent != inner && d.sensitive(pair[sent.start:at], p) {
				return next
			}
			inner.ended, sent.ended = true, sent.ended || asSent
		}
		if start := user.read(c, next); start >= 0 && !d.only {
			return start
		}
		at = next
	}
	return -1
}

// A queryKey is where a key begins, and whether it has ended.
type queryKey struct {
	start int
	ended bool
}

// A userFinder finds user information in the URLs of a text that it reads character by character.
type userFinder struct {
	before    string // of "://", what was read
	authority int    // where it begins, 0 outside
}

// read reads c, which ends before next. It returns the index at which user information begins if c ends it, else -1.
func (f *userFinder) read(c byte, next int) int {
	const begin = "://"
	switch {
	case f.authority > 0 && c == '@':
		return f.authority
	case c == begin[len(f.before)]:
		f.before = begin[:len(f.before)+1]
	case c == ':':
		f.before = begin[:1]
	default:
		f.before = ""
	}
	switch {
	case f.before == begin:
		f.before, f.authority = "", next
	case strings.IndexByte("/?#& ", c) >= 0:
		f.authority = 0
	}
	return -1
}

// unescaped returns the character that the escape at index at of s stands for, however often it was escaped, and the
// index after it. A percent sign that begins no escape stands for itself.
func unescaped(s string, at int) (c byte, next int) {
	next = at + 1
	for strings.HasPrefix(s[next:], "25") { // %253D is %3D escaped
		next += 2
	}
	if next+2 <= len(s) {
		if n, err := strconv.ParseUint(s[next:next+2], 16, 8); err == nil {
			return byte(n), next + 2
		}
	}
	return '%', next
}

func (d *redactor) sensitive(key string, p tracing.Policy) bool {
	for n := 0; n < maxEscapes && strings.IndexByte(key, '%') >= 0; n++ {
		key = percentDecoded(key)
	}
	usual := !d.only && (secret.Name(key) || containsFold(secretQueryKeys, key))
	return usual || containsFold(d.keys, key) || p.RedactsQueryKey(key)
}

// maxEscapes bounds how often a key is unescaped.
const maxEscapes = 3

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// percentDecoded decodes the escapes of s that are valid and keeps the others.
func percentDecoded(s string) string {
	decoded := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				c, i = byte(n), i+2
			}
		}
		decoded = append(decoded, c)
	}
	return string(decoded)
}

// full returns u for url.full: without credentials and fragment, the query redacted.
func (d *redactor) full(u *url.URL, p tracing.Policy) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	at := strings.LastIndexByte(c.Host, '@')
	if c.Host = c.Host[at+1:]; c.User != nil || at >= 0 {
		c.User = url.UserPassword(secret.Redacted, secret.Redacted)
	}
	c.Opaque = d.opaque(c.Opaque, p)
	if c.RawQuery = d.query(u.RawQuery, p); d.noQuery {
		c.ForceQuery = false
	}
	return semattr.Text(c.String())
}

// opaque redacts all parts of a URL but its scheme.
func (d *redactor) opaque(text string, p tracing.Policy) string {
	slashes := text[:len(text)-len(strings.TrimLeft(text, "/"))]
	if len(slashes) != 1 || colonBeforeAt(text) {
		slashes = slashes[:min(len(slashes), 2)]
		return slashes + d.afterScheme(text[len(slashes):], p)
	}
	text, _, _ = strings.Cut(text, "#")
	if d.noQuery {
		text, _, _ = strings.Cut(text, "?")
		return text
	}
	return d.query(text, p)
}

// colonBeforeAt reports whether a path may hold user information, as that of a mistyped http:/user:password@host does.
// A path such as /@scope/name does not.
func colonBeforeAt(path string) bool {
	colon := strings.IndexByte(path, ':')
	return colon >= 0 && strings.LastIndexByte(path, '@') > colon
}

// afterScheme redacts text, which follows the scheme of a URL and need not be well formed: user information may
// contain any character, so everything before the last @ is redacted, whatever else it may be.
func (d *redactor) afterScheme(text string, p tracing.Policy) string {
	user, at := "", strings.LastIndexByte(text, '@')
	if at >= 0 {
		user = credentials + "@"
	}
	if hash := strings.IndexByte(text, '#'); hash >= 0 {
		if at > hash {
			return user // of a password, or of a fragment
		}
		text = text[:hash]
	}
	if !d.noQuery {
		return user + d.afterUser(text, at, p)
	}
	before, _, _ := strings.Cut(text, "?")
	return user + before[min(at+1, len(before)):]
}

// afterUser redacts what follows the @ at index at of text: the host, or a part of the value of a query key before the
// @.
func (d *redactor) afterUser(text string, at int, p tracing.Policy) string {
	start, end := strings.LastIndexByte(text[:at+1], '&')+1, len(text)
	if i := strings.IndexByte(text[at+1:], '&'); i >= 0 {
		end = at + 1 + i
	}
	value := d.secretValue(text[start:end], p)
	if value < 0 {
		return d.query(text[at+1:], p)
	}
	return text[at+1:max(at+1, start+value)] + secret.Redacted + d.query(text[end:], p)
}

// urlEnds are the characters that end a URL in a text. They do not occur in a valid one.
const urlEnds = " \t\r\n\"<>`"

// text returns s with the URLs in it redacted.
func (d *redactor) text(s string, p tracing.Policy) string {
	var out strings.Builder
	for {
		scheme, rest, found := strings.Cut(s, "://")
		out.WriteString(scheme)
		if !found {
			return out.String()
		}
		end := strings.IndexAny(rest, urlEnds)
		if end < 0 {
			end = len(rest)
		}
		out.WriteString("://")
		out.WriteString(d.afterScheme(rest[:end], p))
		s = rest[end:]
	}
}

// redactHeader redacts the value of a header that is a URL as a whole, or holds one. A peer wrote it, so it need not be
