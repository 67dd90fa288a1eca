package transport

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/redaction"
)

// excerpt returns the part of a receiver's text that may be logged and kept.
func excerpt(secrets *redaction.Redactor, text string) string {
	return delivery.Excerpt(secrets.Text(text))
}

// bounded keeps the type of an error whose text is harmless. It masks and cuts one that quotes a peer.
func bounded(secrets *redaction.Redactor, err error) error {
	if text := excerpt(secrets, err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// proxyOf returns the URL of the proxy for requests to u, or nil.
func proxyOf(u *url.URL) *url.URL {
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: u}) // the request reports the error
	return proxy
}
