// Package redaction masks the secrets of a client in the texts of its server, which can repeat them.
package redaction

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spanroute/spanroute/internal/secret"
)

const (
	minSecret = 4    // bytes; a shorter value is masked only as a whole word
	minPart   = 8    // bytes; a part of a header value is masked from this length on
	maxForms  = 2000 // with more, looking for each takes too long, and every text is masked whole
)

// A Redactor masks the secrets that one client sends: header values, credentials, user information and secret
// query values of the URL. A server can repeat them in any text, so every text of a server passes through it
// before it is shortened, logged or kept. It is immutable and safe for concurrent use.
//
// How it works. Each secret is entered in all forms in which a server may quote it: plain, with the escapes of Go,
// JSON, URLs and HTML, in hex and in base64, also as a part of a longer base64 text. Masking replaces the longest forms
// first. A secret of one to three bytes would mask ordinary text everywhere, so it counts only as a word of its own. A
// text that was cut off can end in the beginning of a secret, which no form matches: there, as many bytes are left out
// as the longest form has.
type Redactor struct {
	forms   []string // texts that hold a secret: as sent, and as a server may encode it
	words   []string // secrets too short to be masked inside of other words
	longest int      // length of the longest form
}

// New collects the secrets of a client: the headers that are set by its configuration, and the URLs of
// the server and its proxy, which may be nil, with their user information.
func New(sent http.Header, urls ...*url.URL) *Redactor {
	r := new(Redactor)
	for name, values := range sent {
		for _, value := range values {
			r.header(name, value)
		}
	}
	for _, u := range urls {
		r.url(u)
	}
	slices.SortFunc(r.forms, func(a, b string) int { return len(b) - len(a) })
	if len(r.forms) > 0 {
		r.longest = len(r.forms[0])
	}
	return r
}

// header adds a value, its longer parts, and what Basic credentials hold.
func (r *Redactor) header(name, value string) {
	r.add(value)
	for _, part := range strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(` ,;="`, c) }) {
		if len(part) >= minPart {
			r.add(part)
		}
	}
	scheme, credentials, ok := strings.Cut(strings.TrimSpace(value), " ")
	if !ok || !secret.Name(name) {
		return
	}
	r.add(credentials)
	if strings.EqualFold(scheme, "Basic") {
		if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials)); err == nil {
			_, password, _ := strings.Cut(string(plain), ":")
			r.add(string(plain))
			r.add(password)
		}
	}
}

// url adds the user information and the secret query values of a URL, escaped and plain.
func (r *Redactor) url(u *url.URL) {
	if u == nil {
		return
	}
	if u.User != nil {
		password, _ := u.User.Password()
		r.add(u.User.Username())
		r.add(password)
		r.add(u.User.String())
		r.add(u.User.Username() + ":" + password)
	}
	for pair := range strings.FieldsFuncSeq(u.RawQuery, func(c rune) bool { return c == '&' || c == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && secret.Name(plain) {
			r.add(value)
			if plain, err := url.QueryUnescape(value); err == nil {
				r.add(plain)
			}
		}
	}
}

// add enters value and the forms in which a server may quote it.
func (r *Redactor) add(value string) {
	value = strings.TrimSpace(value)
	if len(value) < minSecret {
		if value != "" && !slices.Contains(r.words, value) {
			r.words = append(r.words, value)
		}
		return
	}
	if len(r.forms) > maxForms {
		return
	}
	for _, form := range forms(value) {
		if len(form) >= minSecret && !slices.Contains(r.forms, form) {
			r.forms = append(r.forms, form)
		}
	}
}

// forms returns value unchanged, quoted for Go and JSON, escaped for URLs and HTML, in hex and in base64.
func forms(value string) []string {
	inJSON, _ := json.Marshal(value) // a string always has a form
	inHex := hex.EncodeToString([]byte(value))
	out := []string{
		value, quoted(value), quoted(quoted(value)), // twice: by gRPC about an answer of HTTP
		string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value),
		inHex, strings.ToUpper(inHex),
		base64.RawStdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
	}
	return append(out, insideBase64(value)...)
}

// quoted returns text with Go's escapes, as %q prints it, without the quotes.
func quoted(text string) string {
	q := strconv.Quote(text)
	return q[1 : len(q)-1]
}

// insideBase64 returns the characters that depend on value alone in the base64 of a longer text, for each of the three
// places at which value can begin in a group of three bytes.
func insideBase64(value string) []string {
	var out []string
	for before := range 3 {
		text := append(make([]byte, before), value...)
		from, to := (8*before+5)/6, 8*len(text)/6
		out = append(out, base64.RawStdEncoding.EncodeToString(text)[from:to], base64.RawURLEncoding.EncodeToString(text)[from:to])
	}
	return out
}

// Text returns a server's text with the secrets masked.
func (r *Redactor) Text(text string) string {
	if len(r.forms) > maxForms && text != "" {
		return secret.Mask
	}
	text = secret.Redact(text, r.forms...)
	for _, word := range r.words {
		text = redactWord(text, word)
	}
	return text
}

// Head masks a text that was cut off, where a secret may have lost its end: as many bytes as the longest
// secret could take are left out.
func (r *Redactor) Head(text string) string {
	text = r.Text(text)
	return text[:max(0, len(text)-r.longest)]
}

// redactWord masks word where the characters next to it are not letters or digits.
func redactWord(text, word string) string {
	var b strings.Builder
	for done := 0; ; {
		i := strings.Index(text[done:], word)
		if i < 0 {
			return b.String() + text[done:]
		}
		end := done + i + len(word)
		b.WriteString(text[done : done+i])
		if (done+i > 0 && alphanumeric(text[done+i-1])) || (end < len(text) && alphanumeric(text[end])) {
			b.WriteString(word)
		} else {
			b.WriteString(secret.Mask)
		}
		done = end
	}
}

// alphanumeric reports whether c can be part of a word. Bytes of letters that are not ASCII count.
func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}
