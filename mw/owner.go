package mw

import (
	"net/http"
	"net/url"

	"github.com/spanroute/spanroute/internal/semattr"
)

// net/http keeps a request line as one string, of which method, path, query and, in the absolute form, host are parts.
// Each value of a header is a separate string. The URL of a client request may be part of any text.

// targetOwner returns the Owner of the parts of the request line or URL of r if the span keeps none of them unchanged.
func targetOwner(r *http.Request) semattr.Owner { return semattr.OwnerOf(targetSize(r), 0) }

// requestOwner returns the Owner of texts that a function of the program takes from anywhere in r.
func requestOwner(r *http.Request) semattr.Owner { return targetOwner(r).And(contentOwner(r)) }

// contentOwner returns the Owner of parts of the header of r and of the form that its body was parsed into.
func contentOwner(r *http.Request) semattr.Owner {
	return headerOwner(r.Header).And(headerOwner(http.Header(r.PostForm)))
}

func targetSize(r *http.Request) int { return len(r.Method) + max(len(r.RequestURI), urlSize(r.URL)) }

// urlSize returns the minimum number of bytes that the parts of u have together.
func urlSize(u *url.URL) int {
	size := len(u.Host) + max(len(u.Path), len(u.RawPath)) + len(u.RawQuery) + len(u.Opaque) + len(u.Fragment)
	if u.User != nil {
		password, _ := u.User.Password()
		size += len(u.User.Username()) + len(password)
	}
	return size
}

// headerOwner returns the Owner of parts of the values of h: of the named headers, or of all of them without names.
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

// valuesOwner returns the Owner of parts of values. They are counted together, because those of a list are joined
// before they are parsed.
func valuesOwner(values []string) semattr.Owner {
	size := 0
	for _, value := range values {
		size += len(value)
	}
	return semattr.OwnerOf(size, 0)
}
