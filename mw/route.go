package mw

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// A routeFinder finds the route of a request by the routers that this package knows.
type routeFinder struct {
	router chi.Routes     // may be nil
	mux    *http.ServeMux // may be nil
	below  *http.ServeMux // the handler, looked up beforehand only if a sampler reads routes; may be nil
}

// before returns the route before the handler runs: that of a router outside of this middleware, a match that is
// looked up now, or the pattern of a ServeMux outside. If early is true, it also looks up routers that would set the route
// later.
func (f *routeFinder) before(r *http.Request, early bool) string {
	inside := chi.RouteContext(r.Context())
	route := inside.RoutePattern()
	if early && (route == "" || strings.HasSuffix(route, "/*")) {
		route = cmp.Or(f.later(inside, r), route)
	}
	if route != "" {
		return cleanTarget(route)
	}
	if route := f.match(r); route != "" {
		return cleanTarget(route)
	}
	return cleanTarget(routedTo(r))
}

// after returns the route after the handler. r is the request that the handler got, received is its pattern
// before, and before is the result of [routeFinder.before].
func (f *routeFinder) after(r *http.Request, received, before string) string {
	if route := chi.RouteContext(r.Context()).RoutePattern(); route != "" {
		return cleanTarget(route)
	}
	if r.Pattern != received {
		if route := routedTo(r); route != "" {
			return cleanTarget(route)
		}
	}
	return before
}

// match looks up r in the router, if there is one.
func (f *routeFinder) match(r *http.Request) string {
	if f.router != nil {
		return chiMatch(f.router, r)
	}
	if f.mux != nil {
		_, pattern := f.mux.Handler(r)
		return patternRoute(r, pattern)
	}
	return ""
}

// later looks up the route that a router around this middleware, or the handler, will find. It returns "" if r has no
// route yet that can be looked up.
func (f *routeFinder) later(inside *chi.Context, r *http.Request) string {
	switch {
	case f.router != nil || f.mux != nil: // looked up in any case
	case inside != nil && inside.Routes != nil:
		return chiMatch(inside.Routes, r)
	case f.below != nil:
		_, pattern := f.below.Handler(r)
		return patternRoute(r, pattern)
	}
	return ""
}

// chiContexts are reused for matches. Handlers never see one.
var chiContexts = sync.Pool{New: func() any { return chi.NewRouteContext() }}

func chiMatch(router chi.Routes, r *http.Request) string {
	rctx := chiContexts.Get().(*chi.Context)
	defer chiContexts.Put(rctx)
	rctx.Reset()
	target := cmp.Or(r.URL.RawPath, r.URL.Path, "/")
	found := router.Find(rctx, r.Method, target)
	if pattern := rctx.RoutePattern(); pattern != "" {
		return pattern
	}
	return found
}

// patternRoute strips the method, the host and a trailing {$} from the pattern that a ServeMux found for r. It returns
// "" for a path in place of a pattern.
func patternRoute(r *http.Request, pattern string) string {
	i := strings.IndexByte(pattern, '/')
	if i < 0 || isRedirect(r, pattern) {
		return ""
	}
	return strings.TrimSuffix(pattern[i:], "{$}")
}

// routedTo is patternRoute for the pattern that a ServeMux has set on r. A middleware between may have changed the path
// of r for the ServeMux and changed it back, so a CONNECT that could be redirected must show that it was not.
func routedTo(r *http.Request) string {
	if r.Method == http.MethodConnect && strings.HasSuffix(r.Pattern, "/") && !isMatch(r, r.Pattern) {
		return ""
	}
	return patternRoute(r, r.Pattern)
}

// isMatch reports whether the path of r is below pattern, which ends in a slash. A path with a brace never is: what looks
// like a wildcard may be a part of it. [http.Request.PathValue] cannot answer this: it panics after some matches.
func isMatch(r *http.Request, pattern string) bool {
	if r.URL == nil || strings.Contains(r.URL.Path, "{") {
		return false
	}
	path := strings.Split(r.URL.EscapedPath(), "/")
	wants := strings.Split(strings.TrimSuffix(pattern[strings.IndexByte(pattern, '/'):], "/"), "/")
	if len(path) <= len(wants) {
		return false
	}
	for i, want := range wants {
		segment, err := url.PathUnescape(path[i])
		if wild := strings.HasPrefix(want, "{"); err != nil || !wild && segment != want {
			return false
		}
	}
	return true
}

// isRedirect reports whether pattern is the cleaned path of r with a trailing slash. A ServeMux that redirects a
// CONNECT to it returns that path, which the client chose, instead of a pattern.
func isRedirect(r *http.Request, pattern string) bool {
	return r.Method == http.MethodConnect && r.URL != nil &&
		strings.HasSuffix(pattern, "/") && !strings.HasSuffix(r.URL.EscapedPath(), "/") &&
		strings.TrimRight(pattern, "/") == strings.TrimRight(path.Clean("/"+r.URL.Path), "/")
}

func routed(r *http.Request) string {
	if route := chi.RouteContext(r.Context()).RoutePattern(); route != "" {
		return cleanTarget(route)
	}
	return cleanTarget(routedTo(r))
}
