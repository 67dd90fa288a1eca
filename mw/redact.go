package mw

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/tracing"
)

// secretQueryKeys are names of secrets in queries only: the codes of OAuth 2.0, what binds them to a session, and
// short words for a password. [secret.Name] recognizes all others.
var secretQueryKeys = []string{"code", "user_code", "device_code", "state", "sign", "pin", "pw"}

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

// secretValue returns the index in pair, a part of a query between two &, of the first value to redact, or -1. A key
// may also follow a semicolon, which some servers accept as a separator, or the question mark of a URL inside the
// value. The rest of pair is redacted with the value, because a secret may contain either.
func (d *redactor) secretValue(pair string, p tracing.Policy) int {
	key, named := 0, false // where the key begins, and whether it has ended
	for i := range len(pair) {
		switch pair[i] {
		case ';', '?':
			key, named = i+1, false
		case '=':
			if !named && d.sensitive(pair[key:i], p) {
				return i + 1
			}
			named = true
		}
	}
	return -1
}

func (d *redactor) sensitive(key string, p tracing.Policy) bool {
	if strings.IndexByte(key, '%') >= 0 {
		key = percentDecoded(key)
	}
	usual := !d.only && (secret.Name(key) || containsFold(secretQueryKeys, key))
	return usual || containsFold(d.keys, key) || p.RedactsQueryKey(key)
}

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

// opaque redacts a URL without its scheme.
func (d *redactor) opaque(text string, p tracing.Policy) string {
	rest, authority := strings.CutPrefix(text, "//")
	switch {
	case authority:
		return "//" + d.afterScheme(rest, p)
	case !strings.HasPrefix(text, "/"):
		return d.afterScheme(text, p)
	}
	text, _, _ = strings.Cut(text, "#")
	if d.noQuery {
		text, _, _ = strings.Cut(text, "?")
		return text
	}
	return d.query(text, p)
}

// afterScheme redacts text, which follows the scheme of a URL and may be malformed: user information may contain any
// character, so everything before the last @ is redacted.
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

// redactHeader redacts the value of a header that contains a URL. A peer wrote it, so it may be malformed.
func (in *httpInstrumentation) redactHeader(value string) string {
	p := in.Policy()
	if scheme, rest, found := strings.Cut(value, "://"); found && !strings.Contains(scheme, ":") {
		return scheme + "://" + in.redactor.afterScheme(rest, p)
	}
	return in.redactor.opaque(value, p)
}
