package config

import (
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// normalizeHeaders checks names and values. Values are never shown. Of an OTEL_* variable only the bad pairs
// are left out.
func normalizeHeaders(_ *keytable.Table, r *report, e *entry) bool {
	var good settings.Pairs
	seen := map[string]bool{}
	ok, grpc := true, e.key.Format == "metadata"
	for i, pair := range e.value.(settings.Pairs) {
		if err := checkHeader(pair, seen, grpc); err != nil {
			ok = false
			r.refuse(e, e.item(i), err)
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
	return ok || e.ofOTel()
}

// checkHeader checks a pair; seen holds the names before it in lower case.
func checkHeader(pair settings.Pair, seen map[string]bool, grpc bool) error {
	switch {
	case !httpguts.ValidHeaderFieldName(strings.TrimPrefix(pair.Name, ":")):
		return settings.Errorf(ErrHeader, "%s is not a header name", phrase.Quote(pair.Name)).WithHint("want letters, digits and - without spaces")
	case grpc && strings.ContainsAny(pair.Name, "!#$%&'*+^`|~"):
		return settings.Errorf(ErrHeader, "%s cannot be sent over gRPC", phrase.Quote(pair.Name)).WithHint("want letters, digits, -, _ and .")
	case strings.ContainsFunc(pair.Value, func(r rune) bool { return r < ' ' || r > '~' }):
		return settings.Errorf(ErrHeader, "the value of %s contains non-printable or non-ASCII characters", phrase.Quote(pair.Name))
	case seen[strings.ToLower(pair.Name)]:
		return settings.Errorf(ErrHeader, "duplicate header %s (names are case-insensitive)", phrase.Quote(pair.Name)).WithHint("remove one")
	}
	return nil
}
