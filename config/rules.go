package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/sampling"
)

// crossKeyRules applies the rules that span keys of the whole section, on the decoded result. They are warnings: each
// value alone is valid, and an operator may change the other one next.
func (r *resolver) crossKeyRules(cfg *Config) {
	r.batch(cfg)
	r.sampled(cfg)
	r.kept(cfg)
	r.rules(cfg)
	r.force(cfg)
	r.remoteParent(cfg)
	r.remoteSampling(cfg)
	r.noExporter(cfg)
	r.hidden()
}

// batch lowers a batch size that is greater than the queue.
func (r *resolver) batch(cfg *Config) {
	b := &cfg.Batch
	if b.MaxExportBatchSize <= b.MaxQueueSize {
		return
	}
	e := r.merged.first("batch.max_export_batch_size", "batch.max_queue_size")
	if e != nil {
		r.report.warn(WarnSuspicious, e, e.origin, fmt.Sprintf("%d spans are more than max_queue_size", b.MaxExportBatchSize),
			fmt.Sprintf("lowered to %d", b.MaxQueueSize))
	}
	b.MaxExportBatchSize = b.MaxQueueSize
}

// sampled warns if the sampler and the rate do not fit together: a rate that the sampler does not use, a ratio sampler
// without a rate, and exporters that get no traces. It looks at the result of all layers, since sampler and rate often
// come from different ones.
func (r *resolver) sampled(cfg *Config) {
	rate := r.merged.effective("sample_rate")
	ratio := takesRatio(cfg.Sampling.Sampler)
	switch {
	case rate != nil && rate == r.inferredRate && ratio:
		r.report.warn(WarnInferred, rate, rate.origin, "no rate is set", "keeping all traces")
	case rate != nil && rate != r.inferredRate && !ratio:
		hint := "choose a traceidratio sampler"
		if sampling.IsRemote(cfg.Sampling.Sampler) {
			hint = "set sampling.remote.initial_rate, or choose a traceidratio sampler"
		}
		r.report.warn(WarnIgnored, rate, rate.origin, "has no effect: the "+cfg.Sampling.Sampler+" sampler takes no rate", hint)
	}
	if r.report.failed() || !cfg.Enabled {
		return // the rate can be one of the errors
	}
	never := (strings.HasSuffix(cfg.Sampling.Sampler, "always_off") || ratio && cfg.Sampling.SampleRate == 0) && !cfg.Sampling.KeepsMore()
	if len(cfg.ExporterTypes) == 0 || !never {
		return
	}
	e := r.merged.first("sample_rate", "exporter_type")
	message, hint := "no traces will be recorded: sample_rate is 0", "set sample_rate"
	if !ratio {
		e, message, hint = r.merged.first("sampling.sampler"), "no traces will be recorded: the sampler is "+cfg.Sampling.Sampler, "choose another sampler"
	}
	if e != nil {
		r.report.warn(WarnNoTraces, e, e.origin, message, hint)
	}
}

// kept warns about keys of sampling.keep that have no effect, and about a wait that is too short for them.
func (r *resolver) kept(cfg *Config) {
	keep, hold := cfg.Sampling.Keep, cfg.Sampling.Hold
	if e := r.merged.effective("sampling.keep.max_traces_per_second"); e != nil && keep.MaxTracesPerSecond > 0 && !keep.Any() {
		r.report.warn(WarnIgnored, e, e.origin, "has no effect: sampling.keep keeps nothing", "set sampling.keep.errors or sampling.keep.slower_than")
	}
	if e := r.merged.effective("sampling.keep.slower_than"); e != nil && keep.SlowerThan >= hold.MaxTime {
		r.report.warn(WarnSuspicious, e, e.origin,
			fmt.Sprintf("%v is not below sampling.hold.max_time, %v: a trace loses spans before it is slow", keep.SlowerThan, hold.MaxTime),
			"raise sampling.hold.max_time")
	}
}

// remoteParent warns about sampling.remote_parent if the sampler never follows a parent.
func (r *resolver) remoteParent(cfg *Config) {
	e := r.merged.effective("sampling.remote_parent")
	if e == nil || cfg.Sampling.RemoteParent != sampling.Ignore {
		return
	}
	if s := cfg.Sampling.Sampler; s == sampling.AlwaysOn || s == sampling.AlwaysOff {
		r.report.warn(WarnIgnored, e, e.origin, "has no effect: the "+s+" sampler never follows a parent", "choose another sampler or omit the key")
	}
}

// noExporter warns about OTEL_* endpoints if no exporter is selected. OpenTelemetry's SDKs export by OTLP by default;
// here the exporter must be selected, so the variable alone does nothing.
func (r *resolver) noExporter(cfg *Config) {
	if len(cfg.ExporterTypes) > 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.env)) {
		if strings.HasPrefix(name, "OTEL_EXPORTER_") && strings.HasSuffix(name, "_ENDPOINT") && strings.TrimSpace(r.env[name]) != "" {
			r.report.add(Diagnostic{
				Kind: WarnSuspicious, Severity: Warning, Origin: Origin{Layer: LayerOTel, Name: name},
				Message: "no configured exporter uses this variable", Hint: "set exporter_type",
			})
		}
	}
}

// hidden warns if a SPANROUTE_* variable or a flag overrides an OTEL_* variable that has a different value. The operator may
// expect that the standard variable takes effect.
func (r *resolver) hidden() {
	for _, k := range r.table.Keys {
		e := r.merged.selectedBy(k)
		if e == nil || k.Format == "attributes" || e.origin.Layer != LayerEnv && e.origin.Layer != LayerFlags {
			continue
		}
		for _, below := range slices.Concat(r.merged.cleared[k.Path], r.merged.stacks[k.Path]) {
			if below.origin.Layer == LayerOTel && below != r.inferredRate && !reflect.DeepEqual(below.value, e.value) {
				r.report.add(Diagnostic{
					Kind: WarnHidden, Severity: Warning, Key: e.written, Origin: e.origin, Related: []Origin{below.origin},
					Message: "overrides " + below.origin.Name + ", which has a different value",
				})
			}
		}
	}
}
