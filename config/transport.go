package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/settings"
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

// hopByHop are headers that only HTTP/1.1 carries, for one hop.
var hopByHop = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true,
}

// otlpHeaders hands the headers for all protocols to the one that is in use, unless that has its own, and warns about
// the headers of the other one.
func (r *resolver) otlpHeaders(used, other, transport string) {
	if e := r.winner(other); e != nil {
		r.warn(WarnIgnored, e, e.source, "without effect, spans go over "+transport, "write "+otlpHeaders+", which is for every protocol")
	}
	if e := r.winner(otlpHeaders); e != nil && r.winner(used) == nil {
		r.stacks[used] = []*entry{e}
	}
	remove(r.section, otlpHeaders)
}

// httpHeaders is R12 for HTTP.
func (r *resolver) httpHeaders(path string) {
	r.filterHeaders(path, func(e *entry, at Source, p *settings.Pair) bool {
		name := strings.ToLower(p.Name)
		if name == "host" || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, ":") {
			r.warn(WarnIgnored, e, at, settings.Quote(p.Name)+" is not sent, the exporter sets it", "remove it")
			return false
		}
		if hopByHop[name] {
			r.warn(WarnSuspicious, e, at, settings.Quote(p.Name)+" is for one hop", "HTTP/2 drops it")
		}
		return true
	})
}

// grpcHeaders is R11 and R12 for gRPC.
func (r *resolver) grpcHeaders(path string) {
	r.filterHeaders(path, func(e *entry, at Source, p *settings.Pair) bool {
		_, set := r.text("otlp.compression")
		p.Name = strings.ToLower(p.Name)
		switch {
		case !isMetadataName(p.Name):
			r.refuse(e, at, metadataFault(p.Name))
		case p.Name == "grpc-encoding" && strings.EqualFold(strings.TrimSpace(p.Value), "gzip") && !set:
			r.complete("otlp.compression", "gzip")
			r.warn(WarnInferred, e, at, `"grpc-encoding" asks for gzip`, "write otlp.compression: gzip")
		case strings.HasPrefix(p.Name, "grpc-"), strings.HasPrefix(p.Name, ":"),
			p.Name == "content-type", p.Name == "user-agent", p.Name == "te":
			r.warn(WarnIgnored, e, at, fmt.Sprintf("%s is reserved and not sent", settings.Quote(p.Name)), "remove it")
		default:
			return true
		}
		return false
	})
}

// filterHeaders keeps the pairs for which keep reports true, as keep has changed them.
func (r *resolver) filterHeaders(path string, keep func(e *entry, at Source, p *settings.Pair) bool) {
	e := r.winner(path)
	if e == nil {
		return
	}
	sent := settings.Pairs{}
	for i, pair := range e.value.(settings.Pairs) {
		if keep(e, e.item(i), &pair) {
			sent = append(sent, pair)
		}
	}
	r.complete(path, sent)
}
