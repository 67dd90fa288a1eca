package instrumentation

import "strings"

// IsBaggage reports whether a header or metadata key, in any case, holds baggage: that of W3C, or that of the propagators
// jaeger and ottrace.
func IsBaggage(key string) bool {
	switch len(key) {
	case len("baggage"):
		return strings.EqualFold(key, "baggage")
	case len("jaeger-baggage"):
		if strings.EqualFold(key, "jaeger-baggage") {
			return true
		}
	}
	return hasPrefix(key, "uberctx-") || hasPrefix(key, "ot-baggage-")
}

// hasPrefix is strings.HasPrefix in any case.
func hasPrefix(key, prefix string) bool {
	return len(key) > len(prefix) && strings.EqualFold(key[:len(prefix)], prefix)
}
