package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/sampling"
)

// across applies the rules that span keys of the whole section, on the decoded result.
func (r *resolver) across(cfg *Config) {
	r.batch(cfg)
	r.sampled(cfg)
	r.remoteParent(cfg)
	r.noExporter(cfg)
	r.hidden()
}

// batch is R14.
func (r *resolver) batch(cfg *Config) {
	b := &cfg.Batch
	if b.MaxExportBatchSize <= b.MaxQueueSize {
		return
	}
	e := r.first("batch.max_export_batch_size", "batch.max_queue_size")
	if e != nil {
		r.warn(WarnSuspicious, e, e.source, fmt.Sprintf("a batch of %d spans is above max_queue_size", b.MaxExportBatchSize),
			fmt.Sprintf("lowered to %d", b.MaxQueueSize))
	}
	b.MaxExportBatchSize = b.MaxQueueSize
}

// first is the winner of the first path that a layer sets, nil if there is none.
func (r *resolver) first(paths ...string) *entry {
	for _, path := range paths {
		if e := r.winner(path); e != nil {
			return e
		}
	}
	return nil
}

// sampled is R15 and R18, and says that a rate of 1 was inferred.
func (r *resolver) sampled(cfg *Config) {
	rate := r.winner("sample_rate")
	ratio := cfg.Sampling.Sampler == sampling.TraceIDRatio || cfg.Sampling.Sampler == sampling.ParentBasedTraceIDRatio
	switch {
	case rate != nil && rate == r.otel.inferred && ratio:
		r.warn(WarnInferred, rate, rate.source, "no rate is set", "all traces are kept")
	case rate != nil && rate != r.otel.inferred && !ratio:
		r.warn(WarnIgnored, rate, rate.source, cfg.Sampling.Sampler+" has no use for a rate", "choose a traceidratio sampler")
	}
	if r.report.failed() || !cfg.Enabled {
		return // the rate may be among what is wrong
	}
	never := strings.HasSuffix(cfg.Sampling.Sampler, "always_off") || ratio && cfg.Sampling.SampleRate == 0
	if len(cfg.ExporterTypes) == 0 || !never {
		return
	}
	e := r.first("sample_rate", "exporter_type")
	message, hint := "no trace begins here, sample_rate is 0", "set sample_rate"
	if !ratio {
		e, message, hint = r.first("sampling.sampler"), "no trace begins here, the sampler is "+cfg.Sampling.Sampler, "choose another sampler"
	}
	if e != nil {
		r.warn(WarnNoTraces, e, e.source, message, hint)
	}
}

// remoteParent warns about sampling.remote_parent beside a sampler that no parent has a part in.
func (r *resolver) remoteParent(cfg *Config) {
	e := r.winner("sampling.remote_parent")
	if e == nil || cfg.Sampling.RemoteParent != sampling.Ignore {
		return
	}
	if s := cfg.Sampling.Sampler; s == sampling.AlwaysOn || s == sampling.AlwaysOff {
		r.warn(WarnIgnored, e, e.source, "has no effect: "+s+" never follows a parent", "choose another sampler or leave the key out")
	}
}

// noExporter is R16.
func (r *resolver) noExporter(cfg *Config) {
	if len(cfg.ExporterTypes) > 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.env)) {
		if strings.HasPrefix(name, "OTEL_EXPORTER_") && strings.HasSuffix(name, "_ENDPOINT") && r.variable(name) != "" {
			r.report.add(Diagnostic{
				Kind: WarnSuspicious, Severity: Warning, Source: Source{Layer: LayerOTel, Name: name},
				Message: "there is no exporter to use it", Hint: "set exporter_type",
			})
		}
	}
}

// refused reports whether a layer set path to an invalid value.
func (r *resolver) refused(path string) bool {
	return r.report.has(func(d Diagnostic) bool { return d.Key == path || strings.HasSuffix(d.Key, "."+path) })
}

// hidden tells when a kit layer hides a variable of OpenTelemetry that says something else.
func (r *resolver) hidden() {
	for _, k := range r.table.keys {
		e := r.decider(k)
		if e == nil || k.path == "resource_attributes" || e.source.Layer != LayerEnv && e.source.Layer != LayerFlags {
			continue
		}
		for _, below := range slices.Concat(r.cleared[k.path], r.stacks[k.path]) {
			if below.source.Layer == LayerOTel && below != r.otel.inferred && !reflect.DeepEqual(below.value, e.value) {
				r.report.add(Diagnostic{
					Kind: WarnHidden, Severity: Warning, Key: e.written, Source: e.source, Related: []Source{below.source},
					Message: "hides " + below.source.Name + ", which says something else",
				})
			}
		}
	}
}
