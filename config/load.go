package config

import (
	"slices"
)

// Load turns sources into one checked configuration. It returns all errors together as [Diagnostics]. Warnings are in
// Config.Warnings. It reads each file once, logs nothing, and depends on sources only. It may be called from several
// goroutines.
func Load(sources Sources) (*Config, error) {
	cfg, all := Diagnose(sources)
	if cfg == nil {
		return nil, all.Errors()
	}
	return cfg, nil
}

// Diagnose is [Load] for programs that show diagnostics. It returns errors and warnings together, and the configuration,
// nil if there are errors.
func Diagnose(sources Sources) (*Config, Diagnostics) {
	files, problems := readFiles(&sources)
	return diagnose(&sources, files, problems)
}

// diagnose is Diagnose without reading.
//
// How it works, in three stages. Package configfile turns the bytes of each file into entries with places; the other
// readers do the same for variables, flags and maps of the program, and each entry is normalized by the format of its key.
// merge lays the layers over each other and remembers for each key who set it. resolve decodes the result into a Config,
// lets each exporter complete and check its section, and applies the rules between keys. Each stage adds what is wrong to
// one report and goes on, so that all problems are found at once.
func diagnose(sources *Sources, files []file, problems []Diagnostic) (*Config, Diagnostics) {
	in := &intake{table: tableOf(sources.registry()), report: &report{}, env: sources.environ()}
	for _, d := range problems {
		in.report.add(d)
	}
	for _, fault := range in.table.Faults {
		in.report.add(Diagnostic{Kind: ErrConflict, Message: fault})
	}
	layers := []*layer{in.codeLayer(LayerDefaults, sources.Defaults)}
	for _, f := range files {
		layers = append(layers, in.fileLayer(f, sources.Section))
	}
	otel := in.otelLayer(layers, sources.configName())
	layers = append(layers, otel.layer, in.envLayer(sources.prefix()), in.flagLayer(sources.Flags), in.codeLayer(LayerOverrides, sources.Overrides))
	cfg := resolve(sources, in, layers, otel)
	errs, warnings := in.report.list(Error), in.report.list(Warning)
	if len(errs) > 0 {
		return nil, slices.Concat(errs, warnings)
	}
	cfg.Warnings = warnings
	for _, d := range warnings {
		if d.Origin.Layer == LayerOTel && (d.unused || d.Kind == WarnIgnored) {
			cfg.origins.ignored = append(cfg.origins.ignored, d)
		}
	}
	return cfg, warnings
}
