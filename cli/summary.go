package cli

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// summary describes in one line what a service with this configuration does: which requests it traces, where it sends
// the spans, what it excludes, and which trace headers it uses instead of the usual ones. It answers the questions that a valid configuration leaves open: a file without
// mistakes can still trace nothing, or send its spans to the wrong host. Each part that is unusual names the source of
// the key that causes it.
func summary(cfg *config.Config) string {
	if nothing := tracesNothing(cfg); nothing != "" {
		return nothing
	}
	parts := []string{traced(cfg)}
	var to []string
	for _, name := range cfg.ExporterTypes {
		to = append(to, destination(cfg, name))
	}
	if _, drops := rules(cfg.Sampling); drops > 0 {
		parts = append(parts, "drops what matches "+plural(drops, "rule"))
	}
	parts = append(parts, "sends to "+phrase.Words(to, "and"))
	for _, part := range []string{excluded(cfg), propagated(cfg)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// tracesNothing returns the summary of a service that never sends a span, with the reason, and "" for other services.
// The first reason is reported, in the order in which a service decides.
func tracesNothing(cfg *config.Config) string {
	reason := ""
	switch unsampled := unsampled(cfg); {
	case !cfg.Enabled:
		reason = "enabled is false" + at(cfg, "enabled")
	case len(cfg.ExporterTypes) == 0 && cfg.Source("exporter_type") == "built-in":
		reason = "exporter_type is not set"
	case len(cfg.ExporterTypes) == 0:
		reason = `exporter_type is "none"` + at(cfg, "exporter_type")
	case unsampled != "" && !cfg.Sampling.KeepsMore():
		reason = unsampled
	case excludesAll(cfg.ExcludedURLs, new(policy.Checker).URL):
		reason = "excluded_urls excludes everything" + at(cfg, "excluded_urls")
	default:
		return ""
	}
	return "traces nothing: " + reason
}

// unsampled returns the reason if no span is sampled when it starts, and "" otherwise.
func unsampled(cfg *config.Config) string {
	sampler, rate := cfg.Sampling.Sampler, cfg.Sampling.SampleRate
	ignoresCallers := cfg.Sampling.RemoteParent == sampling.Ignore
	switch {
	case sampler == sampling.AlwaysOff, sampler == sampling.ParentBasedAlwaysOff && ignoresCallers:
		return "sampling.sampler is " + sampler + at(cfg, "sampling.sampler")
	case rate == 0 && (sampler == sampling.TraceIDRatio || ignoresCallers && sampler == sampling.ParentBasedTraceIDRatio):
		return "sample_rate is 0" + at(cfg, "sample_rate")
	}
	return ""
}

// at returns the source of key in parentheses.
func at(cfg *config.Config, key string) string { return " (" + cfg.Source(key) + ")" }

// traced describes the requests that are recorded: those that are sampled, and those that are kept at their end.
func traced(cfg *config.Config) string {
	kept := kept(cfg.Sampling)
	switch {
	case kept == "":
		return sampled(cfg)
	case unsampled(cfg) != "":
		return "traces only requests that " + kept
	}
	return sampled(cfg) + ", and those that " + kept
}

// kept describes the requests that are kept apart from the rate, and returns "" for none.
func kept(c sampling.Config) string {
	var reasons []string
	if c.Keep.Errors {
		reasons = append(reasons, "fail")
	}
	if c.Keep.SlowerThan > 0 {
		reasons = append(reasons, "take longer than "+c.Keep.SlowerThan.String())
	}
	if keeps, _ := rules(c); keeps > 0 {
		reasons = append(reasons, "match "+plural(keeps, "rule"))
	}
	if c.Force.Header != "" {
		reasons = append(reasons, "have the header "+c.Force.Header)
	}
	return phrase.Words(reasons, "or")
}

// rules returns the number of rules that keep traces, and of those that drop them.
func rules(c sampling.Config) (keeps, drops int) {
	for _, r := range c.Rules {
		if r.Drop {
			drops++
		} else {
			keeps++
		}
	}
	return keeps, drops
}

// sampled describes the share of requests that are sampled. A new request is one without a caller that has already made
// the sampling decision.
func sampled(cfg *config.Config) string {
	share, requests := shareOf(cfg.Sampling.SampleRate), "new requests"
	if cfg.Sampling.RemoteParent == sampling.Ignore {
		requests = "requests"
	}
	switch cmp.Or(cfg.Sampling.Sampler, sampling.ParentBasedTraceIDRatio) {
	case sampling.JaegerRemote:
		return "traces requests as " + samplingServer(cfg) + " decides"
	case sampling.ParentBasedJaegerRemote:
		return "traces " + requests + " as " + samplingServer(cfg) + " decides"
	case sampling.AlwaysOn:
		return "traces all requests"
	case sampling.TraceIDRatio:
		return "traces " + share + " requests"
	case sampling.ParentBasedAlwaysOn:
		return "traces all " + requests
	case sampling.ParentBasedAlwaysOff:
		return "traces only requests of sampled callers: sampling.sampler is " + cfg.Sampling.Sampler + at(cfg, "sampling.sampler")
	}
	if cfg.Sampling.SampleRate == 0 {
		return "traces only requests of sampled callers: sample_rate is 0" + at(cfg, "sample_rate")
	}
	return "traces " + share + " " + requests
}

// samplingServer describes the server of sampling strategies. Secrets are masked.
func samplingServer(cfg *config.Config) string {
	written := cmp.Or(cfg.Sampling.Remote.Endpoint, jaegerremote.DefaultEndpoint)
	if to, err := jaegerremote.ParseEndpoint(written); err == nil {
		return "the sampling server " + to.String()
	}
	return "a sampling server"
}

// shareOf describes a rate, for example as "all", "1 in 100" or "30 % of". A rate such as 0.01 is the inverse of a
// whole number, for which a fraction is easier to read than percents.
func shareOf(rate float64) string {
	if rate >= 1 {
		return "all"
	}
	n := math.Round(1 / rate)
	if math.Abs(n*rate-1) < 1e-9 {
		return "1 in " + strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(rate*100, 'g', 4, 64) + " % of"
}

// destination describes an exporter with its address and transport. Secrets are masked.
func destination(cfg *config.Config, name string) string {
	if to := cfg.Exporters[name].Destination(); to != "" {
		return name + " at " + to
	}
	return name
}

// excluded describes the number of exclusion patterns of each kind, or that one of them excludes everything.
func excluded(cfg *config.Config) string {
	var counts []string
	for _, kind := range []struct {
		patterns  []string
		check     func(string) (bool, error)
		word, all string
	}{
		{cfg.ExcludedURLs, new(policy.Checker).URL, "URL pattern", ""}, // tracesNothing handles a pattern for all
		{cfg.ExcludedPaths, new(policy.Checker).Path, "path pattern", "all HTTP requests"},
		{cfg.ExcludedRPCs, new(policy.Checker).RPC, "method pattern", "all gRPC calls"},
	} {
		switch {
		case excludesAll(kind.patterns, kind.check):
			counts = append(counts, kind.all)
		case len(kind.patterns) > 0:
			counts = append(counts, plural(len(kind.patterns), kind.word))
		}
	}
	if len(counts) == 0 {
		return ""
	}
	return fmt.Sprintf("excludes %s", phrase.Words(counts, "and"))
}

// propagated describes the trace headers that are read and written, and returns "" for those of the default.
func propagated(cfg *config.Config) string {
	switch names := cfg.Propagators; {
	case slices.Equal(names, config.Default().Propagators):
		return ""
	case len(names) == 0:
		return "reads and writes no trace headers"
	default:
		return "reads and writes the headers of " + phrase.Words(names, "and")
	}
}

// excludesAll reports whether one of the patterns excludes everything. The patterns are valid.
func excludesAll(patterns []string, check func(string) (everything bool, err error)) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		everything, err := check(pattern)
		return everything && err == nil
	})
}

// plural returns a count with its noun.
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
