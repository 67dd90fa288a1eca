// Package config gives you one checked configuration from files, environment, flags and code, or every reason why
// there is none, each with its place.
//
//	cfg, err := config.Load(config.Sources{Files: []string{"tracing.yaml"}})
//	if err != nil {
//		log.Fatal(err) // tracing.yaml:4:3: tracing.smaple_rate: unknown key, did you mean "sample_rate"?
//	}
//
// Highest first: Sources.Overrides, flags, SPANROUTE_* variables, OTEL_* variables, files (a later one over an
// earlier), Sources.Defaults, built-in defaults. A bad OTEL_* variable is a warning and ignored, because it may be
// meant for somebody else's program; everything else that is wrong is an error, and Load returns all of them. The
// keys are those of BentoML's tracing section, legacy ones too, and the kit's own: see KEYS.md beside this file.
//
// # Decisions
//
// Values are converted where they enter, because only there a position is known; what is merged is typed already.
// koanf merges, in one file of this package, and does nothing else: its decoder is weak, its YAML parser has no
// positions, its file watcher dies with a replaced file. YAML is read as nodes, and a scalar by the type of its
// key, never by YAML's guess, so that "0.30" stays a header value and yes is no sample rate.
package config
