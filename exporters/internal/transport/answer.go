package transport

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// verdict classifies an answer. Where both the text and the code are known, the text takes precedence. The verdict
// decides what happens to the spans, the hint what an operator reads. A code alone does not decide where servers use
// one for several reasons: 400 is a wrong span, a plain request to a TLS port, or a body that is too large.
func (h *HTTP) verdict(a Answer) delivery.Outcome {
	success := a.Status >= 200 && a.Status <= 299
	if success && !h.foreign(a) {
		return delivery.Outcome{Verdict: delivery.Delivered}
	}
	o := delivery.Outcome{Err: h.err(a)}
	switch {
	case success:
		o.Verdict, o.Hint = delivery.Misconfigured, delivery.Hint(h.seen(delivery.Attempt{Status: a.Status, Foreign: true}))
	case a.Status == http.StatusBadRequest && wantsTLS(a.Body):
		o.Verdict, o.Hint = delivery.Misconfigured, hintTLS
	case a.Status == http.StatusProxyAuthRequired:
		o.Verdict, o.Hint = delivery.Misconfigured, hintProxy
	case a.Status == http.StatusRequestEntityTooLarge, a.Status == http.StatusBadRequest && contains(a.Body, "request body too large"):
		o.Verdict = delivery.TooLarge
	case h.opts.Family.retries(a.Status):
		o.Verdict, o.RetryAfter = delivery.Retry, RetryAfter(a.Header.Get("Retry-After"), time.Now())
	default:
		o.Verdict, o.Hint = delivery.Rejected, h.hint(a)
	}
	return o
}

// foreign reports whether a success came from a server that is not a receiver of spans. A 202 or 204 without a body is
// always accepted, because frameworks add the type of a web page to it.
func (h *HTTP) foreign(a Answer) bool {
	if len(a.Body) == 0 && a.Status != http.StatusOK {
		return false
	}
	return a.webPage() || h.opts.Accepts != nil && !h.opts.Accepts(a)
}

// webPage reports whether the answer is HTML, by its type or, where a server sent a general type, by its beginning.
func (a Answer) webPage() bool {
	switch a.MediaType() {
	case "text/html", "application/xhtml+xml":
		return true
	case "", "text/plain", "application/octet-stream":
		head := bytes.ToLower(bytes.TrimSpace(a.Body[:min(len(a.Body), 64)]))
		return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
	}
	return false
}

// MediaType returns the type of the body in lower case, without parameters. It is empty if it is missing or malformed.
func (a Answer) MediaType() string {
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return ""
	}
	return kind
}

// retries reports whether a backend of the family may accept the same request later, after an answer with this status.
// The common codes are those of the OTLP specification. Zipkin and Jaeger specify none, so two more codes that often
// have a temporary cause are retried.
func (f Family) retries(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusRequestTimeout, http.StatusInternalServerError:
		return f == Classic
	}
	return false
}

// wantsTLS reports whether body is the answer of a TLS port to a plaintext request (Go, nginx, Apache).
func wantsTLS(body []byte) bool {
	return contains(body, "http request to an https server") ||
		contains(body, "plain http request was sent to https port") ||
		contains(body, "speaking plain http to an ssl-enabled server port")
}

// contains reports whether body contains text, which is in lower case. The letter case of body does not matter.
func contains(body []byte, lower string) bool {
	return bytes.Contains(bytes.ToLower(body), []byte(lower))
}

// err returns the status line and the head of the body, without the secrets of the destination.
func (h *HTTP) err(a Answer) error {
	text := strings.TrimSpace(strconv.Itoa(a.Status) + " " + http.StatusText(a.Status))
	body := h.secrets.Text(string(a.Body))
	if len(a.Body) == maxBody {
		body = h.secrets.Head(string(a.Body))
	}
	if body = delivery.Excerpt(strings.TrimSpace(body)); body != "" {
		text += ": " + body
	}
	return errors.New("answer " + text)
}

// RetryAfter parses a Retry-After header (RFC 9110 section 10.2.3), seconds or an HTTP date. A negative, past or
// unreadable value is 0; a value that does not fit is the longest Duration.
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
