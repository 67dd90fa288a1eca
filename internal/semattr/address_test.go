package semattr_test

import (
	"net"
	"net/netip"
	"testing"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/semattr"
)

func TestHostPort(t *testing.T) {
	tests := []struct {
		text, host string
		port       int
		ok         bool
	}{
		{"example.com", "example.com", 0, true},
		{"example.com:8080", "example.com", 8080, true},
		{"192.0.2.1:1", "192.0.2.1", 1, true},
		{"[::1]", "::1", 0, true},
		{"[::1]:65535", "::1", 65535, true},
		{"[fe80::1%eth0]:80", "fe80::1%eth0", 80, true},
		{"example.com:", "example.com", 0, true},
		{"example.com:0", "example.com", 0, true},
		{"example.com:65536", "example.com", 0, true},
		{"example.com:99999999999999999999", "example.com", 0, true},
		{"bücher.example", "bücher.example", 0, true},
		{"", "", 0, false},
		{":80", "", 0, false},
		{"a:b:c", "", 0, false},
		{"::1", "", 0, false},
		{"[::1", "", 0, false},
		{"[::1]80", "", 0, false},
		{"[::1]:x", "", 0, false},
		{"[1.2.3.4]:80", "", 0, false},
		{"[]", "", 0, false},
		{"a b", "", 0, false},
		{"a/b", "", 0, false},
		{"a\xff", "", 0, false},
		{"example.com:-1", "", 0, false},
		{"example.com:+1", "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			host, port, ok := semattr.HostPort(tt.text)
			if host != tt.host || port != tt.port || ok != tt.ok {
				t.Errorf("HostPort = %q %d %t, want %q %d %t", host, port, ok, tt.host, tt.port, tt.ok)
			}
		})
	}
}

func FuzzHostPort(f *testing.F) {
	for _, s := range []string{"192.0.2.1:5100", "1.2.3.4:0", "01.2.3.4:5", "1.2.3.4:00080", "1.2.3.256:9", "1.2.3.4:65536", "1.2.3:4", "1.2.3.4:", "example.com:80", "[::1]:80", "a:b:c", "\xff", "[::1%25]:", "[::%\xa1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host, port, ok := semattr.HostPort(text)
		if ok && (host == "" || port < 0 || port > 65535 || !utf8.ValidString(host)) || !ok && (host != "" || port != 0) {
			t.Errorf("HostPort(%q) = %q %d %t", text, host, port, ok)
		}
		if addr, port, ok := semattr.IPPeer(text); ok && (net.ParseIP(addr) == nil || port < 0 || port > 65535) {
			t.Errorf("IPPeer(%q) = %q %d", text, addr, port)
		}
		if want, err := netip.ParseAddrPort(text); err == nil && want.Addr().Is4() {
			if addr, port, ok := semattr.IPPeer(text); !ok || addr != want.Addr().String() || port != int(want.Port()) {
				t.Errorf("IPPeer(%q) = %q %d %t, want %s", text, addr, port, ok, want)
			}
		}
	})
}

func TestIPPeer(t *testing.T) {
	tests := []struct {
		text, addr string
		port       int
	}{
		{"192.0.2.1:5100", "192.0.2.1", 5100},
		{"[2001:DB8::1]:5100", "2001:db8::1", 5100},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1", 1},
		{"[fe80::1%eth0]:1", "fe80::1", 1},
		{"::1", "::1", 0},
		{"[::1]", "::1", 0},
		{"010.0.0.1:1", "", 0},
		{"@", "", 0},
		{"", "", 0},
		{"host:1", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			addr, port, ok := semattr.IPPeer(tt.text)
			if addr != tt.addr || port != tt.port || ok != (tt.addr != "") {
				t.Errorf("IPPeer = %q %d %t, want %q %d", addr, port, ok, tt.addr, tt.port)
			}
		})
	}
}

type otherAddr struct{ network, text string }

func (a otherAddr) Network() string { return a.network }
func (a otherAddr) String() string  { return a.text }

func TestPeer(t *testing.T) {
	tests := []struct {
		name string
		addr net.Addr
		want string
		port int
	}{
		{"TCP", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, "192.0.2.1", 80},
		{"TCP with a zone", &net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 80, Zone: "eth0"}, "fe80::1", 80},
		{"TCP without an address", &net.TCPAddr{Port: 80}, "", 0},
		{"UDP", &net.UDPAddr{IP: net.ParseIP("::1"), Port: 53}, "::1", 53},
		{"unix", &net.UnixAddr{Name: "/run/x", Net: "unix"}, "/run/x", 0},
		{"unnamed unix", &net.UnixAddr{Net: "unix"}, "", 0},
		{"unnamed unix, as Linux shows it", &net.UnixAddr{Name: "@", Net: "unix"}, "", 0},
		{"nil", nil, "", 0},
		{"nil pointer", (*net.TCPAddr)(nil), "", 0},
		{"bufconn", otherAddr{"bufconn", "bufconn"}, "", 0},
		{"another TCP", otherAddr{"tcp", "192.0.2.1:80"}, "192.0.2.1", 80},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if addr, port := semattr.Peer(tt.addr); addr != tt.want || port != tt.port {
				t.Errorf("Peer = %q %d, want %q %d", addr, port, tt.want, tt.port)
			}
		})
	}
}
