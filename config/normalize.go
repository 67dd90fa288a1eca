package config

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/registry/settings"
)

// A normalizer checks and normalizes the values of keys of one format, where the places of list items are known.
type normalizer struct {
	table  *keytable.Table
	report *report
}

// normalizers are the normalizers by the tag format of a key. Each returns false if the entry is not to be used.
var normalizers = map[string]func(normalizer, *entry) bool{
	"exporters":    normalizer.exporters,
	"propagators":  normalizer.propagators,
	"url_patterns": func(n normalizer, e *entry) bool { return n.patterns(e, new(policy.Checker).URL) },
	"path_globs":   func(n normalizer, e *entry) bool { return n.patterns(e, new(policy.Checker).Path) },
	"rpc_globs":    func(n normalizer, e *entry) bool { return n.patterns(e, new(policy.Checker).RPC) },
	"query_keys":   normalizer.queryKeys,
	"rate":         normalizer.rate,
	"length":       normalizer.length,
	"timeout":      normalizer.timeout,
	"attributes":   normalizer.attributes,
	"headers":      normalizer.headers,
	"metadata":     normalizer.headers,
	"ipv4":         normalizer.address,
	"ipv6":         normalizer.address,
}

// normalize checks and normalizes the value of e by the format of its key. It returns false if e is not to be used.
func normalize(t *keytable.Table, r *report, e *entry) bool {
	if f := normalizers[e.key.Format]; f != nil {
		return f(normalizer{t, r}, e)
	}
	return true
}

func (n normalizer) queryKeys(e *entry) bool {
	if count := len(e.value.([]string)); count > policy.MaxQueryKeys {
		n.report.refuse(e, e.origin, settings.Errorf(ErrOutOfRange, "%d keys are out of range, want at most %d", count, policy.MaxQueryKeys))
		return false
	}
	return true
}

func (n normalizer) rate(e *entry) bool {
	if rate := e.value.(float64); rate > 0 && rate < math.Ldexp(1, -56) {
		n.report.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%v keeps nothing in practice", rate), "")
	}
	return true
}

// length reads 0 and less as no limit, except in OTEL_* variables, where 0 means 0.
func (n normalizer) length(e *entry) bool {
	if length := e.value.(int); length <= 0 && !e.ofOTel() {
		n.report.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%d is no limit", length), "leave the key out")
		e.value = -1
	}
	return true
}

func (n normalizer) timeout(e *entry) bool {
	if d, _ := e.value.(time.Duration); d > time.Hour {
		n.report.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%v is above an hour", d), "a plain number is seconds")
	}
	return true
}

func (n normalizer) attributes(e *entry) bool {
	e.value = mergePairs(nil, e.value)
	return true
}

// patterns compiles each item, so that an error has the item's position.
func (n normalizer) patterns(e *entry, check func(string) (everything bool, err error)) bool {
	ok := true
	for i, item := range e.value.([]string) {
		everything, err := check(item)
		if err != nil {
			ok = false
			n.report.refuse(e, e.item(i), err)
			if errors.Is(err, ErrTooLarge) {
				break // the items that follow are refused for the same reason
			}
		} else if everything {
			n.report.warn(WarnSuspicious, e, e.item(i), phrase.Quote(item)+" excludes everything", "narrow it")
		} else if found, hint := policy.Doubt(item); found != "" && !e.key.Patterns() {
			n.report.warn(WarnSuspicious, e, e.item(i), found, hint)
		}
	}
	return ok
}
