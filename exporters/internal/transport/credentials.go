package transport

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"

	"github.com/spanroute/spanroute/internal/tlsfiles"
)

// followedCredentials makes each client handshake with the configuration of that time.
type followedCredentials struct {
	credentials.TransportCredentials // of the first configuration
	tls                              *tlsfiles.TLS
}

// newCredentials returns gRPC credentials that follow the files of t.
func newCredentials(t *tlsfiles.TLS) credentials.TransportCredentials {
	return followedCredentials{credentials.NewTLS(t.Config()), t}
}

// ClientHandshake makes one handshake.
func (c followedCredentials) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return credentials.NewTLS(c.tls.Config()).ClientHandshake(ctx, authority, conn)
}

// Clone returns credentials that follow the same files.
func (c followedCredentials) Clone() credentials.TransportCredentials {
	return followedCredentials{c.TransportCredentials.Clone(), c.tls}
}
