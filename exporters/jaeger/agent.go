package jaeger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refreshTimeout bounds a lookup while there is a socket that works.
const refreshTimeout = 2 * time.Second

// sendBuffer is the size of the socket's buffer, bytes. On macOS and the BSDs a datagram must fit it,
// and its default (macOS: net.inet.udp.maxdgram) is 9216.
const sendBuffer = 256 << 10

// An agent is the address of Jaeger's agent. Only the goroutine that sends uses it.
//
// How it works. The host name is looked up when the first packet is sent, and again after each interval, so that an agent
// that moves is found without a failure. If a lookup fails, the addresses of the last one remain in use. A name may have
// several addresses: each refusal makes the next connection try the next one.
type agent struct {
	host     string
	port     uint16
	from     string        // where the host was set, for hints
	interval time.Duration // between two lookups

	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	dial   func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	now    func() time.Time

	addrs  []netip.Addr // of the last answer, in the resolver's order
	turns  int          // number of refusals; selects the address
	looked time.Time    // time of the last lookup
}

func newAgent(host string, port int, interval time.Duration) *agent {
	return &agent{
		host: unbracketed(host), port: uint16(port), interval: interval,
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "udp", to.String())
			if u, ok := conn.(*net.UDPConn); ok {
				_ = u.SetWriteBuffer(sendBuffer)
			}
			return conn, err
		},
		now: time.Now,
	}
}

// unbracketed returns an IPv6 address without the brackets and the escaped zone that it has in a URL
// (RFC 6874), and any other host unchanged.
func unbracketed(host string) string {
	inner, bracket := strings.CutPrefix(host, "[")
	if !bracket {
		return host
	}
	return strings.Replace(strings.TrimSuffix(inner, "]"), "%25", "%", 1)
}

// isLoopback reports whether host names this host without a lookup.
func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(unbracketed(host)); err == nil {
		return addr.IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

func (a *agent) endpoint() string {
	return address(a.host, int(a.port))
}

func address(host string, port int) string {
	return net.JoinHostPort(unbracketed(host), strconv.Itoa(port))
}

// still reports whether addr is an address of the agent. It looks the name up again when the last answer is older
// than interval; no answer changes nothing.
func (a *agent) still(ctx context.Context, addr netip.Addr) bool {
	if a.interval <= 0 || a.now().Sub(a.looked) < a.interval {
		return true
	}
	if _, err := netip.ParseAddr(a.host); err == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	if err := a.resolve(ctx); err != nil {
		return true
	}
	return slices.Contains(a.addrs, addr)
}

func (a *agent) resolve(ctx context.Context) error {
	a.looked = a.now()
	if addr, err := netip.ParseAddr(a.host); err == nil {
		a.addrs = []netip.Addr{addr}
		return nil
	}
	addrs, err := a.lookup(ctx, a.host)
	if err != nil {
		return err
	}
	if len(addrs) == 0 {
		return &net.DNSError{Err: "no addresses", Name: a.host, IsNotFound: true}
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	a.addrs = addrs
	return nil
}

// connect dials the agent's addresses in the resolver's order, beginning with the one whose turn it is,
// until one can be dialled.
func (a *agent) connect(ctx context.Context) (net.Conn, netip.Addr, error) {
	if len(a.addrs) == 0 || a.now().Sub(a.looked) >= a.interval && a.interval > 0 {
		if err := a.resolve(ctx); err != nil && len(a.addrs) == 0 {
			return nil, netip.Addr{}, err
		}
	}
	var errs []error
	for i := range a.addrs {
		addr := a.addrs[(a.turns+i)%len(a.addrs)]
		conn, err := a.dial(ctx, netip.AddrPortFrom(addr, a.port))
		if err == nil {
			a.turns += i
			return conn, addr, nil
		}
		errs = append(errs, err)
	}
	a.addrs = nil // look the name up again
	return nil, netip.Addr{}, errors.Join(errs...)
}

// turn moves on to the next address, and reports false if there is only one.
func (a *agent) turn() bool {
	a.turns++
	return len(a.addrs) > 1
}

// refused is the hint for a port that nothing listens on.
func (a *agent) refused() string {
	return "no agent listens on " + a.endpoint() + "; start it or change " + a.key()
}

func (a *agent) slow() string {
	return "the agent at " + a.endpoint() + " reads slowly; give it more processor time or a larger receive buffer"
}

func (a *agent) hint(err error) string {
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound {
		return ""
	}
	return fmt.Sprintf("the host name %q is unknown; check its spelling in %s", a.host, a.key())
}

// key is where the host was set.
func (a *agent) key() string { return cmp.Or(a.from, "the host of the agent") }
