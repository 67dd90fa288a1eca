package jaegerremote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/redaction"
	"github.com/spanroute/spanroute/internal/version"
)

// maxResponse is the maximum size of a response in bytes, uncompressed.
const maxResponse = 1 << 20

// A Source requests the strategy of a service from one server. It does not hold connections between requests.
type Source interface {
	// String returns the endpoint, without secrets.
	String() string
	// fetch returns the response of the server. The caller bounds it by ctx.
	fetch(ctx context.Context) (response, error)
}

// NewSource returns a source that requests the strategy of service from the server at e, over HTTP or gRPC. Redirects are
// not followed, because they could pass headers on to another server.
func NewSource(e Endpoint, service string, c Connection) Source {
	return source{e, service, c, redaction.New(c.Header, e.URL, e.proxy())}
}

type source struct {
	endpoint   Endpoint
	service    string
	connection Connection
	secrets    *redaction.Redactor
}

func (s source) String() string { return s.endpoint.String() }

func (s source) fetch(ctx context.Context) (response, error) {
	t, closeAll := s.connection.transport(ctx, s.endpoint)
	defer closeAll()
	r, err := s.exchange(ctx, t)
	if err == nil {
		return r, nil
	}
	if text := s.secrets.Text(err.Error()); text != err.Error() {
		err = errors.New(text)
	}
	return response{}, err
}

func (s source) exchange(ctx context.Context, t http.RoundTripper) (response, error) {
	if s.endpoint.URL == nil {
		return s.call(ctx, t)
	}
	return s.get(ctx, t)
}

// get requests the strategy over HTTP.
func (s source) get(ctx context.Context, t http.RoundTripper) (response, error) {
	u := *s.endpoint.URL
	query := u.Query()
	query.Set("service", s.service)
	u.RawQuery, u.User = query.Encode(), nil
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return response{}, err
	}
	s.setHeader(request)
	request.Header.Set("Accept", "application/json")
	answer, err := t.RoundTrip(request)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	if err := checkHeader(answer); err != nil {
		return response{}, err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxResponse+1))
	if err != nil {
		return response{}, err
	}
	if len(body) > maxResponse {
		return response{}, fmt.Errorf("the response is larger than %d bytes", maxResponse)
	}
	return parseJSON(body)
}

// setHeader adds the headers of the connection and the user information of the endpoint.
func (s source) setHeader(request *http.Request) {
	for name, values := range s.connection.Header {
		if !s.endpoint.ReservesHeader(name) {
			request.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", version.UserAgent)
	}
	if u := s.endpoint.URL; u != nil && u.User != nil && request.Header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		request.SetBasicAuth(u.User.Username(), password)
	}
}

// ReservesHeader reports whether requests to e cannot have a header with this name, because the protocol sets it. Such a
// header is not sent.
func (e Endpoint) ReservesHeader(name string) bool {
	name = strings.ToLower(name)
	switch {
	case name == "host", strings.HasPrefix(name, "content-"), strings.HasPrefix(name, ":"):
		return true
	case e.URL != nil:
		return false
	}
	return name == "te" || name == "connection" || name == "keep-alive" || name == "proxy-connection" ||
		name == "transfer-encoding" || name == "upgrade" || strings.HasPrefix(name, "grpc-")
}

func checkHeader(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server responds with status %d, want 200", answer.StatusCode)
	}
	contentType := answer.Header.Get("Content-Type")
	if t, _, _ := mime.ParseMediaType(contentType); t != "application/json" && !strings.HasSuffix(t, "+json") {
		return fmt.Errorf("the response has the content type %s, want application/json", phrase.Quote(contentType))
	}
	return nil
}

// String returns the endpoint without secrets. That of gRPC begins with "grpc ".
func (e Endpoint) String() string {
	if e.URL == nil {
		return "grpc " + endpoint.Redact(e.Target)
	}
	return endpoint.Redact(e.URL.String())
}
