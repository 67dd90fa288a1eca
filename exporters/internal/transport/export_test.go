package transport

import (
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/spanroute/spanroute/internal/tlsfiles"
)

// Conn returns the connection of g.
func Conn(g *GRPC) *grpc.ClientConn { return g.channels.current.ClientConn }

// SetPings sets the silence after which an HTTP/2 connection is probed, and the time limit of the answer, for the clients
// that a test opens.
func SetPings(t testing.TB, d time.Duration) {
	before := pings
	pings = http.HTTP2Config{SendPingTimeout: d, PingTimeout: d}
	t.Cleanup(func() { pings = before })
}

// Follow is Certificates.TLS with a clock and a log of the test's.
func Follow(c tlsfiles.Certificates, log io.Writer, now func() time.Time) (*tlsfiles.TLS, error) {
	return c.Follow("", slog.New(slog.NewTextHandler(log, nil)), now)
}
