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

// checkHeader checks a pair; seen holds the names before it in lower case.
func checkHeader(pair settings.Pair, seen map[string]bool, grpc bool) error {
	switch {
	case !isToken(strings.TrimPrefix(pair.Name, ":")):
		return settings.Errorf(ErrHeader, "%s is not a header name", settings.Quote(pair.Name)).WithHint("want letters, digits and - without spaces")
	case grpc && !isMetadataName(pair.Name):
		return metadataFault(pair.Name)
	case strings.ContainsFunc(pair.Value, func(r rune) bool { return r < ' ' || r > '~' }):
		return settings.Errorf(ErrHeader, "the value of %s is not printable ASCII", settings.Quote(pair.Name))
	case seen[strings.ToLower(pair.Name)]:
		return settings.Errorf(ErrHeader, "%s is set twice, names are case-insensitive", settings.Quote(pair.Name)).WithHint("keep one")
	}
	return nil
}

// isMetadataName reports whether a name that is a token can be sent over gRPC, which allows fewer characters.
func isMetadataName(name string) bool { return !strings.ContainsAny(name, "!#$%&'*+^`|~") }

func metadataFault(name string) error {
	return settings.Errorf(ErrHeader, "%s cannot be sent over gRPC", settings.Quote(name)).WithHint("want letters, digits, -, _ and .")
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
