package config

import (
	"slices"
	"sync/atomic"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// lastTable is the table of the last registry, so that a reload does not build another.
var lastTable atomic.Pointer[cachedTable]

// A cachedTable belongs to a registry with these names. A registry only grows, so that the names show a change.
type cachedTable struct {
	registry           *registry.Registry
	names, propagators []string
	table              *keytable.Table
}

func (c *cachedTable) isOf(r *registry.Registry, names, propagators []string) bool {
	return c != nil && c.registry == r && slices.Equal(c.names, names) && slices.Equal(c.propagators, propagators)
}

// tableOf returns the keys of Config and of the exporters in r, and the names of the propagators in r.
//
// An exporter whose settings cannot be described is a fault of the table, which Load reports. The table of the last
// registry is kept, since building it reads the tags of all exporters.
func tableOf(r *registry.Registry) *keytable.Table {
	names, propagators := r.Names(), r.PropagatorNames()
	if c := lastTable.Load(); c.isOf(r, names, propagators) {
		return c.table
	}
	t := keytable.New(commonSchema.Keys(), registry.ImportPath)
	t.Propagators = propagators
	for _, name := range names {
		d, err := r.Describe(name)
		if err != nil {
			t.Faults = append(t.Faults, err.Error())
			continue
		}
		t.AddExporter(keytable.Exporter{Name: d.Name, Aliases: d.Aliases, TimeoutVariables: d.TimeoutVariables, Keys: d.Keys})
	}
	lastTable.Store(&cachedTable{r, names, propagators, t})
	return t
}

// KeyInfo is one row of the key table, for documentation and completion.
type KeyInfo struct {
	settings.Key        // Path and Aliases are from the section, Default is nil for secrets
	Exporter     string // "" for common keys
	Env          string // its variable, with the prefix SPANROUTE_
	Flag         string // its flag, without dashes
}

// Table returns every key with the exporters of r, in the order of the documentation. A nil r is registry.Default().
func Table(r *registry.Registry) []KeyInfo {
	s := Sources{Registry: r}
	var rows []KeyInfo
	for _, k := range tableOf(s.registry()).Keys {
		row := KeyInfo{
			Key: k.Key, Exporter: k.Exporter, Env: schema.EnvName("SPANROUTE_", k.Path), Flag: schema.FlagName(k.Path),
		}
		row.Aliases, row.OTel, row.Enum = slices.Clone(k.Aliases), slices.Clone(k.OTel), slices.Clone(k.Enum)
		rows = append(rows, row)
	}
	return rows
}
