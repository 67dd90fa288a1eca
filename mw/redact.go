package mw

import (
	"net/url"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/semattr"
)

const redacted = "REDACTED"

// defaultSensitiveKeys is the union of the lists of the semantic conventions up to semconv#3989.
var defaultSensitiveKeys = []string{
	"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature",
	"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token",
}

// A redactor takes secrets out of URLs. It works on the text: order, repeats and escapes stay as they were sent.
type redactor struct {
	keys    []string
	noQuery bool
}

// query returns the text of a query, without ?, for a span.
func (d *redactor) query(raw string) string {
	if raw == "" || d.noQuery {
		return ""
	}
	if len(d.keys) == 0 {
		return raw
	}
	var out strings.Builder
	done := 0 // bytes of raw that are in out
	for at := 0; at < len(raw); {
		end := len(raw)
		if i := strings.IndexByte(raw[at:], '&'); i >= 0 {
			end = at + i
		}
		if eq := strings.IndexByte(raw[at:end], '='); eq >= 0 && d.sensitive(raw[at:at+eq]) {
			out.WriteString(raw[done : at+eq+1])
			out.WriteString(redacted)
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

func (d *redactor) sensitive(key string) bool {
	if slices.Contains(d.keys, key) {
		return true
	}
	if strings.IndexByte(key, '%') < 0 {
		return false
	}
	decoded, err := url.PathUnescape(key)
	return err == nil && slices.Contains(d.keys, decoded)
}

// full returns u for url.full: no credentials, a redacted query, the fragment kept.
func (d *redactor) full(u *url.URL) string {
	c := *u
	if c.User != nil {
		c.User = url.UserPassword(redacted, redacted)
	}
	c.Opaque = opaqueWithoutUser(c.Opaque)
	if c.RawQuery = d.query(u.RawQuery); d.noQuery {
		c.ForceQuery = false
	}
	return semattr.Text(c.String())
}

// opaqueWithoutUser redacts the credentials of an opaque //user:password@host/path, which net/http sends as it is.
func opaqueWithoutUser(opaque string) string {
	rest, ok := strings.CutPrefix(opaque, "//")
	if !ok {
		return opaque
	}
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return opaque
	}
	return "//" + redacted + ":" + redacted + rest[at:]
}
