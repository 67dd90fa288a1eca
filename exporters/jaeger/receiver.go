package jaeger

import (
	"context"
	"errors"
	"net"
	"time"
)

// receiver is the socket that reads what a connection sends, if it is on this host and the system shows it.
type receiver interface {
	// look returns the present state, or false if that is not known.
	look() (receiveBuffer, bool)
	// close may be called while another goroutine looks.
	close()
}

// receiveBuffer is the state of a receiver's buffer. The bytes are the kernel's, which counts what it
// allocates for a datagram: twice the length, for some.
type receiveBuffer struct {
	used, size uint32 // bytes
	drops      uint32 // datagrams dropped since the socket was opened
}

// hasRoom reports whether a datagram of any size is sure to be taken. Linux takes one whenever no more than
// half of the buffer is used; the other half is for other senders, which may see the same.
func (b receiveBuffer) hasRoom() bool { return b.used <= b.size/2 }

var (
	errNoRoom  = errors.New("receive buffer of the agent is full")
	errDropped = errors.New("receive buffer of the agent overflowed")
)

// Bounds of the pause between two looks at a buffer without room.
const (
	shortPause = 200 * time.Microsecond
	longPause  = 10 * time.Millisecond
)

// awaitRoom waits until r has room, and returns its state at that time. It returns errNoRoom if ctx ends first.
func awaitRoom(ctx context.Context, r receiver) (receiveBuffer, error) {
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		b, known := r.look()
		if !known || b.hasRoom() {
			return b, nil
		}
		select {
		case <-ctx.Done():
			return b, errNoRoom
		case <-time.After(pause):
		}
	}
}

// onThisHost reports whether conn leads to an address of this host.
func onThisHost(conn net.Conn) (from, to *net.UDPAddr, ok bool) {
	u, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, nil, false
	}
	from, _ = u.LocalAddr().(*net.UDPAddr)
	to, _ = u.RemoteAddr().(*net.UDPAddr)
	if from == nil || to == nil {
		return nil, nil, false
	}
	return from, to, to.IP.IsLoopback() || to.IP.Equal(from.IP)
}
