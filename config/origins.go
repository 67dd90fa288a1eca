package config

// origins remembers who set each key, for Explain and Source.
type origins struct {
	table  *table
	merged *merged
}

func newOrigins(l *loader, m *merged) *origins { return &origins{table: l.table, merged: m} }

// Source says where the value of key comes from: "tracing.yaml:3:16", "SPANROUTE_TIMEOUT", "built-in". The key is
// a path from the section, canonical or an alias. An unknown key is "".
func (c *Config) Source(key string) string {
	if c.origins == nil {
		return "built-in"
	}
	k, _ := c.origins.table.lookup(key)
	if k == nil {
		return ""
	}
	if e := c.origins.merged.winner(k.path); e != nil {
		return e.source.String()
	}
	return "built-in"
}
