package jaeger

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// A udp sends packets to Jaeger's agent.
//
// How it works. The agent never answers, so what is known of losses comes from the network stack of this host. A socket is
// connected, and a goroutine reads from it: an ICMP "port unreachable" ends that read, which shows that the packet before
// was lost. Confirm then reports the loss, and delivery sends the packet again. EMSGSIZE means that the host does not send
// datagrams of this size, and delivery lowers the limit. On Linux, the receive buffer of an agent on this host is watched
// before and after each packet. The pace keeps buffers elsewhere from overflowing.
type udp struct {
	agent  *agent
	pace   *pace // nil: unpaced
	watch  func(net.Conn) receiver
	stats  *statistics // nil: not sent
	lost   atomic.Bool // the packet sent last was refused
	wrote  time.Time   // when that one was written
	hinted bool        // about the size of datagrams
	mu     sync.Mutex  // guards socket and closed
	socket *socket
	closed bool
}

// Send writes one packet.
func (u *udp) Send(ctx context.Context, p *payload) delivery.Outcome {
	s, err := u.open(ctx)
	if err != nil {
		return delivery.Outcome{Verdict: delivery.Retry, Err: err, Hint: u.agent.hint(err)}
	}
	u.forget()
	packet := p.body
	if u.stats != nil {
		packet = u.stats.packet(packet)
	}
	if err := u.pace.wait(ctx, len(packet)); err != nil {
		return delivery.Outcome{Verdict: delivery.Retry, Err: err}
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = s.conn.SetWriteDeadline(deadline)
	}
	return u.outcome(s, s.write(ctx, packet))
}

// confirmDelay is the time for which delivery calls Confirm after a packet.
const confirmDelay = 100 * time.Millisecond

// forget discards a refusal that came after delivery had settled the packet before. It would otherwise count as one of the
// next packet.
func (u *udp) forget() {
	if u.lost.Load() && time.Since(u.wrote) > confirmDelay {
		u.lost.Store(false)
	}
}

// outcome returns the outcome of a write.
func (u *udp) outcome(s *socket, err error) delivery.Outcome {
	switch {
	case err == nil:
		u.wrote = time.Now()
		u.pace.sent()
		if u.stats != nil {
			u.stats.sent()
		}
		return delivery.Outcome{Verdict: delivery.Delivered}
	case refused(err):
		u.lost.Store(true)
		u.turn(s)
		return delivery.Outcome{Verdict: delivery.Retry, Err: plain(err), Hint: u.agent.refused()}
	case isErrno(err, syscall.EMSGSIZE, windowsMessageSize):
		return u.tooLarge(err)
	case errors.Is(err, errNoRoom), errors.Is(err, errDropped):
		return delivery.Outcome{Verdict: delivery.Retry, Err: err, Hint: u.agent.slow()}
	}
	u.pace.failed(err)
	u.drop(s)
	return delivery.Outcome{Verdict: delivery.Retry, Err: plain(err)}
}

// tooLarge gives its hint once: the limit is halved until it fits, and each time is a line in the log.
func (u *udp) tooLarge(err error) delivery.Outcome {
	o := delivery.Outcome{Verdict: delivery.TooLarge, Err: plain(err)}
	if !u.hinted {
		u.hinted, o.Hint = true, hintMessageSize
	}
	return o
}

const hintMessageSize = "the host sends no datagram of this size: lower jaeger.thrift.max_packet_size, " +
	"or raise the limit (macOS: sysctl net.inet.udp.maxdgram)"

// A lostError is a packet that the agent's host answered with ICMP "port unreachable".
type lostError struct{ hint string }

func (lostError) Error() string  { return "connection refused" }
func (e lostError) Hint() string { return e.hint }

// Confirm reports, once, that the last packet was lost.
func (u *udp) Confirm() error {
	if !u.lost.Swap(false) {
		return nil
	}
	u.mu.Lock()
	s := u.socket
	u.mu.Unlock()
	if s != nil && s.refused.Load() {
		u.turn(s)
	}
	return lostError{hint: u.agent.refused()}
}

// Close ends the socket and its reader.
func (u *udp) Close(context.Context) error {
	u.mu.Lock()
	s := u.socket
	u.socket, u.closed = nil, true
	u.mu.Unlock()
	if s != nil {
		s.close()
	}
	return nil
}

// open returns the socket, a new one if none is open or its address is not the agent's any more.
func (u *udp) open(ctx context.Context) (*socket, error) {
	u.mu.Lock()
	s := u.socket
	u.mu.Unlock()
	if s != nil && u.agent.still(ctx, s.addr) {
		return s, nil
	}
	conn, addr, err := u.agent.connect(ctx)
	if err != nil {
		return nil, err
	}
	fresh := listen(conn, addr, &u.lost)
	if u.pace != nil {
		fresh.receiver = u.watch(conn)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		fresh.close()
		return nil, net.ErrClosed
	}
	u.socket = fresh
	if s != nil {
		s.close()
	}
	return fresh, nil
}

// turn leaves a socket that was refused, if the agent may be at another address.
func (u *udp) turn(s *socket) {
	s.refused.Store(false)
	if u.agent.turn() {
		u.drop(s)
	}
}

// drop closes s; the next Send opens another one.
func (u *udp) drop(s *socket) {
	u.mu.Lock()
	if u.socket == s {
		u.socket = nil
	}
	u.mu.Unlock()
	s.close()
}
