package config

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// normalizers are the normalizers by the tag format of a key. Each returns false if the entry is not to be used.
//
// Normalizing happens before the merge, because only an entry has the places of the items of a list, and because a bad
// OTEL_* variable must not override a good value of a lower layer. A key without a format needs no more than its type
// and range, which are checked when its text is converted.
var normalizers = map[string]func(*keytable.Table, *report, *entry) bool{
	"exporters":   normalizeExporters,
	"propagators": normalizePropagators,
	"url_patterns": func(_ *keytable.Table, r *report, e *entry) bool {
		return normalizePatterns(r, e, new(policy.Checker).URL)
	},
	"path_globs": func(_ *keytable.Table, r *report, e *entry) bool {
		return normalizePatterns(r, e, new(policy.Checker).Path)
	},
	"rpc_globs": func(_ *keytable.Table, r *report, e *entry) bool {
		return normalizePatterns(r, e, new(policy.Checker).RPC)
	},
	"query_keys": checkQueryKeys,
	"networks":   checkNetworks,
	"fsync":      normalizeFsync,
	"rate":       checkRate,

	"sampling_endpoint": checkSamplingEndpoint,

	"length":     normalizeLength,
	"timeout":    checkTimeout,
	"attributes": normalizeAttributes,
	"headers":    normalizeHeaders,
	"metadata":   normalizeHeaders,
	"ipv4":       normalizeAddress,
	"ipv6":       normalizeAddress,
	"host":       checkHost,
	"url":        checkURL,
}

// normalize checks and normalizes the value of e by the format of its key. It returns false if e is not to be used.
func normalize(t *keytable.Table, r *report, e *entry) bool {
	if e.key.Type == settings.TypeObjects {
		return e.key.Exporter != "" || checkObjects(r, e) // an exporter checks its own
	}
	if f := normalizers[e.key.Format]; f != nil {
		return f(t, r, e)
	}
	return true
}

// checkQueryKeys bounds the number of keys, because each request compares its query with all of them.
func checkQueryKeys(_ *keytable.Table, r *report, e *entry) bool {
	if count := len(e.value.([]string)); count > policy.MaxQueryKeys {
		r.refuse(e, e.origin, settings.Errorf(ErrOutOfRange, "%d keys are out of range, want at most %d", count, policy.MaxQueryKeys))
		return false
	}
	return true
}

// normalizeFsync brings an interval to its usual form.
func normalizeFsync(_ *keytable.Table, r *report, e *entry) bool {
	text := e.value.(string)
	if text == "always" || text == "none" {
		return true
	}
	d, err := schema.ParseDuration(text)
	if err != nil || d <= 0 {
		r.refuse(e, e.origin, settings.Errorf(ErrUnknownValue, "%s is not an interval, want one such as 1s, always or none", phrase.Quote(text)))
		return false
	}
	e.value = d.String()
	return true
}

// checkRate warns about a rate that the sampler rounds to 0: it compares 56 random bits of the trace id with the rate.
func checkRate(_ *keytable.Table, r *report, e *entry) bool {
	if rate := e.value.(float64); rate > 0 && rate < math.Ldexp(1, -56) {
		r.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%v is too low to keep any trace in practice", rate), "")
	}
	return true
}

// normalizeLength reads 0 and less as no limit, except in OTEL_* variables, where 0 means 0.
func normalizeLength(_ *keytable.Table, r *report, e *entry) bool {
	if length := e.value.(int); length <= 0 && !e.ofOTel() {
		r.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%d disables the limit", length), "omit the key instead")
		e.value = -1
	}
	return true
}

// checkTimeout warns about a timeout that is probably meant in another unit.
func checkTimeout(_ *keytable.Table, r *report, e *entry) bool {
	if d, _ := e.value.(time.Duration); d > time.Hour {
		r.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%v is more than an hour", d), "a number without a unit is in seconds")
	}
	return true
}

// normalizeAttributes keeps the last of several attributes with one name.
func normalizeAttributes(_ *keytable.Table, r *report, e *entry) bool {
	e.value = mergePairs(nil, e.value)
	return true
}

// normalizePatterns compiles each item, so that an error has the item's position.
func normalizePatterns(r *report, e *entry, check func(string) (everything bool, err error)) bool {
	ok := true
	for i, item := range e.value.([]string) {
		everything, err := check(item)
		if err != nil {
			ok = false
			r.refuse(e, e.item(i), err)
			if errors.Is(err, ErrTooLarge) {
				break // the items that follow are refused for the same reason
			}
		} else if everything {
			r.warn(WarnSuspicious, e, e.item(i), phrase.Quote(item)+" excludes everything", "narrow it")
		} else if found, hint := policy.Doubt(item); found != "" && !e.key.Patterns() {
			r.warn(WarnSuspicious, e, e.item(i), found, hint)
		}
	}
	return ok
}
