package config

import (
	"slices"

	"github.com/spanroute/spanroute/registry/settings"
)

// resolve merges the layers, checks what spans keys and decodes. A fault that a variable of OpenTelemetry caused
// takes that variable out and starts again.
func (l *loader) resolve() *Config {
	for {
		m, err := l.merge()
		if err != nil {
			l.report.add(Diagnostic{Kind: ErrSyntax, Message: err.Error()})
			return nil
		}
		before := l.report.clone()
		r := &resolver{loader: l, merged: m, rejected: map[*entry]Diagnostic{}}
		cfg := r.resolve()
		if len(r.rejected) == 0 {
			return cfg
		}
		l.report = before
		for e, d := range r.rejected {
			l.report.add(d)
			l.reject(e)
		}
	}
}

func (r *report) clone() report {
	c := *r
	c.kept[Error], c.kept[Warning] = slices.Clone(r.kept[Error]), slices.Clone(r.kept[Warning])
	return c
}

// A resolver works on one merge.
type resolver struct {
	*loader
	*merged
	types    []string // exporters selected
	rejected map[*entry]Diagnostic
}

func (r *resolver) resolve() *Config {
	cfg := &Config{registry: r.sources.Registry, origins: &origins{table: r.table, merged: r.merged, secrets: r.secrets}}
	c := commonDefaults()
	r.common(&c)
	c.assign(cfg)
	if e := r.winner("batch.export_timeout"); e != nil && e.noLimit {
		cfg.Batch.ExportTimeout = -1
	}
	r.types = cfg.ExporterTypes
	r.exporters(cfg)
	r.across(cfg)
	return cfg
}

// common decodes the section without exporters.
func (r *resolver) common(c *common) {
	section := map[string]any{}
	for _, k := range r.table.keys {
		if e := r.winner(k.path); k.exporter == "" && e != nil && !e.noLimit {
			value, _ := get(r.section, k.path)
			put(section, k.path, value)
		}
	}
	for _, fault := range settings.KeyErrors(commonSchema.Decode(section, c)) {
		r.faultAt(fault.Key, fault.Err)
	}
}

// faultAt reports a fault of the merged result at the place of the value that causes it.
func (r *resolver) faultAt(path string, err error) {
	e := r.winner(path)
	if e == nil { // the invalid value is a default: report it where the exporter was selected
		e = r.chooser(path)
	}
	if e.source.Layer == LayerOTel {
		r.rejected[e] = Diagnostic{
			Kind: settings.KindOf(err), Severity: Warning, Key: path, Source: e.source, Message: err.Error(), Hint: "ignored",
		}
		return
	}
	r.refuse(e, e.source, err)
}

func (r *resolver) chooser(path string) *entry {
	if e := r.winner("exporter_type"); e != nil && e.source.Layer == LayerOTel {
		return e
	} else if e != nil {
		at := *e
		at.written = path
		return &at
	}
	return &entry{key: r.table.byPath[path], written: path}
}
