package mw

import (
	"cmp"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// routeBefore is what is known of the route before the handler runs: a router above this middleware, a match made
// up front, or the pattern of a ServeMux above.
func (h *handler) routeBefore(r *http.Request) string {
	if route := chi.RouteContext(r.Context()).RoutePattern(); route != "" {
		return cleanTarget(route)
	}
	if route := h.match(r); route != "" {
		return cleanTarget(route)
	}
	return cleanTarget(patternRoute(r, r.Pattern))
}

// routeAfter is the route after the handler: r is the request that was passed on, received its pattern before, and
// before what routeBefore found. The zero value of a source is "".
func (h *handler) routeAfter(r *http.Request, received, before string) string {
	if route := chi.RouteContext(r.Context()).RoutePattern(); route != "" {
		return cleanTarget(route)
	}
	if r.Pattern != received {
		if route := patternRoute(r, r.Pattern); route != "" {
			return cleanTarget(route)
		}
	}
	return before
}

// route is the final route of a request, by the order of the sources.
func (s *serverSpan) route(h *handler) string {
	s.mu.Lock()
	set, nested := s.routeSet, s.routeNested
	s.mu.Unlock()
	if set != "" {
		return cleanTarget(set)
	}
	if nested != "" {
		return nested
	}
	return h.routeAfter(&s.request, s.in.Pattern, s.routeBefore)
}

// match asks the router, if one is known, where r would go.
func (h *handler) match(r *http.Request) string {
	if h.router != nil {
		return chiMatch(h.router, r)
	}
	if h.mux != nil {
		_, pattern := h.mux.Handler(r)
		return patternRoute(r, pattern)
	}
	return ""
}

// chiContexts are scratch space for matches; no handler ever sees one.
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

// patternRoute strips method, host and a trailing {$} from the pattern that a ServeMux found for r. It returns "" for a
// path that stands in the place of a pattern.
func patternRoute(r *http.Request, pattern string) string {
	i := strings.IndexByte(pattern, '/')
	if i < 0 || isRedirect(r, pattern) {
		return ""
	}
	return strings.TrimSuffix(pattern[i:], "{$}")
}

// isRedirect reports whether pattern is the cleaned path of r with a slash behind it. A ServeMux that redirects a CONNECT
// there returns that path, which the client chose, instead of the pattern that the path would match.
func isRedirect(r *http.Request, pattern string) bool {
	return r.Method == http.MethodConnect && r.URL != nil &&
		strings.HasSuffix(pattern, "/") && !strings.HasSuffix(r.URL.EscapedPath(), "/") &&
		strings.TrimRight(pattern, "/") == strings.TrimRight(path.Clean("/"+r.URL.Path), "/")
}

// Route returns the route of r as far as it is known, "" if it is not: the one of [SetRoute], of a router that r
// came through, or the one found when r arrived. In a handler that is what its span will tell.
func Route(r *http.Request) string {
	if s, ok := r.Context().Value(requestKey{}).(*serverSpan); ok {
		s.mu.Lock()
		set, nested, before := s.routeSet, s.routeNested, s.routeBefore
		s.mu.Unlock()
		switch {
		case set != "":
			return cleanTarget(set)
		case nested != "":
			return nested
		}
		if route := routed(r); route != "" {
			return route
		}
		return before
	}
	return routed(r)
}

func routed(r *http.Request) string {
	if route := chi.RouteContext(r.Context()).RoutePattern(); route != "" {
		return cleanTarget(route)
	}
	return cleanTarget(patternRoute(r, r.Pattern))
}
