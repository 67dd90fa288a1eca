package config

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// remoteSection begins the paths of the keys about the sampling server.
const (
	remoteSection  = "sampling.remote."
	remoteEndpoint = remoteSection + "endpoint"
)

// remoteParameters holds the keys that the parameters of OTEL_TRACES_SAMPLER_ARG set.
var remoteParameters = map[string]string{
	"endpoint": remoteEndpoint, "pollingIntervalMs": remoteSection + "interval", "initialSamplingRate": remoteSection + "initial_rate",
}

// checkSamplingEndpoint refuses what is not the endpoint of a sampling server.
func checkSamplingEndpoint(_ *keytable.Table, r *report, e *entry) bool {
	_, err := jaegerremote.ParseEndpoint(e.value.(string))
	if err != nil {
		r.refuse(e, e.origin, err)
	}
	return err == nil
}

// remoteSampling applies the rules about the connection to the sampling server, if the sampler needs one. The keys of a
// server that is not used are checked for types and ranges only, as those of an exporter that is not selected; one warning
// reports that they have no effect.
func (r *resolver) remoteSampling(cfg *Config) {
	if !sampling.IsRemote(cfg.Sampling.Sampler) {
		for _, k := range r.table.Keys {
			if e := r.merged.effective(k.Path); e != nil && strings.HasPrefix(k.Path, remoteSection) {
				r.report.warn(WarnIgnored, e, e.at, "has no effect: the sampler is "+cfg.Sampling.Sampler,
					"set sampling.sampler to "+sampling.ParentBasedJaegerRemote)
				return
			}
		}
		return
	}
	to, err := jaegerremote.ParseEndpoint(cmp.Or(cfg.Sampling.Remote.Endpoint, jaegerremote.DefaultEndpoint))
	if err != nil {
		return // reported where it is set
	}
	r.remoteHeaders(cfg, to)
	r.remoteFiles(cfg, to)
}

// remoteRate returns what is known about the rate of a jaeger_remote sampler without a request to the server. The strategy of
// a running service is in spanroute.Stats.
func (c *Config) remoteRate() (value string, from Origin) {
	written := cmp.Or(c.Sampling.Remote.Endpoint, jaegerremote.DefaultEndpoint)
	if to, err := jaegerremote.ParseEndpoint(written); err == nil {
		from.reason = "remote " + to.String()
	}
	return fmt.Sprintf("the strategy of the server, %v until it responds", c.Sampling.Remote.InitialRate), from
}

// remoteHeaders reports headers that cannot be sent.
func (r *resolver) remoteHeaders(cfg *Config, to jaegerremote.Endpoint) {
	e := r.merged.effective(remoteSection + "headers")
	if e == nil {
		return
	}
	for i, pair := range cfg.Sampling.Remote.Headers {
		if to.ReservesHeader(pair.Name) {
			r.report.warn(WarnIgnored, e, e.item(i), phrase.Quote(pair.Name)+" is reserved and not sent", "remove it")
		}
	}
}

// remoteFiles checks the PEM files, which a connection without TLS does not use.
func (r *resolver) remoteFiles(cfg *Config, to jaegerremote.Endpoint) {
	remote := cfg.Sampling.Remote
	files := []struct{ name, value, with string }{
		{"certificate_file", remote.CertificateFile, ""},
		{"client_certificate_file", remote.ClientCertificateFile, "client_key_file"},
		{"client_key_file", remote.ClientKeyFile, "client_certificate_file"},
	}
	for _, f := range files {
		path := remoteSection + f.name
		e := r.merged.effective(path)
		if e == nil || f.value == "" {
			continue
		}
		if !to.TLS {
			r.report.warn(WarnIgnored, e, e.at, "has no effect: the connection is plain text", "use https:// or grpcs://")
			continue
		}
		if f.with != "" && !r.merged.set(remoteSection+f.with) {
			r.faultAt(path, settings.Errorf(ErrMissing, "%s%s is not set", remoteSection, f.with).WithHint("set both or neither"))
		}
		if err := checkPEM(f.value, f.name == "client_key_file"); err != nil {
			r.faultAt(path, err)
		}
	}
}
