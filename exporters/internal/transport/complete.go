package transport

import (
	"net"
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/tlsfiles"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// An HTTPRule defines how an exporter completes the endpoint of an HTTP backend.
type HTTPRule struct {
	Key  string // of the endpoint
	Port string // of an endpoint without scheme and port
	Path string // of an endpoint without a path
	Trim bool   // take one trailing slash off another path
	Keep bool   // the path is complete
	Join bool   // join Path to the endpoint's own
}

// Complete returns text with scheme, port and path, and notes what it inferred. It rejects what is not an endpoint and
// returns nil then. A wrong guess must be visible before the first span is lost, so each inference is a notice with the
// result.
func (h HTTPRule) Complete(c *registry.Completion, text string) *url.URL {
	parsed, err := endpoint.ParseHTTP(text)
	if err != nil {
		c.Refuse(h.Key, err)
		return nil
	}
	u := parsed.URL
	var inferred []string
	if parsed.SchemeInferred {
		inferred = append(inferred, "scheme")
		if !parsed.HasPort {
			u.Host += ":" + h.Port
			inferred = append(inferred, "port")
		}
	}
	if h.completePath(u) {
		inferred = append(inferred, "path")
	}
	if len(inferred) > 0 {
		c.Note(settings.Inferred, h.Key, "no "+phrase.Words(inferred, "and")+" in the endpoint",
			"using "+phrase.Quote(endpoint.Redact(u.String())))
	}
	return u
}

// completePath reports whether it inferred a path that is worth a notice to the operator.
func (h HTTPRule) completePath(u *url.URL) (inferred bool) {
	switch bare := u.Path == "" || u.Path == "/"; {
	case h.Keep && u.Path == "":
		u.Path = "/"
	case h.Keep:
	case h.Join:
		setPath(u, strings.TrimSuffix(u.EscapedPath(), "/")+h.Path)
	case bare:
		setPath(u, h.Path)
		return true
	case h.Trim:
		setPath(u, strings.TrimSuffix(u.EscapedPath(), "/"))
	}
	return false
}

// setPath sets an escaped path. RawPath keeps the escapes of an operator: %2F in a path is not a slash.
func setPath(u *url.URL, escaped string) {
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		plain = escaped
	}
	u.Path, u.RawPath = plain, escaped
}

// A GRPCRule defines how an exporter completes the endpoint of a gRPC backend.
type GRPCRule struct {
	Section  string // of the exporter, for hints
	Key      string // of the endpoint
	Insecure string // the key that decides on TLS where the endpoint has no scheme
	Default  string // the endpoint where nothing is set: http, with a port that a bare host gets too
}

// GRPCTarget is a completed endpoint.
type GRPCTarget struct {
	Endpoint string // as a configuration has it
	Address  string // for grpc.NewClient
	Port     string // "" for gRPC's own schemes
	TLS      bool
}

// Complete returns the target of text, which may be empty, and notes what it inferred. It rejects what is not an
// endpoint and returns nil then.
func (r GRPCRule) Complete(c *registry.Completion, text string, insecure *bool) *GRPCTarget {
	bare := text == ""
	if bare && insecure != nil && !*insecure {
		text = strings.Replace(r.Default, "http://", "https://", 1)
	} else if bare {
		text = r.Default
	}
	g, err := endpoint.ParseGRPC(text)
	if err != nil {
		c.Refuse(r.Key, err)
		return nil
	}
	if g.PathIgnored != "" {
		c.Note(settings.Ignored, r.Key, "gRPC ignores the path "+phrase.Quote(endpoint.Redact(g.PathIgnored)), "remove it")
	}
	if g.Scheme != "http" && g.Scheme != "https" {
		return r.withoutScheme(c, text, g, insecure)
	}
	if !bare && insecure != nil && *insecure != (g.Scheme == "http") {
		c.Note(settings.Suspicious, r.Insecure, "the scheme of the endpoint ("+g.Scheme+") takes precedence", "set only one of the two")
	}
	return &GRPCTarget{Endpoint: text, Address: g.Target, Port: g.Port, TLS: g.Scheme == "https"}
}

// withoutScheme fills in the port of a bare host, and notes what the endpoint leaves open: the port, and TLS where
// insecure does not decide. TLS is the default, as for OTLP: a wrong guess then fails at once, while plain text to a
// TLS port may be answered by silence.
func (r GRPCRule) withoutScheme(c *registry.Completion, text string, g endpoint.GRPC, insecure *bool) *GRPCTarget {
	var open, used []string
	if insecure == nil {
		open, used = append(open, "scheme"), append(used, "TLS")
	}
	if g.Scheme == "" && g.Port == "" {
		port := r.Default[strings.LastIndexByte(r.Default, ':')+1:]
		g = g.JoinPort(port)
		text = g.Target
		open, used = append(open, "port"), append(used, port)
	}
	if len(open) > 0 {
		c.Note(settings.Inferred, r.Key, "no "+phrase.Words(open, "and")+" in the endpoint", r.hint(g, used, insecure != nil))
	}
	return &GRPCTarget{Endpoint: text, Address: g.Target, Port: g.Port, TLS: insecure == nil || !*insecure}
}

// hint returns what is used, and what to write instead.
func (r GRPCRule) hint(g endpoint.GRPC, used []string, decided bool) string {
	hint := "using " + phrase.Words(used, "and")
	address := net.JoinHostPort(g.Host, g.Port)
	switch {
	case decided:
		return hint
	case g.Host != "":
		return hint + "; write https://" + address + ", or http://" + address + " for plain text"
	}
	return hint + "; write " + r.Section + "." + r.Insecure + ": false, or true for plain text"
}

// Files points to the keys certificate_file, client_certificate_file and client_key_file of one section.
type Files [3]*string

// Certificates returns the files by their roles.
func (f Files) Certificates() tlsfiles.Certificates {
	return tlsfiles.Certificates{CA: *f[0], Cert: *f[1], Key: *f[2]}
}

// Clear removes the files, without a notice: one OTEL_* variable sets those of several protocols.
func (f Files) Clear() {
	for _, file := range f {
		*file = ""
	}
}

// Unencrypted notes that the connection is plain text and removes the files; prefix leads to the keys' section.
func (f Files) Unencrypted(c *registry.Completion, prefix string) {
	for _, key := range tlsfiles.Keys {
		c.Note(settings.Ignored, prefix+key, "has no effect: the connection is plain text", "")
	}
	f.Clear()
}

// hopByHop are headers that only HTTP/1.1 carries, for one hop.
var hopByHop = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true,
}

// CompleteHTTP takes the headers that the transport sets itself out of the value of key, with a notice.
func CompleteHTTP(c *registry.Completion, key string, pairs settings.Pairs) settings.Pairs {
	return filter(pairs, func(item int, p *settings.Pair) bool {
		name := strings.ToLower(p.Name)
		if name == "host" || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, ":") {
			c.NoteItem(settings.Ignored, key, item, phrase.Quote(p.Name)+" is not sent: the exporter sets it", "remove it")
			return false
		}
		if hopByHop[name] {
			c.NoteItem(settings.Suspicious, key, item, phrase.Quote(p.Name)+" is for one hop", "HTTP/2 drops it")
		}
		return true
	})
}

// CompleteMetadata does the same as CompleteHTTP for gRPC, whose names are in lower case. It rejects names that gRPC
// cannot send.
// compressed, which may be nil, is called for a header that means compression.
func CompleteMetadata(c *registry.Completion, key string, pairs settings.Pairs, compressed func(item int)) settings.Pairs {
	return filter(pairs, func(item int, p *settings.Pair) bool {
		p.Name = strings.ToLower(p.Name)
		switch {
		case strings.ContainsAny(p.Name, "!#$%&'*+^`|~"):
			c.RefuseItem(key, item, settings.Errorf(settings.ErrHeader, "%s cannot be sent over gRPC", phrase.Quote(p.Name)).
				WithHint("want letters, digits, -, _ and ."))
		case p.Name == "grpc-encoding" && compressed != nil && strings.EqualFold(strings.TrimSpace(p.Value), "gzip"):
			compressed(item)
		case strings.HasPrefix(p.Name, "grpc-"), strings.HasPrefix(p.Name, ":"),
			p.Name == "content-type", p.Name == "user-agent", p.Name == "te":
			c.NoteItem(settings.Ignored, key, item, phrase.Quote(p.Name)+" is reserved and not sent", "remove it")
		default:
			return true
		}
		return false
	})
}

// filter keeps the pairs for which keep reports true, as keep has changed them.
func filter(pairs settings.Pairs, keep func(item int, p *settings.Pair) bool) settings.Pairs {
	if pairs == nil {
		return nil
	}
	kept := settings.Pairs{}
	for i, pair := range pairs {
		if keep(i+1, &pair) {
			kept = append(kept, pair)
		}
	}
	return kept
}
