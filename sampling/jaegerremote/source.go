package jaegerremote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/phrase"
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

// HTTPSource returns a source that requests endpoint?service=service over HTTP. client holds the TLS configuration, the
// proxy and the headers, by its Transport; nil uses the defaults of net/http. Redirects are not followed, because they
// could pass headers on to another server.
func HTTPSource(endpoint *url.URL, service string, client *http.Client) Source {
	if client == nil {
		client = http.DefaultClient
	}
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	u := *endpoint
	query := u.Query()
	query.Set("service", service)
	u.RawQuery = query.Encode()
	return httpSource{client: &c, url: u.String(), endpoint: endpoint.String()}
}

type httpSource struct {
	client        *http.Client
	url, endpoint string
}

func (s httpSource) String() string { return endpoint.Redact(s.endpoint) }

func (s httpSource) fetch(ctx context.Context) (response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return response{}, withoutURL(err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", version.UserAgent)
	request.Close = true
	answer, err := s.client.Do(request)
	if err != nil {
		return response{}, withoutURL(err)
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

// withoutURL returns the cause of an error of net/http, whose text contains the URL and its secrets.
func withoutURL(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
