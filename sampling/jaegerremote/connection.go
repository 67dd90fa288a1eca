package jaegerremote

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// maxHeader is the maximum size of the headers of a response in bytes.
const maxHeader = 64 << 10

// A Connection describes how a [Source] connects to its server. The zero value adds no headers and verifies servers with
// the roots of the system.
type Connection struct {
	Header http.Header        // of each request; the values are secrets
	TLS    func() *tls.Config // returns the configuration of the next connection, which is not changed; may be nil
}

// transport returns a transport for one request, which ends with ctx, and a function that closes all its connections.
//
// An http.Transport finishes a dial whose request has ended, and keeps a connection until its peer closes it. A source has
// one request in a minute, so that it needs neither, and a program that shuts down must not wait for a server.
func (c Connection) transport(ctx context.Context, e Endpoint) (*http.Transport, func()) {
	ctx, cancel := context.WithCancel(ctx)
	open := new(connections)
	t := &http.Transport{
		DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			if e.URL == nil {
				network, address = e.dialed()
			}
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return conn, open.add(conn)
		},
		DisableKeepAlives:      true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxHeader,
	}
	if e.allowsProxy() {
		t.Proxy = http.ProxyFromEnvironment
	}
	if c.TLS != nil {
		t.TLSClientConfig = c.TLS().Clone()
	}
	if e.URL == nil {
		t.Protocols, t.HTTP2 = grpcProtocols(), &http.HTTP2Config{MaxReceiveBufferPerStream: maxResponse}
	}
	return t, func() {
		cancel()
		open.close()
		t.CloseIdleConnections()
	}
}

// allowsProxy reports whether requests to e go through the proxy of the environment. gRPC without TLS does not, because
// proxies of HTTP/1 do not pass it on.
func (e Endpoint) allowsProxy() bool { return e.URL != nil || e.TLS }

// proxy returns the URL of the proxy, whose user information is secret, or nil.
func (e Endpoint) proxy() *url.URL {
	to := e.URL
	if to == nil {
		to = &url.URL{Scheme: "https", Host: e.Target}
	}
	if !e.allowsProxy() {
		return nil
	}
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: to}) // the request reports the error
	return proxy
}

// connections holds the connections of one request.
type connections struct {
	mu     sync.Mutex
	open   []net.Conn
	closed bool
}

// add closes conn if close was called before.
func (c *connections) add(conn net.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close()
		return net.ErrClosed
	}
	c.open = append(c.open, conn)
	return nil
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, conn := range c.open {
		_ = conn.Close()
	}
}
