package mw

import (
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// net/http keeps a request line as one string, of which method, path, query and, in the absolute form, host are parts.
// Each value of a header is a string of its own. What a program sends is a URL that may be part of anything.

// lineOwner returns the Owner of the parts of the request line of r, given those that a was filled with and the
// attributes of the user, which win over them.
func (a *requestInfo) lineOwner(r *http.Request, winners []attribute.KeyValue) semattr.Owner {
	size := targetSize(r)
	if o := semattr.OwnerOf(size, 0); !o.Copies() {
		return o
	}
	kept := semattr.Kept(r.Method)
	if !strings.Contains(a.path, "%") && !instrumentation.Has(winners, semattr.URLPath) { // an escaped path may be a copy
		kept += semattr.Kept(a.path)
	}
	if a.query == r.URL.RawQuery && !instrumentation.Has(winners, semattr.URLQuery) {
		kept += semattr.Kept(a.query)
	}
	return semattr.OwnerOf(size, kept)
}

// targetOwner returns the Owner of the parts of the request line or URL of r, none of which the span keeps as it is.
func targetOwner(r *http.Request) semattr.Owner { return semattr.OwnerOf(targetSize(r), 0) }

// requestOwner returns the Owner of texts that a function of the user takes from anywhere in r.
func requestOwner(r *http.Request) semattr.Owner { return targetOwner(r).And(headerOwner(r.Header)) }

func targetSize(r *http.Request) int { return len(r.Method) + max(len(r.RequestURI), urlSize(r.URL)) }

// urlSize returns the number of bytes that u is made of, at least.
func urlSize(u *url.URL) int {
	size := len(u.Host) + max(len(u.Path), len(u.RawPath)) + len(u.RawQuery) + len(u.Opaque) + len(u.Fragment)
	if u.User != nil {
		password, _ := u.User.Password()
		size += len(u.User.Username()) + len(password)
	}
	return size
}

// headerOwner returns the Owner of parts of the values of h, of all of them unless names are given.
func headerOwner(h http.Header, names ...string) (o semattr.Owner) {
	if len(names) == 0 {
		for _, values := range h {
			o = o.And(valuesOwner(values))
		}
	}
	for _, name := range names {
		o = o.And(valuesOwner(h[name]))
	}
	return o
}

// valuesOwner counts the values together, because those of a list are joined before they are taken apart.
func valuesOwner(values []string) semattr.Owner {
	size := 0
	for _, value := range values {
		size += len(value)
	}
	return semattr.OwnerOf(size, 0)
}
