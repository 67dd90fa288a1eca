// Package config loads the configuration from files, environment, flags and code, and reports every problem with its
// position.
//
//	cfg, err := config.Load(config.Sources{Files: []string{"tracing.yaml"}})
//	if err != nil {
//		log.Fatal(err) // tracing.yaml:4:3: tracing.smaple_rate: unknown key, did you mean "sample_rate"?
//	}
//
// Layers override each other in this order, the highest first: Sources.Overrides, flags, SPANROUTE_* variables, OTEL_*
// variables, files (a later one over an earlier), Sources.Defaults, built-in defaults. A bad OTEL_* variable is ignored with
// a warning, because it can be meant for another program. Every other mistake is an error, and Load returns all of them. The
// keys are those of BentoML's tracing section, deprecated names included, and those of spanroute: see KEYS.md in this
// directory.
//
// # Decisions
//
// Values are converted where they enter, because only there their positions are available. What is merged has its final
// type. koanf merges the layers, in one file of this package, and does nothing else: its decoder converts types silently
// (true becomes 1.0), its YAML parser has no positions, and its file watcher stops at a replaced file. YAML is read as nodes,
// and a scalar by the type of its key, never by YAML's guess: "0.30" stays a header value, and yes is not a sample rate.
//
// A key is one struct tag, of [Config] or of an exporter's settings. Its names in files, variables and flags, its
// documentation and its normalizer follow from the tag.
package config
