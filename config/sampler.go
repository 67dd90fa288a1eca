package config

import (
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/sampling"
)

// setOTelSampler sets OpenTelemetry's default sampler, parentbased_always_on, where OTEL_* variables alone configure
// tracing: they choose the exporter, and no layer sets a rate or a sampler. A program that is deployed by these variables
// is expected to be traced. As soon as a file, a flag, a SPANROUTE_* variable or code chooses the exporter, the default of
// BentoML holds, which is to sample nothing.
func (m *merged) setOTelSampler(t *keytable.Table) {
	if m.set("sampling.sampler") || m.set("sample_rate") {
		return
	}
	for _, e := range m.stacks["exporter_type"] {
		if names, _ := e.value.([]string); !e.ofOTel() || len(names) == 0 {
			return
		}
	}
	chosen := m.effective("exporter_type")
	if chosen == nil {
		return
	}
	at := chosen.origin
	at.reason = "OpenTelemetry's default, because " + at.Name + " sets the exporter"
	e := newEntry(t.Key("sampling.sampler"), at)
	e.value = sampling.ParentBasedAlwaysOn
	m.stacks[e.key.Path] = []*entry{e}
	put(m.section, e.key.Path, e.value)
}
