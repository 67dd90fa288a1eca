package jaeger

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// A socket is a connected UDP socket and the goroutine that reads from it. A read fails at once when a packet is refused; a
// write would fail only with the next packet.
type socket struct {
	conn    net.Conn
	addr    netip.Addr
	refused atomic.Bool
	done    chan struct{}

	receiver receiver // nil: not known
}

func listen(conn net.Conn, addr netip.Addr, lost *atomic.Bool) *socket {
	s := &socket{conn: conn, addr: addr, done: make(chan struct{})}
	go s.read(lost)
	return s
}

func (s *socket) read(lost *atomic.Bool) {
	defer close(s.done)
	buf := make([]byte, 1)
	for {
		_, err := s.conn.Read(buf)
		switch {
		case err == nil: // agents never respond; ignore unexpected data
		case refused(err), isErrno(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH):
			s.refused.Store(true)
			lost.Store(true)
		case isErrno(err, syscall.EMSGSIZE, windowsMessageSize): // a stray datagram of more than a byte, or path MTU
		default:
			return
		}
	}
}

// write sends a packet once the receiver has room for it, and reports errDropped if it had none after all.
func (s *socket) write(ctx context.Context, packet []byte) error {
	if s.receiver == nil {
		_, err := s.conn.Write(packet)
		return err
	}
	before, err := awaitRoom(ctx, s.receiver)
	if err != nil {
		return err
	}
	if _, err := s.conn.Write(packet); err != nil {
		return err
	}
	if after, known := s.receiver.look(); known && after.drops != before.drops && before.size > 0 {
		return errDropped
	}
	return nil
}

func (s *socket) close() {
	_ = s.conn.Close()
	<-s.done
	if s.receiver != nil {
		s.receiver.close()
	}
}
