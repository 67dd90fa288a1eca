package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/redaction"
	"github.com/spanroute/spanroute/internal/tlsfiles"
	"github.com/spanroute/spanroute/internal/version"
	"github.com/spanroute/spanroute/registry/settings"
)

const (
	maxBody = 64 << 10 // read of a response, bytes
)

// Family is a kind of backend. Backends of a family respond with the same codes for the same reasons.
type Family uint8

const (
	// Classic is Zipkin and Jaeger, over HTTP and gRPC.
	Classic Family = iota
	// OTLP retries only what its specification (v1.5.0, "Failures") calls retryable.
	OTLP
)

// HTTPOptions describes one HTTP destination.
type HTTPOptions struct {
	URL             string        // absolute http or https; user information becomes Basic authentication
	ContentType     string        // of the body
	ContentEncoding string        // of the body; may be empty
	Headers         Headers       // extra headers, already checked
	Username        string        // Basic authentication, together with Password
	Password        string        //
	TLS             *tlsfiles.TLS // for https; nil means the system's roots
	Senders         int           // connections kept open; 0 means 2
	Family          Family        //
	UsualPath       string        // for hints: "/api/v2/spans"
	UsualPort       string        // for hints: "9411"
	From            string        // for hints: "zipkin.endpoint (app.yaml:12:5)"

	// Accepts reports whether a 2xx answer can be one of the protocol. A web page never is, whatever it reports.
	// If it is nil, any other answer can.
	Accepts func(Answer) bool
}

// HTTP sends to one destination. It is safe for concurrent use.
//
// How it works. It has one http.Transport with as many idle connections as the destination has senders; changed
// certificate files make a new one. Each attempt is one POST without redirects, whose context is its time limit. An
// answer becomes a verdict: success if a receiver can have sent it, otherwise by its text and its code. A failure
// without an answer is a fault, and its text decides whether a retry can help. Every text of a receiver passes through
// the redactor before it is kept. The connections are dialled through conns, so that Close ends them all.
type HTTP struct {
	opts    HTTPOptions
	url     *url.URL // without user information
	header  http.Header
	secrets *redaction.Redactor
	conns   *conns

	mu   sync.Mutex
	base *http.Transport
	tls  *tls.Config // that base was made with
}

// NewHTTP prepares a destination; it neither dials nor resolves.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, settings.Errorf(settings.ErrURL, "the endpoint is not an absolute http or https URL")
	}
	h := &HTTP{opts: o, header: o.header(u.User), secrets: o.secrets(u), conns: newConns()}
	u.User = nil
	h.url = u
	if o.TLS != nil {
		h.tls = o.TLS.Config()
	}
	h.base = h.newBase()
	return h, nil
}

// pings makes net/http probe an HTTP/2 connection that is silent during a request, and close it if the probe is not
// answered. Otherwise all requests would use it until the kernel gives up. HTTP/1 closes the connection of a request that
// has timed out.
var pings = http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second}

// newBase returns a transport with the TLS configuration of the moment. A transport does not change, so that requests in
// flight keep theirs.
func (h *HTTP) newBase() *http.Transport {
	http2 := pings
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           h.conns.dial,
		TLSClientConfig:       h.tls.Clone(),
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // answers are tiny, and the read limit should mean wire bytes
		MaxIdleConns:          h.opts.senders(),
		MaxIdleConnsPerHost:   h.opts.senders(),
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		HTTP2:                 &http2,

		MaxResponseHeaderBytes: maxBody,
	}
}

// transport returns the transport for the next request. Changed certificate files make a new one; the idle connections
// of the old one are closed, and its requests in flight end in their own time.
func (h *HTTP) transport() *http.Transport {
	if h.opts.TLS == nil {
		return h.base
	}
	conf := h.opts.TLS.Config()
	h.mu.Lock()
	defer h.mu.Unlock()
	if conf != h.tls {
		old := h.base
		h.tls = conf
		h.base = h.newBase()
		old.CloseIdleConnections()
	}
	return h.base
}

// senders returns how many connections stay open between requests.
func (o HTTPOptions) senders() int {
	if o.Senders > 0 {
		return o.Senders
	}
	return 2
}

// header returns the header of every request.
func (o HTTPOptions) header(user *url.Userinfo) http.Header {
	out := o.configured(user)
	if out.Get("User-Agent") == "" {
		out.Set("User-Agent", version.UserAgent)
	}
	if o.ContentType != "" {
		out.Set("Content-Type", o.ContentType)
	}
	if o.ContentEncoding != "" {
		out.Set("Content-Encoding", o.ContentEncoding)
	}
	return out
}

// secrets returns the redactor for u and for what is sent there.
func (o HTTPOptions) secrets(u *url.URL) *redaction.Redactor {
	return redaction.New(o.configured(u.User), u, proxyOf(u))
}

// configured returns the part of the header whose values are secrets. An Authorization header takes precedence over
// username and password, and those over the URL's.
func (o HTTPOptions) configured(user *url.Userinfo) http.Header {
	out := o.Headers.httpHeader()
	auth := Basic(o.Username, o.Password)
	if auth == "" && user != nil {
		password, _ := user.Password() // may be empty: a token in place of the name
		auth = basic(user.Username(), password)
	}
	if auth != "" && out.Get("Authorization") == "" {
		out.Set("Authorization", auth)
	}
	return out
}

// Excerpt returns the part of a receiver's text that may be logged and kept: the destination's secrets masked, control
// characters escaped, at most 200 bytes.
func (h *HTTP) Excerpt(text string) string { return excerpt(h.secrets, text) }

// Endpoint returns the URL for logs: without user information, secrets in the query masked.
func (h *HTTP) Endpoint() string { return endpoint.Redact(h.url.String()) }

// Post makes one attempt with the bytes of body.
func (h *HTTP) Post(ctx context.Context, body []byte) delivery.Outcome {
	o, _ := h.Exchange(ctx, body)
	return o
}

// Exchange makes one attempt as Post does, and returns the answer too.
func (h *HTTP) Exchange(ctx context.Context, body []byte) (delivery.Outcome, Answer) {
	a, err := h.exchange(ctx, body)
	if err != nil {
		return h.fault(ctx, err), a
	}
	return h.verdict(a), a
}

// An Answer is the response to one request. Its zero value stands for a missing response.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // its first 64 KiB
}

// exchange reads the answer's first 64 KiB. A body that breaks off does not undo a status that was read.
// It calls the transport without an http.Client, because that would parse the Location of a redirect and quote an
// invalid one in its error.
func (h *HTTP) exchange(ctx context.Context, body []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url.String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header = h.header.Clone()
	resp, err := h.transport().RoundTrip(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols { // its body is the connection, which no context ends
		return Answer{Status: resp.StatusCode, Header: resp.Header}, nil
	}
	head, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: head}, nil
}

// Close ends every connection, also those in use or being dialled. Attempts fail from now on.
func (h *HTTP) Close() {
	h.conns.close()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.base.CloseIdleConnections()
}
