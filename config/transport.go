package config

import (
	"slices"
	"strings"
)

// certificates checks the files of a transport that uses TLS. With plain text they are ignored (R10) and taken out, so
// that they are not opened.
func (r *resolver) certificates(section string, tls bool) {
	for _, k := range r.table.keys {
		outer, _ := splitPath(k.path)
		if outer != section || k.Format != "pem" || r.winner(k.path) == nil {
			continue
		}
		if !tls {
			r.ignored(k.path, "the connection is plain text")
			remove(r.section, k.path)
			continue
		}
		name, _ := r.text(k.path)
		r.check(k.path, checkPEM(name, strings.HasSuffix(k.path, "key_file")))
	}
}

// unused takes out the files of transports that are not in use, silently: one variable of OpenTelemetry sets those
// of several.
func (r *resolver) unused(sections ...string) {
	for _, k := range r.table.keys {
		if outer, _ := splitPath(k.path); k.Format == "pem" && slices.Contains(sections, outer) {
			remove(r.section, k.path)
		}
	}
}
