package config

import (
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// resolve merges layers and turns the result into a Config. An OTEL_* variable that the result shows to be invalid is
// taken out, and the layers are merged again.
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

// A resolver turns one merge into a Config.
type resolver struct {
	registry     *registry.Registry
	table        *keytable.Table
	report       *report
	env          map[string]string
	merged       *merged
	inferredRate *entry   // see otelLayer.inferred
	types        []string // exporters selected
	rejected     map[*entry]Diagnostic
}

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

// common decodes the section without exporters.
func (r *resolver) common(cfg *Config) {
	section := map[string]any{}
	for _, k := range r.table.Keys {
		if e := r.merged.effective(k.Path); k.Exporter == "" && e != nil && !e.noLimit {
			value, _ := get(r.merged.section, k.Path)
			put(section, k.Path, value)
		}
	}
	for _, fault := range settings.KeyErrors(commonSchema.Decode(section, cfg)) {
		r.faultAt(fault.Key, fault.Err)
	}
}

// faultAt reports a fault of the merged result at the place of the value that causes it. If that is a default, it is
// reported where the exporter was selected.
func (r *resolver) faultAt(path string, err error) {
	e := r.merged.effective(path)
	if e == nil {
		e = r.defaultOf(path)
	}
	if e.ofOTel() {
		r.rejected[e] = Diagnostic{
			Kind: settings.KindOf(err), Severity: Warning, Key: path, Origin: e.origin, Message: err.Error(), Hint: "ignored",
			path: path, unused: true,
		}
		return
	}
	r.report.refuse(e, e.origin, err)
}

// defaultOf returns an entry for the default of path, at the place where the exporter was selected.
func (r *resolver) defaultOf(path string) *entry {
	e := r.merged.effective("exporter_type")
	if e == nil {
		return &entry{key: r.table.Key(path), written: path}
	}
	if e.ofOTel() {
		return e
	}
	at := *e
	at.written = path
	return &at
}
