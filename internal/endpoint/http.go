package endpoint

import (
	"errors"
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// HTTP is a parsed HTTP URL.
//
// The fields report what the text left open, so that each exporter can complete it by its own defaults and can inform
// the operator about what it inferred.
type HTTP struct {
	URL            *url.URL // scheme http or https and a host; path and query unchanged, without a fragment
	SchemeInferred bool     // the text had no scheme; it is http
	HasPort        bool     // the text had a port
}

// ParseHTTP parses an http or https URL, or host[:port][/path], which gets the scheme http. The host is parsed here and
// not by net/url, so that its messages are in the words of a configuration; net/url checks path and query.
func ParseHTTP(text string) (HTTP, error) {
	if err := clean(text); err != nil {
		return HTTP{}, err
	}
	scheme, rest, written := cutScheme(text)
	if !written {
		scheme, rest = "http", text
	}
	if scheme != "http" && scheme != "https" {
		return HTTP{}, fault(text, "has the scheme %s, want http or https", phrase.Quote(scheme))
	}
	a, err := parseAuthority(text, rest)
	if err != nil {
		return HTTP{}, err
	}
	u, perr := url.Parse(scheme + "://" + a.userAt() + "host" + a.tail)
	if perr != nil {
		return HTTP{}, fault(text, "is not a URL: %s", reason(perr))
	}
	u.Host = a.hostPort()
	return HTTP{URL: u, SchemeInferred: !written, HasPort: a.port != ""}, nil
}

// cutScheme splits "scheme://rest" and returns the scheme in lower case.
func cutScheme(text string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(text, "://")
	if !ok || strings.ContainsAny(scheme, "/?#@:") {
		return "", text, false
	}
	return strings.ToLower(scheme), rest, true
}

// fault returns a fault that begins with text, in which secrets are masked.
func fault(text, format string, args ...any) *settings.Fault {
	args = append([]any{phrase.Quote(Redact(text))}, args...)
	return settings.Errorf(settings.ErrURL, "%s "+format, args...)
}

// reason describes an error of url.Parse without the URL, which may contain a password.
func reason(err error) string {
	var escape url.EscapeError
	if errors.As(err, &escape) {
		return "a % is not followed by two hex digits"
	}
	return "it contains characters that a URL cannot have"
}
