package config

import (
	"strings"

	"github.com/spanroute/spanroute/internal/settings"
)

// refineHeaders checks names and values (R11). Values are never shown. A bad pair of a variable of OpenTelemetry
// is left out alone.
func (l *loader) refineHeaders(e *entry) bool {
	var good settings.Pairs
	seen := map[string]bool{}
	ok, grpc := true, strings.HasSuffix(e.key.path, "grpc.headers")
	for i, pair := range e.value.(settings.Pairs) {
		if err := checkHeader(pair, seen, grpc); err != nil {
			ok = false
			l.refuse(e, e.item(i), err)
			continue
		}
		seen[strings.ToLower(pair.Name)] = true
		if grpc {
			pair.Name = strings.ToLower(pair.Name)
		}
		good = append(good, pair)
	}
	if good == nil {
		good = settings.Pairs{}
	}
	e.value = good
	return ok || e.source.Layer == LayerOTel
}

// checkHeader checks a pair; seen has the names before it, in small letters.
func checkHeader(pair settings.Pair, seen map[string]bool, grpc bool) error {
	switch {
	case !isToken(strings.TrimPrefix(pair.Name, ":")):
		return settings.Errorf(ErrHeader, "%s is no header name", settings.Quote(pair.Name)).WithHint("want letters, digits and - without spaces")
	case grpc && strings.ContainsAny(pair.Name, "!#$%&'*+^`|~"):
		return settings.Errorf(ErrHeader, "%s is no name for gRPC", settings.Quote(pair.Name)).WithHint("want letters, digits, -, _ and .")
	case strings.ContainsFunc(pair.Value, func(r rune) bool { return r < ' ' || r > '~' }):
		return settings.Errorf(ErrHeader, "the value of %s has characters that are no printable ASCII", settings.Quote(pair.Name))
	case seen[strings.ToLower(pair.Name)]:
		return settings.Errorf(ErrHeader, "%s is there twice, letter case does not count", settings.Quote(pair.Name)).WithHint("keep one")
	}
	return nil
}

// isToken is RFC 9110's token.
func isToken(name string) bool {
	for _, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) {
			return false
		}
	}
	return name != ""
}
