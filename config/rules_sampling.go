package config

import (
	"fmt"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// rules reports too many rules and rules with one name, and warns about rules that an earlier one covers.
func (r *resolver) rules(cfg *Config) {
	e := r.merged.effective("sampling.rules")
	if e == nil {
		return
	}
	if n := len(cfg.Sampling.Rules); n > sampling.MaxRules {
		r.report.refuse(e, e.origin, settings.Errorf(ErrOutOfRange, "%d rules are out of range, want at most %d", n, sampling.MaxRules))
		return
	}
	names := map[string]int{}
	for i := range cfg.Sampling.Rules {
		rule := &cfg.Sampling.Rules[i]
		if first, twice := names[rule.Name]; twice && rule.Name != "" {
			r.report.refuse(r.rule(e, i), e.name(i, "name"), settings.Errorf(ErrConflict, "rule %d is called %s, too", first+1, phrase.Quote(rule.Name)).WithHint("rename one"))
		}
		names[rule.Name] = i
		for before := range i {
			if cfg.Sampling.Rules[before].Covers(rule) {
				r.report.warn(WarnIgnored, r.rule(e, i), e.item(i), fmt.Sprintf("never decides: rule %d matches all that it matches", before+1), "place it before that rule, or remove it")
				break
			}
		}
	}
}

// rule returns an entry for rule i of e.
func (r *resolver) rule(e *entry, i int) *entry {
	one := *e
	one.written = fmt.Sprintf("%s[%d]", e.written, i+1)
	return &one
}

// force reports a header that every client could send, and settings of sampling.force without a header.
func (r *resolver) force(cfg *Config) {
	if r.report.failed() {
		return // a network can be one of the errors
	}
	f := cfg.Sampling.Force
	open := f.Secret == "" && len(f.Networks) == 0
	switch {
	case f.Header != "" && open:
		if e := r.merged.effective("sampling.force.header"); e != nil {
			r.report.refuse(e, e.origin, settings.Errorf(ErrMissing, "every client can send the header").WithHint("set sampling.force.secret or sampling.force.networks"))
		}
	case f.Header == "" && !open:
		if e := r.merged.first("sampling.force.secret", "sampling.force.networks"); e != nil {
			r.report.refuse(e, e.at, settings.Errorf(ErrMissing, "has no effect without sampling.force.header").WithHint("set the header"))
		}
	}
}

// checkNetworks checks addresses and prefixes.
func checkNetworks(_ *keytable.Table, r *report, e *entry) bool {
	ok := true
	for i, text := range e.value.([]string) {
		if _, err := sampling.ParseNetwork(text); err != nil {
			ok = false
			r.refuse(e, e.item(i), settings.Errorf(ErrOutOfRange, "%s is not an address or a prefix", phrase.Quote(text)).WithHint("want one such as 10.0.0.0/8"))
		}
	}
	return ok
}
