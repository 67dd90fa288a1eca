package mw

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/mw/tracing"
)

// failureText returns the text of err for the description of a span of a request to u, which may be nil. It contains
// neither the secrets of any URL nor, outside of URLs, those of u.
func (in *httpInstrumentation) failureText(err error, u *url.URL) string {
	p := in.Policy()
	text := causeText(err)
	if u != nil {
		full := in.redactor.full(u, p)
		text = strings.NewReplacer(u.String(), full, u.Redacted(), full).Replace(text)
		text = secret.RedactAs(secret.Redacted, text, in.redactor.secretsOf(u, p)...)
	}
	return in.redactor.text(text, p)
}

// causeText returns the text of err with the cause of each *url.Error in its tree in place of the text of that
// error, which repeats the URL.
func causeText(err error) string {
	if e, ok := err.(*url.Error); ok {
		if e.Err == nil {
			return e.Op
		}
		return causeText(e.Err)
	}
	text := err.Error()
	for _, inner := range unwrapped(err) {
		if was := inner.Error(); was != "" {
			text = strings.ReplaceAll(text, was, causeText(inner))
		}
	}
	return text
}

// unwrapped returns the errors that err wraps, the longest text first: it may contain another one's.
func unwrapped(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if inner := errors.Unwrap(err); inner != nil {
			return []error{inner}
		}
		return nil
	}
	list := slices.DeleteFunc(slices.Clone(joined.Unwrap()), func(err error) bool { return err == nil })
	slices.SortStableFunc(list, func(a, b error) int { return len(b.Error()) - len(a.Error()) })
	return list
}

// minSecret is the minimum length in bytes of a secret that is redacted outside of URLs. Shorter texts occur by
// chance.
const minSecret = 4

// secretsOf returns the secrets of u, escaped and unescaped.
func (d *redactor) secretsOf(u *url.URL, p tracing.Policy) []string {
	found := []string{u.Fragment, u.EscapedFragment(), u.User.Username()}
	password, _ := u.User.Password()
	found = append(found, password)
	for _, text := range []string{u.Opaque, u.Host, u.User.String() + "@"} {
		if at := strings.LastIndexByte(text, '@'); at >= 0 {
			name, password, _ := strings.Cut(strings.TrimPrefix(text[:at], "//"), ":")
			found = append(found, name, password)
		}
	}
	for pair := range strings.SplitSeq(u.Opaque+"&"+u.RawQuery, "&") {
		if value := d.secretValue(pair, p); value >= 0 {
			found = append(found, pair[value:], percentDecoded(pair[value:]))
		}
	}
	return slices.DeleteFunc(found, func(s string) bool { return len(s) < minSecret })
}
