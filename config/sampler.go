package config

import "github.com/spanroute/spanroute/sampling"

// otelSampler sets OpenTelemetry's default sampler, parentbased_always_on, where OTEL_* variables alone configure
// tracing: they choose the exporter, and no layer sets a rate or a sampler. A program that is deployed by these variables
// is expected to be traced. As soon as a file, a flag, a SPANROUTE_* variable or code chooses the exporter, the default
// of BentoML holds, which is to sample nothing.
func (l *loader) otelSampler(m *merged) {
	if m.set("sampling.sampler") || m.set("sample_rate") {
		return
	}
	for _, e := range m.stacks["exporter_type"] {
		if names, _ := e.value.([]string); e.source.Layer != LayerOTel || len(names) == 0 {
			return
		}
	}
	chosen := m.winner("exporter_type")
	if chosen == nil {
		return
	}
	k := l.table.byPath["sampling.sampler"]
	at := chosen.source
	at.reason = "OpenTelemetry's default, because " + at.Name + " sets the exporter"
	m.stacks[k.path] = []*entry{{key: k, value: sampling.ParentBasedAlwaysOn, written: k.path, source: at, at: at}}
	put(m.section, k.path, sampling.ParentBasedAlwaysOn)
}
