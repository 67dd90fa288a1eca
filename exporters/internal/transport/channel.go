package transport

import (
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// channels holds the connection to a gRPC server and replaces it when it is silent.
//
// How it works. When a node is lost or a NAT gateway forgets a connection, no packet ends it: calls run into their deadlines
// until the kernel gives up, which takes a quarter of an hour on Linux. grpc-go has one connection for all calls and
// keeps it. A call that ends at its deadline therefore replaces the connection, unless the server has answered another
// call on it in the meantime: then the server is slow and not lost. Calls that still run on the old connection continue;
// the last one closes it.
type channels struct {
	dial func() (*grpc.ClientConn, error)

	mu      sync.Mutex
	current *channel
	old     map[*channel]struct{} // replaced, with running calls
	closed  bool
}

// A channel is one connection.
type channel struct {
	*grpc.ClientConn
	calls    int       // running
	answered time.Time // when the server last answered a call
}

func newChannels(dial func() (*grpc.ClientConn, error)) (*channels, error) {
	conn, err := dial()
	if err != nil {
		return nil, err
	}
	return &channels{dial: dial, current: &channel{ClientConn: conn}, old: make(map[*channel]struct{})}, nil
}

// begin returns the connection for a call, which ends with a call of end.
func (cs *channels) begin() *channel {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.current.calls++
	return cs.current
}

// end ends a call that began at the time began. answered reports whether the server answered it, silent whether it ended
// at its deadline.
func (cs *channels) end(c *channel, began time.Time, answered, silent bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.calls--
	if answered {
		c.answered = time.Now()
	}
	if silent && c == cs.current && c.answered.Before(began) && !cs.closed {
		cs.replace()
	}
	if _, replaced := cs.old[c]; replaced && c.calls == 0 {
		delete(cs.old, c)
		_ = c.Close()
	}
}

// replace makes a new connection the current one. Called with mu held.
func (cs *channels) replace() {
	conn, err := cs.dial()
	if err != nil {
		return // it was possible before; the old connection remains
	}
	cs.old[cs.current] = struct{}{}
	cs.current = &channel{ClientConn: conn}
}

// close closes all connections. Running calls fail.
func (cs *channels) close() error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closed {
		return nil
	}
	cs.closed = true
	err := cs.current.Close()
	for c := range cs.old {
		err = errors.Join(err, c.Close())
	}
	clear(cs.old)
	return err
}
