package sampling

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/internal/requestheader"
	"github.com/spanroute/spanroute/internal/tokens"
)

// Force keeps the trace of a request with a certain header, whatever the rate, the rules and the caller's sampled flag. The
// zero value is off. Every client that can send the header could make traces, so it needs Secret or Networks.
type Force struct {
	// Header is the name of the header, such as jaeger-debug-id, or of the metadata of a call.
	Header string `koanf:"header" hot:"true" doc:"header of requests whose trace is kept; with secret or networks"`
	// Secret is the value that the header must have. Empty means any.
	Secret string `koanf:"secret" hot:"true" secret:"true" doc:"value that the header must have"`
	// Networks are the addresses and prefixes, as 10.0.0.0/8, that the connection must come from. None means any.
	Networks []string `koanf:"networks" hot:"true" format:"networks" doc:"addresses and prefixes that the connection must come from"`
	// MaxTracesPerSecond bounds the traces. 0 means 10.
	MaxTracesPerSecond float64 `koanf:"max_traces_per_second" range:"0.." hot:"true" doc:"bound of what sampling.force keeps; 0: 10"`
}

// Format writes the settings without the secret, for every verb.
func (f Force) Format(s fmt.State, _ rune) {
	secret := ""
	if f.Secret != "" {
		secret = "***"
	}
	_, _ = fmt.Fprintf(s, "{header: %q, secret: %q, networks: %q, max_traces_per_second: %v}", f.Header, secret, f.Networks, f.MaxTracesPerSecond)
}

// ReasonForced is the reason of a trace that sampling.force kept.
const ReasonForced = "forced"

var forcedReason = []attribute.KeyValue{ReasonKey.String(ReasonForced)}

const defaultForced = 10 // traces per second

// A force is a compiled Force.
type force struct {
	header   string
	secret   *[sha256.Size]byte // nil: any value
	networks []netip.Prefix
	bucket   *tokens.Bucket
}

// newForce returns nil if f is off.
func newForce(f Force) (*force, error) {
	switch {
	case f.Header == "" && f.Secret == "" && len(f.Networks) == 0:
		return nil, nil
	case f.Header == "":
		return nil, errors.New("sampling.force.header: missing; set it, or omit sampling.force")
	case f.Secret == "" && len(f.Networks) == 0:
		return nil, errors.New("sampling.force.header: every client can send it; set sampling.force.secret or sampling.force.networks")
	}
	rate := f.MaxTracesPerSecond
	if rate == 0 {
		rate = defaultForced
	}
	compiled := &force{header: strings.ToLower(f.Header), bucket: tokens.New(rate, nil, now())}
	if f.Secret != "" {
		sum := sha256.Sum256([]byte(f.Secret))
		compiled.secret = &sum
	}
	for _, text := range f.Networks {
		network, err := ParseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("sampling.force.networks: %w", err)
		}
		compiled.networks = append(compiled.networks, network)
	}
	return compiled, nil
}

// ParseNetwork reads an address or a prefix.
func ParseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an address or a prefix, want one such as 10.0.0.0/8", text)
	}
	return network.Masked(), nil
}

// keeps reports whether the request has the header, with the right to keep its trace.
func (f *force) keeps(p sdktrace.SamplingParameters) bool {
	if f == nil {
		return false
	}
	values := requestheader.Values(p.ParentContext, f.header)
	return len(values) > 0 && f.knows(values[0]) && f.trusts(p) && f.bucket.Take(now())
}

// knows compares in a time that does not depend on the value.
func (f *force) knows(value string) bool {
	if f.secret == nil {
		return true
	}
	sum := sha256.Sum256([]byte(value))
	return subtle.ConstantTimeCompare(sum[:], f.secret[:]) == 1
}

// trusts reports whether the peer of the connection is in one of the networks.
func (f *force) trusts(p sdktrace.SamplingParameters) bool {
	if len(f.networks) == 0 {
		return true
	}
	text, _ := valueOf(p.Attributes, "network.peer.address")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return false
	}
	for _, network := range f.networks {
		if network.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}
