package config

import (
	"slices"
	"strings"
)

// Load turns sources into one checked configuration. Of what is wrong in any layer it returns everything at once,
// as [Diagnostics] of errors; what is only suspicious travels in Config.Warnings. It reads each file once, logs
// nothing, and depends on nothing but sources. It may be called from several goroutines.
func Load(sources Sources) (*Config, error) {
	cfg, all := Check(sources)
	if cfg == nil {
		return nil, all.Errors()
	}
	return cfg, nil
}

// Check is [Load] for those who show diagnostics: it returns errors and warnings together, and the configuration
// if there is no error, else nil.
func Check(sources Sources) (*Config, Diagnostics) {
	files, problems := readFiles(&sources)
	return check(&sources, files, problems)
}

// A file is what was read of one file.
type file struct {
	name  string
	order int // among all files named, from 1
	data  []byte
}

// check is Load without reading.
func check(sources *Sources, files []file, problems []Diagnostic) (*Config, Diagnostics) {
	l := &loader{sources: sources, env: sources.environ(), registry: sources.registry()}
	l.table = tableOf(l.registry)
	for _, d := range problems {
		l.report.add(d)
	}
	for _, fault := range l.table.faults {
		l.report.add(Diagnostic{Kind: ErrConflict, Message: fault})
	}
	l.inputs = l.from(files)
	cfg := l.resolve()
	errs, warnings := l.report.list(Error), l.report.list(Warning)
	if len(errs) > 0 {
		return nil, slices.Concat(errs, warnings)
	}
	cfg.Warnings = warnings
	for _, d := range warnings {
		if d.Source.Layer == LayerOTel && strings.HasSuffix(d.Hint, "ignored") || d.Source.Layer == LayerOTel && d.Kind == WarnIgnored {
			cfg.origins.ignored = append(cfg.origins.ignored, d)
		}
	}
	return cfg, warnings
}

// from lists the inputs, lowest first.
func (l *loader) from(files []file) []*input {
	code := func(kind Layer, section map[string]any) *input {
		return &input{loader: l, read: func() *layer { return l.codeLayer(kind, section) }}
	}
	inputs := []*input{code(LayerDefaults, l.sources.Defaults)}
	for _, f := range files {
		inputs = append(inputs, &input{loader: l, file: f})
	}
	return append(inputs,
		&input{loader: l, read: l.otelLayer}, &input{loader: l, read: l.envLayer}, &input{loader: l, read: l.flagLayer},
		code(LayerOverrides, l.sources.Overrides))
}
