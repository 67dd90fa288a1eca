package config

import (
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// resolve merges layers and turns the result into a Config. An OTEL_* variable that the result shows to be invalid is
// taken out, and the layers are merged again. An OTEL_* variable must never keep a program from starting, and its fault
// may be visible only in the decoded result, so the merge runs again without it. Each round takes out at least one
// entry, so the loop ends. The report of a rejected round is discarded, because its other faults can be consequences.
func resolve(s *Sources, in *intake, layers []*layer, otel *otelLayer) *Config {
	for {
		m, err := merge(in.table, layers)
		if err != nil {
			in.report.add(Diagnostic{Kind: ErrSyntax, Message: err.Error()})
			return nil
		}
		m.setOTelSampler(in.table)
		before := in.report.clone()
		r := &resolver{
			registry: s.registry(), table: in.table, report: in.report, env: in.env, merged: m,
			inferredRate: otel.inferred, rejected: map[*entry]Diagnostic{},
		}
		cfg := r.resolve(s.Registry)
		if len(r.rejected) == 0 {
			return cfg
		}
		*in.report = before
		for e, d := range r.rejected {
			in.report.add(d)
			otel.reject(e)
		}
	}
}

// resolve decodes the common keys, then completes the exporters, which can depend on them, and applies the rules
// between keys last, on the complete result.
func (r *resolver) resolve(given *registry.Registry) *Config {
	cfg := Default()
	cfg.registry, cfg.origins = given, &origins{table: r.table, merged: r.merged, secrets: r.report.secrets}
	r.common(cfg)
	if e := r.merged.effective("batch.export_timeout"); e != nil && e.noLimit {
		cfg.Batch.ExportTimeout = -1
	}
	r.types = cfg.ExporterTypes
	r.exporters(cfg)
	r.crossKeyRules(cfg)
	return cfg
}

// common decodes the section without exporters. A timeout without limit is set afterwards, because its value is outside
// the range of the key.
func (r *resolver) common(cfg *Config) {
	values := map[string]any{}
	for _, k := range r.table.Keys {
		if e := r.merged.effective(k.Path); k.Exporter == "" && e != nil && !e.noLimit {
			values[k.Path] = r.merged.values[k.Path]
		}
	}
	for _, fault := range settings.KeyErrors(commonSchema.Decode(schema.Nest(values), cfg)) {
		r.faultAt(fault.Key, fault.Err)
	}
}
