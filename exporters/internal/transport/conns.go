package transport

import (
	"context"
	"net"
	"sync"
	"time"
)

// conns holds the open connections of one destination, so that Shutdown can close them: http.Transport finishes a dial
// whose request has ended, and keeps a connection until its peer closes it.
type conns struct {
	dialer net.Dialer
	life   context.Context
	end    context.CancelFunc
	mu     sync.Mutex
	open   map[*conn]struct{} // nil after close
}

func newConns() *conns {
	life, end := context.WithCancel(context.Background())
	return &conns{
		dialer: net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second},
		life:   life,
		end:    end,
		open:   make(map[*conn]struct{}),
	}
}

// dial opens a connection. It fails after close, also if it has begun before. The timeout and the keep-alive are those
// of http.DefaultTransport.
func (cs *conns) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if cs.life.Err() != nil {
		return nil, net.ErrClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(cs.life, cancel)()
	c, err := cs.dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return cs.add(c)
}

// add lists a connection, or closes it if close was called in the meantime.
func (cs *conns) add(nc net.Conn) (net.Conn, error) {
	c := &conn{Conn: nc, in: cs}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.open == nil {
		nc.Close()
		return nil, net.ErrClosed
	}
	cs.open[c] = struct{}{}
	return c, nil
}

// close closes the connections in use and ends the dials under way. Later dials fail.
func (cs *conns) close() {
	cs.end()
	cs.mu.Lock()
	open := cs.open
	cs.open = nil
	cs.mu.Unlock()
	for c := range open {
		c.Conn.Close()
	}
}

// A conn removes itself from the list when it is closed.
type conn struct {
	net.Conn
	in *conns
}

// Close removes the connection from the list and closes it.
func (c *conn) Close() error {
	c.in.mu.Lock()
	delete(c.in.open, c)
	c.in.mu.Unlock()
	return c.Conn.Close()
}
