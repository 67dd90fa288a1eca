package config

import (
	"slices"
	"time"

	"github.com/spanroute/spanroute/internal/settings"
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
	r.endpoints()
	r.pairsOfKeys()
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

// exporters checks the section of every exporter that is selected or that a layer sets.
func (r *resolver) exporters(cfg *Config) {
	cfg.Exporters = map[string]Exporter{}
	for _, name := range r.table.names {
		section, set := r.section[name].(map[string]any)
		selected := slices.Contains(r.types, name)
		if !selected && !set {
			continue
		}
		x := r.exporter(name, section, cfg.Timeout, selected)
		if selected {
			cfg.Exporters[name] = x
		}
	}
}

func (r *resolver) exporter(name string, section map[string]any, timeout time.Duration, selected bool) Exporter {
	x := Exporter{Timeout: timeout, Settings: map[string]any{}, secrets: map[string]bool{}, values: r.secrets}
	for _, k := range r.table.keys {
		if k.exporter != name {
			continue
		}
		if k.Secret {
			x.secrets[k.Path] = true
		}
		if value, ok := get(section, k.Path); ok {
			put(x.Settings, k.Path, value)
		}
	}
	if value, ok := x.Settings["timeout"].(time.Duration); ok {
		x.Timeout = value
		delete(x.Settings, "timeout")
	}
	_, err := r.registry.Prepare(name, x.Settings)
	for _, fault := range settings.KeyErrors(err) {
		path := name
		if fault.Key != "" {
			path = joinPath(name, fault.Key)
		}
		told := settings.KindOf(fault.Err) == ErrMissing && r.table.byPath[r.partner(path)] != nil // by R19
		if !told && (selected || r.set(path)) {
			r.faultAt(path, fault.Err)
		}
	}
	return x
}

// faultAt reports a fault of the merged result at the place of the value that causes it. Of several faults of one key
// and kind it reports the first, because config and an exporter check some things both; a plugin's are all different.
func (r *resolver) faultAt(path string, err error) {
	e := r.winner(path)
	if e == nil { // a default that will not do: whoever chose the exporter hears of it
		e = r.chooser(path)
	}
	if e.source.Layer == LayerOTel {
		r.rejected[e] = Diagnostic{
			Kind: settings.KindOf(err), Severity: Warning, Key: path, Source: e.source, Message: err.Error(), Hint: "ignored",
		}
		return
	}
	if r.report.has(func(d Diagnostic) bool {
		return d.Key == e.written && d.Source == e.source && d.Kind == settings.KindOf(err) && d.Kind != ErrInvalidValue
	}) {
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
