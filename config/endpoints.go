package config

import (
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/settings"
)

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// Default endpoints where the built-in default of the key is not one. Ports of bare hosts come from them too.
const (
	jaegerHTTP = "http://localhost:14268/api/traces"
	jaegerGRPC = "http://localhost:14250"
	otlpGRPC   = "http://localhost:4317"
	otlpHTTP   = "http://localhost:4318/v1/traces"

	jaegerBinaryPort = 6832 // of the agent, where the protocol is udp/thrift.binary and no port is set
)

// endpoints applies R5 to R12 to the exporters that are selected, and checks the endpoints of the others.
func (r *resolver) endpoints() {
	for _, x := range []struct {
		name     string
		complete func()
	}{{"jaeger", r.jaeger}} {
		if r.table.sections[x.name] && r.isSelected(x.name) {
			x.complete()
		}
	}
	for _, path := range []string{"jaeger.collector_endpoint"} {
		if name, _ := splitPath(path); r.winner(path) != nil && !r.isSelected(name) {
			r.checkEndpoint(path)
		}
	}
	if path := "jaeger.thrift.agent_host_name"; r.winner(path) != nil {
		if host, _ := r.text(path); host != "" {
			r.check(path, endpoint.CheckHost(host))
		}
	}
}

func (r *resolver) isSelected(name string) bool { return slices.Contains(r.types, name) }

// text is the merged value of a text key, "" if no layer sets it.
func (r *resolver) text(path string) (text string, set bool) {
	value, _ := get(r.section, path)
	text, set = value.(string)
	return text, set
}

// effective is text with the built-in default.
func (r *resolver) effective(path string) string {
	if text, set := r.text(path); set {
		return text
	}
	if k := r.table.byPath[path]; k != nil {
		text, _ := k.Default.(string)
		return text
	}
	return ""
}

func (r *resolver) flag(path string) (value, set bool) {
	v, _ := get(r.section, path)
	value, set = v.(bool)
	return value, set
}

// complete sets the value of a key that exists.
func (r *resolver) complete(path string, value any) {
	if r.table.byPath[path] != nil {
		put(r.section, path, value)
	}
}

func (r *resolver) check(path string, err error) bool {
	if err != nil {
		r.faultAt(path, err)
	}
	return err == nil
}

// checkEndpoint accepts what some protocol of the exporter would.
func (r *resolver) checkEndpoint(path string) {
	text, _ := r.text(path)
	_, err := endpoint.ParseHTTP(text)
	if err != nil {
		if _, grpcErr := endpoint.ParseGRPC(text); grpcErr == nil {
			return
		}
	}
	r.check(path, err)
}

// jaeger is R5 to R7 and what follows from the transport.
func (r *resolver) jaeger() {
	r.jaegerProtocol()
	protocol := r.effective("jaeger.protocol")
	collector, set := r.text("jaeger.collector_endpoint")
	switch {
	case protocol == "grpc":
		if !set {
			collector = jaegerGRPC
		}
		r.unused("jaeger.thrift")
		r.agentIgnored()
		r.certificates("jaeger.grpc", r.grpcEndpoint("jaeger.collector_endpoint", "jaeger.grpc.insecure", collector, jaegerGRPC))
	case protocol == "http/thrift.binary" || protocol == "thrift" && set:
		if !set {
			collector = jaegerHTTP
		}
		r.unused("jaeger.grpc")
		r.agentIgnored()
		r.certificates("jaeger.thrift", r.httpEndpoint("jaeger.collector_endpoint", collector, "/api/traces", true))
	default:
		if set && strings.HasPrefix(protocol, "udp/") {
			r.ignored("jaeger.collector_endpoint", protocol+" sends to the agent")
		}
		r.unused("jaeger.grpc")
		if protocol == "udp/thrift.binary" && r.winner("jaeger.thrift.agent_port") == nil {
			r.complete("jaeger.thrift.agent_port", jaegerBinaryPort)
		}
		r.certificates("jaeger.thrift", false)
	}
}

// jaegerProtocol is R7: BentoML's documentation shows the gRPC port without a protocol.
func (r *resolver) jaegerProtocol() {
	e, protocol := r.winner("jaeger.collector_endpoint"), r.winner("jaeger.protocol")
	if e == nil || protocol != nil && protocol.value != "thrift" {
		return
	}
	h, err := endpoint.ParseHTTP(e.value.(string))
	if err != nil || h.URL.Port() != "14250" || strings.Trim(h.URL.Path, "/") != "" {
		return
	}
	if protocol == nil {
		r.complete("jaeger.protocol", "grpc")
		r.warn(WarnInferred, e, e.source, "port 14250 speaks gRPC", "protocol is taken for grpc")
		return
	}
	r.warn(WarnSuspicious, e, e.source, "port 14250 speaks gRPC and jaeger.protocol is thrift", "write protocol: grpc")
}

// agentIgnored is R6: the collector takes precedence over the agent.
func (r *resolver) agentIgnored() {
	for _, k := range r.table.keys {
		if strings.HasPrefix(k.path, "jaeger.thrift.") && k.Format != "pem" {
			r.ignored(k.path, "spans go to the collector")
		}
	}
}

// ignored warns about a key that a layer set.
func (r *resolver) ignored(path, why string) {
	if e := r.winner(path); e != nil {
		r.warn(WarnIgnored, e, e.source, "without effect, "+why, "")
	}
}

// httpEndpoint completes scheme and path (R8) and reports whether the endpoint is https. trim takes one trailing
// slash off another path.
func (r *resolver) httpEndpoint(path, text, standard string, trim bool) (tls bool) {
	h, err := endpoint.ParseHTTP(text)
	e := r.winner(path)
	if !r.check(path, err) {
		return true
	}
	var inferred []string
	if h.SchemeInferred {
		inferred = append(inferred, "scheme")
		if !h.HasPort {
			h.URL.Host += ":" + defaultPort(path)
			inferred = append(inferred, "port")
		}
	}
	if r.completePath(h.URL, standard, trim) {
		inferred = append(inferred, "path")
	}
	full := h.URL.String()
	if text != full || e == nil {
		r.complete(path, full)
	}
	if e != nil && len(inferred) > 0 {
		r.warn(WarnInferred, e, e.source, "no "+settings.Words(inferred, "and")+" in the endpoint",
			settings.Quote(endpoint.Redact(full))+" is used")
	}
	return h.URL.Scheme == "https"
}

// defaultPort is the port of a bare host.
func defaultPort(path string) string {
	return map[string]string{"jaeger.collector_endpoint": "14268"}[path]
}

// completePath gives u the standard path if it has none, and reports whether people should know.
func (r *resolver) completePath(u *url.URL, standard string, trim bool) (inferred bool) {
	bare := u.Path == "" || u.Path == "/"
	switch {
	case bare:
		setPath(u, standard)
		return true
	case trim:
		setPath(u, strings.TrimSuffix(u.EscapedPath(), "/"))
	}
	return false
}

// setPath sets a path from its escaped form.
func setPath(u *url.URL, escaped string) {
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		plain = escaped
	}
	u.Path, u.RawPath = plain, escaped
}

// grpcEndpoint is R9 and reports whether the connection uses TLS.
func (r *resolver) grpcEndpoint(path, insecureKey, text, builtIn string) (tls bool) {
	g, err := endpoint.ParseGRPC(text)
	e := r.winner(path)
	if !r.check(path, err) {
		return true
	}
	if e != nil && g.PathIgnored != "" {
		r.warn(WarnIgnored, e, e.source, "gRPC has no use for the path "+settings.Quote(endpoint.Redact(g.PathIgnored)), "remove it")
	}
	insecure, set := r.flag(insecureKey)
	switch {
	case e == nil && set && !insecure:
		r.complete(path, strings.Replace(builtIn, "http://", "https://", 1))
		return true
	case e == nil:
		r.complete(path, text)
		return false
	case g.Scheme == "http" || g.Scheme == "https":
		if set && insecure != (g.Scheme == "http") {
			if i := r.winner(insecureKey); i != nil {
				r.warn(WarnSuspicious, i, i.source, "the scheme of the endpoint, "+g.Scheme+", takes precedence", "write one of the two")
			}
		}
		return g.Scheme == "https"
	}
	r.completeTarget(path, insecureKey, e, g, builtIn, set)
	return !insecure
}

// completeTarget fills in the port of a bare host, and warns about what the endpoint leaves open: the port, and TLS where
// neither a scheme nor insecure decides.
func (r *resolver) completeTarget(path, insecureKey string, e *entry, g endpoint.GRPC, builtIn string, decided bool) {
	var open, used []string
	if !decided {
		open, used = append(open, "scheme"), append(used, "TLS")
	}
	if g.Scheme == "" && g.Port == "" {
		_, port := cutPort(builtIn)
		g = g.JoinPort(port)
		r.complete(path, g.Target)
		open, used = append(open, "port"), append(used, port)
	}
	if len(open) == 0 {
		return
	}
	hint := "it uses " + settings.Words(used, "and")
	if address := net.JoinHostPort(g.Host, g.Port); !decided && g.Host != "" {
		hint += ", write https://" + address + " or, for plain text, http://" + address
	} else if !decided {
		hint += ", write " + insecureKey + ": false or, for plain text, true"
	}
	r.warn(WarnInferred, e, e.source, "no "+settings.Words(open, "and")+" in the endpoint", hint)
}

func cutPort(address string) (host, port string) {
	i := strings.LastIndexByte(address, ':')
	return address[:max(i, 0)], address[i+1:]
}
