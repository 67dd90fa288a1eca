package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/settings"
	"github.com/spanroute/spanroute/internal/version"
)

const (
	maxBody = 64 << 10 // read of a response, bytes
)

// Family is a row of answers that a kind of backend understands alike.
type Family uint8

const (
	// Classic is Zipkin and Jaeger, over HTTP and gRPC.
	Classic Family = iota
	// OTLP retries less: what its specification (v1.5.0, "Failures") calls retryable.
	OTLP
)

// HTTPOptions describe one HTTP destination.
type HTTPOptions struct {
	URL             string      // absolute http or https; user information becomes Basic authentication
	ContentType     string      // of the body
	ContentEncoding string      // of the body; may be empty
	Headers         Headers     // extra headers, already checked
	Username        string      // Basic authentication, together with Password
	Password        string      //
	TLS             *tls.Config // for https; nil means the system's roots
	Senders         int         // connections kept open; 0 means 2
	Family          Family      //
	UsualPath       string      // for the hint of a 404: "/api/v2/spans"
	From            string      // for the hint of an unknown host: "zipkin.endpoint (app.yaml:12:5)"
}

// HTTP sends to one destination. It is safe for concurrent use.
type HTTP struct {
	opts   HTTPOptions
	url    *url.URL // without user information
	header http.Header
	base   *http.Transport
	conns  *conns
}

// NewHTTP prepares a destination; it neither dials nor resolves.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, settings.Errorf(settings.ErrURL, "the endpoint is no absolute http or https URL")
	}
	h := &HTTP{opts: o, header: o.header(u.User), conns: newConns()}
	u.User = nil
	h.url = u
	h.base = &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           h.conns.dial,
		TLSClientConfig:       o.TLS.Clone(),
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // answers are tiny, and the read limit should mean wire bytes
		MaxIdleConns:          o.senders(),
		MaxIdleConnsPerHost:   o.senders(),
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,

		MaxResponseHeaderBytes: maxBody,
	}
	return h, nil
}

func (o HTTPOptions) senders() int {
	if o.Senders > 0 {
		return o.Senders
	}
	return 2
}

// header is set on every request. An Authorization header beats username and password,
// and those beat the URL's.
func (o HTTPOptions) header(user *url.Userinfo) http.Header {
	out := o.Headers.httpHeader()
	auth := Basic(o.Username, o.Password)
	if auth == "" && user != nil {
		password, _ := user.Password() // may be empty: a token in place of the name
		auth = basic(user.Username(), password)
	}
	if auth != "" && out.Get("Authorization") == "" {
		out.Set("Authorization", auth)
	}
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

// Endpoint is the URL for logs: without user information, secrets in the query masked.
func (h *HTTP) Endpoint() string { return endpoint.Redact(h.url.String()) }

// Post makes one attempt with the bytes of body.
func (h *HTTP) Post(ctx context.Context, body []byte) delivery.Outcome {
	o, _ := h.Exchange(ctx, body)
	return o
}

// Exchange is Post for those who read the answer, too.
func (h *HTTP) Exchange(ctx context.Context, body []byte) (delivery.Outcome, Answer) {
	a, err := h.exchange(ctx, body)
	if err != nil {
		return h.fault(ctx, err), a
	}
	return h.verdict(a), a
}

// An Answer is what came back for one request; its zero value is none.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // its first 64 KiB
}

// exchange reads the answer's first 64 KiB. A body that breaks off does not undo a status that was read.
// It goes to the transport and not through an http.Client, which would read the Location of a redirect,
// and quote one it cannot parse in its error.
func (h *HTTP) exchange(ctx context.Context, body []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url.String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header = h.header.Clone()
	resp, err := h.base.RoundTrip(req)
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
	h.base.CloseIdleConnections()
}
