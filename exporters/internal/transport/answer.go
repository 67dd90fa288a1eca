package transport

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/endpoint"
)

const (
	hintTLS   = "the server speaks TLS: use https://"
	hintProxy = "the proxy wants a user name and password, set them in HTTP_PROXY or HTTPS_PROXY"
)

// verdict judges an answer. Text comes before the code.
func (h *HTTP) verdict(a Answer) delivery.Outcome {
	switch {
	case a.Status >= 200 && a.Status <= 299:
		return delivery.Outcome{Verdict: delivery.Delivered}
	case a.Status == http.StatusBadRequest && saysHTTPS(a.Body):
		return delivery.Outcome{Verdict: delivery.Misconfigured, Err: a.err(), Hint: hintTLS}
	case a.Status == http.StatusProxyAuthRequired:
		return delivery.Outcome{Verdict: delivery.Misconfigured, Err: a.err(), Hint: hintProxy}
	case a.Status == http.StatusRequestEntityTooLarge, a.Status == http.StatusBadRequest && contains(a.Body, "request body too large"):
		return delivery.Outcome{Verdict: delivery.TooLarge, Err: a.err()}
	case h.opts.Family.retries(a.Status):
		return delivery.Outcome{Verdict: delivery.Retry, After: RetryAfter(a.Header.Get("Retry-After"), time.Now()), Err: a.err()}
	}
	return delivery.Outcome{Verdict: delivery.Rejected, Err: a.err(), Hint: h.hint(a)}
}

func (f Family) retries(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusRequestTimeout, http.StatusInternalServerError:
		return f == Classic
	}
	return false
}

// saysHTTPS knows how servers answer a plaintext request on a TLS port (Go, nginx, Apache).
func saysHTTPS(body []byte) bool {
	return contains(body, "http request to an https server") ||
		contains(body, "plain http request was sent to https port") ||
		contains(body, "speaking plain http to an ssl-enabled server port")
}

func contains(body []byte, lower string) bool {
	return bytes.Contains(bytes.ToLower(body), []byte(lower))
}

func (h *HTTP) hint(a Answer) string {
	if to := a.Header.Get("Location"); to != "" && a.Status >= 300 && a.Status <= 399 {
		return "redirects are not followed, set the endpoint to " + delivery.Excerpt(endpoint.Redact(to))
	}
	return delivery.HintFor(h.seen(delivery.Seen{Status: a.Status}))
}

func (h *HTTP) seen(s delivery.Seen) delivery.Seen {
	s.Endpoint, s.Key, s.UsualPath = h.url.String(), h.opts.From, h.opts.UsualPath
	return s
}

// err is the status line and the head of the body.
func (a Answer) err() error {
	text := strings.TrimSpace(strconv.Itoa(a.Status) + " " + http.StatusText(a.Status))
	if body := delivery.Excerpt(strings.TrimSpace(string(a.Body))); body != "" {
		text += ": " + body
	}
	return errors.New("answer " + text)
}

// RetryAfter reads a Retry-After header (RFC 9110 section 10.2.3), seconds or an HTTP date. What is
// negative, past or unreadable is 0; what does not fit is the longest Duration.
func RetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) && seconds > 0:
		return 1<<63 - 1
	case err != nil || seconds < 0:
		return 0
	case seconds > (1<<63-1)/int64(time.Second):
		return 1<<63 - 1
	}
	return time.Duration(seconds) * time.Second
}
