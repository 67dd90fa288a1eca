package transport

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// Headers are the extra headers of every request. All their values are secrets.
type Headers []Header

// A Header is one of them.
type Header struct{ Name, Value string }

// Check rejects names that are not tokens (RFC 9110 section 5.6.2), names that are set twice, and values that are not
// printable ASCII, so that no value can end its line. The faults name key and header, never a value.
func (hs Headers) Check(key string) error {
	var errs []error
	seen := make(map[string]bool, len(hs))
	for _, h := range hs {
		name := strings.ToLower(h.Name)
		switch {
		case !httpguts.ValidHeaderFieldName(strings.TrimPrefix(name, ":")):
			errs = append(errs, headerFault(key, "%s is not a header name", phrase.Quote(h.Name)))
		case seen[name]:
			errs = append(errs, headerFault(key, "%s is set twice", phrase.Quote(h.Name)))
		case !printable(h.Value):
			errs = append(errs, headerFault(key, "the value of %s is not printable ASCII", phrase.Quote(h.Name)))
		}
		seen[name] = true
	}
	return errors.Join(errs...)
}

// CheckMetadata checks headers for gRPC, which allows fewer characters in a name than HTTP: with another one every call
// would fail.
func (hs Headers) CheckMetadata(key string) error {
	errs := []error{hs.Check(key)}
	for _, h := range hs {
		name := strings.ToLower(h.Name)
		if httpguts.ValidHeaderFieldName(name) && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			errs = append(errs, headerFault(key, "%s cannot be sent over gRPC, want letters, digits, -, _ and .", phrase.Quote(h.Name)))
		}
	}
	return errors.Join(errs...)
}

func headerFault(key, format string, args ...any) error {
	return &settings.KeyError{Key: key, Err: settings.Errorf(settings.ErrHeader, format, args...)}
}

// printable reports whether s has only visible ASCII characters and spaces. RFC 9110 allows tabs and bytes above 0x7F,
// but gRPC rejects them.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Get returns the value of the header called name in any letter case, or "". Names are unique in any letter case, which
// Check ensures.
func (hs Headers) Get(name string) string {
	for _, h := range hs {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// hop lists the headers of the body and the connection, which only the transport sets.
var hop = []string{"Content-Type", "Content-Encoding", "Content-Length", "Transfer-Encoding", "Host", "Grpc-Encoding"}

// httpHeader returns the headers for HTTP, without those that the transport sets itself.
func (hs Headers) httpHeader() http.Header {
	out := make(http.Header, len(hs)+3)
	for _, h := range hs {
		name := http.CanonicalHeaderKey(h.Name)
		if !slices.Contains(hop, name) && !strings.HasPrefix(name, ":") {
			out.Set(name, h.Value)
		}
	}
	return out
}

// Metadata returns the headers as gRPC metadata, names in lower case, without those gRPC reserves.
// It is never nil.
func (hs Headers) Metadata() map[string]string {
	out := make(map[string]string, len(hs))
	for _, h := range hs {
		if name := strings.ToLower(h.Name); !reserved(name) {
			out[name] = h.Value
		}
	}
	return out
}

// reserved reports whether gRPC sets the metadata itself, or HTTP/2 forbids it (RFC 9113 section 8.2.2). name is in
// lower case.
func reserved(name string) bool {
	switch name {
	case "content-type", "user-agent", "te", "connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return true
	}
	return strings.HasPrefix(name, "grpc-") || strings.HasPrefix(name, ":")
}

// Basic returns the value of an Authorization header, RFC 7617 with UTF-8; empty unless both are set.
func Basic(username, password string) string {
	if username == "" || password == "" {
		return ""
	}
	return basic(username, password)
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}
