package jaeger_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/spanroute/spanroute/exporters/jaeger"
)

// Every spelling of an address that the settings accept is dialled, and never looked up.
func TestUDPAddressSpellings(t *testing.T) {
	tests := []struct{ host, want string }{
		{"127.0.0.1", "127.0.0.1"},
		{"::1", "::1"},
		{"[::1]", "::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"fe80::1%eth0", "fe80::1%eth0"},
		{"[fe80::1%eth0]", "fe80::1%eth0"},
		{"[fe80::1%25eth0]", "fe80::1%eth0"},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := agentSettings(func(s *jaeger.Settings) { s.Thrift.AgentHostName = tt.host })
				if err := s.Validate(); err != nil {
					t.Fatal(err)
				}
				var dialled atomic.Value
				q := buildUDP(t, new(logBook), s, jaeger.Network{
					Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
						return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
					},
					Dial: func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
						dialled.Store(to.Addr().String())
						return newFakeConn(func([]byte) error { return nil }), nil
					},
				})
				enqueue(q, 0, 1)
				eventually(t, "an attempt", func() bool { s := q.Stats(); return s.Delivered == 1 || s.LastError != "" })
				if stats := q.Stats(); dialled.Load() != tt.want || stats.Delivered != 1 {
					t.Errorf("dialled %v, error %q, want %s", dialled.Load(), stats.LastError, tt.want)
				}
			})
		})
	}
}
