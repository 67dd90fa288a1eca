package mw_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

func muxWith(patterns ...string) *http.ServeMux {
	mux := http.NewServeMux()
	for _, p := range patterns {
		mux.HandleFunc(p, status(http.StatusOK))
	}
	return mux
}

func chiWith(patterns ...string) *chi.Mux {
	r := chi.NewRouter()
	for _, p := range patterns {
		r.Get(p, status(http.StatusOK))
	}
	return r
}

// cloning is a middleware that hands on a copy of the request, as many do to add to its context.
func cloning(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey("clone"), true)))
	})
}

type contextKey string

func TestServerSpan(t *testing.T) {
	tests := []struct {
		name, golden, target string
		handler              http.Handler
	}{
		{"ServeMux", "route", "/users/123", muxWith("GET /users/{id}")},
		{"with a query", "route_query", "/users/123?fields=name&verbose=true", muxWith("GET /users/{id}")},
		{"chi from outside", "route", "/users/123", chiWith("/users/{id}")},
		{"no route", "not_found", "/nowhere", muxWith("GET /users/{id}")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, got := serve(t, tt.handler, newRequest("GET", tt.target))
			spantest.Golden(t, tt.golden, []spantest.Span{got})
		})
	}
}

func TestServerSpanInsideChi(t *testing.T) {
	for _, method := range []struct{ name, golden, verb, target string }{
		{"route", "route", "GET", "/users/123"},
		{"not found", "not_found", "GET", "/nowhere"},
		{"method not allowed", "not_allowed", "POST", "/users/123"},
	} {
		t.Run(method.name, func(t *testing.T) {
			t.Parallel()
			rec := spantest.NewRecorder(t)
			r := chi.NewRouter()
			r.Use(mw.New(mw.With(rec.Tracing())))
			r.Get("/users/{id}", status(200))
			r.ServeHTTP(httptest.NewRecorder(), newRequest(method.verb, method.target))
			spantest.Golden(t, method.golden, rec.Wait(t, 1))
		})
	}
}

func TestRouteSources(t *testing.T) {
	setRoute := func(w http.ResponseWriter, r *http.Request) {
		mw.SetRoute(r.Context(), "/by/{hand}")
		if got := mw.Route(r); got != "/by/{hand}" {
			t.Errorf("Route = %q, want the one that was set", got)
		}
	}
	mounted := chi.NewRouter()
	mounted.Mount("/api", chiWith("/users/{id}"))
	named := func(pattern string, h http.HandlerFunc) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(pattern, h)
		return mux
	}
	tests := []struct {
		name, method, target string
		handler              http.Handler
		opts                 []mw.ServerOption
		span, route          string
	}{
		{"host in the pattern", "GET", "/foo/7", muxWith("GET example.com/foo/{id}"), nil, "GET /foo/{id}", "/foo/{id}"},
		{"cloned before a ServeMux", "GET", "/users/1", cloning(muxWith("GET /users/{id}")), nil, "GET", ""},
		{"cloned, WithServeMux", "GET", "/users/1", cloning(muxWith("GET /users/{id}")),
			[]mw.ServerOption{mw.WithServeMux(muxWith("GET /users/{id}"))}, "GET /users/{id}", "/users/{id}"},
		{"cloned, WithRouter", "GET", "/users/1", cloning(chiWith("/users/{id}")),
			[]mw.ServerOption{mw.WithRouter(chiWith("/users/{id}"))}, "GET /users/{id}", "/users/{id}"},
		{"root route", "GET", "/", chiWith("/", "/files/*"), nil, "GET /", "/"},
		{"wildcard route", "GET", "/files/a/b", chiWith("/", "/files/*"), nil, "GET /files/*", "/files/*"},
		{"unknown method on a route", "PROPFIND", "/dav/x", named("/dav/{file}", status(200)), nil, "HTTP /dav/{file}", "/dav/{file}"},
		{"exact root", "GET", "/", muxWith("GET /{$}"), nil, "GET /", "/"},
		{"exact directory", "GET", "/a/", muxWith("/a/{$}"), nil, "GET /a/", "/a/"},
		{"mounted", "GET", "/api/users/1", mounted, nil, "GET /api/users/{id}", "/api/users/{id}"},
		{"mount matched, its router did not", "GET", "/api/none", mounted, nil, "GET /api/*", "/api/*"},
		{"SetRoute wins", "GET", "/users/1", named("/users/{id}", setRoute), nil, "GET /by/{hand}", "/by/{hand}"},
		{"escaped path", "GET", "/users/a%2Fb", chiWith("/users/{id}"), nil, "GET /users/{id}", "/users/{id}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRequest(tt.method, tt.target)
			r.Host = "example.com"
			_, got := serve(t, tt.handler, r, tt.opts...)
			if got.Name() != tt.span {
				t.Errorf("name = %q, want %q", got.Name(), tt.span)
			}
			wantAttrs(t, got, map[string]string{"http.route": tt.route})
		})
	}
}

func TestMiddlewareBelowARouter(t *testing.T) {
	rec := spantest.NewRecorder(t)
	mux := http.NewServeMux()
	mux.Handle("GET /users/{id}", mw.New(mw.With(rec.Tracing()))(status(200)))
	mux.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/users/1"))
	if got := rec.One(t); got.Name() != "GET /users/{id}" {
		t.Errorf("name = %q, want the pattern of the mux above", got.Name())
	}
}

// A CONNECT that ServeMux redirects to the path with a slash gets a "pattern" that is the path of the client.
func TestNoRouteFromTheClient(t *testing.T) {
	mux := muxWith("/files/{name}/", "CONNECT /tunnel/{to}", "/rpc/")
	tests := []struct {
		name, method, target string
		status               int
		span, route          string
	}{
		{"CONNECT that is redirected", "CONNECT", "/files/EVIL-%0a2", 307, "CONNECT", ""},
		{"CONNECT that is redirected to a cleaned path", "CONNECT", "/files/..", 307, "CONNECT", ""},
		{"CONNECT that is redirected to two slashes", "CONNECT", "/files/EVIL%2F", 307, "CONNECT", ""},
		{"CONNECT with an empty segment", "CONNECT", "/files//a", 200, "CONNECT /files/{name}/", "/files/{name}/"},
		{"CONNECT that names a wildcard", "CONNECT", "/files/%7Bname%7D", 307, "CONNECT", ""},
		{"CONNECT with a slash", "CONNECT", "/files/a/", 200, "CONNECT /files/{name}/", "/files/{name}/"},
		{"CONNECT to a wildcard", "CONNECT", "/tunnel/a", 200, "CONNECT /tunnel/{to}", "/tunnel/{to}"},
		{"CONNECT to a literal pattern", "CONNECT", "/rpc/", 200, "CONNECT /rpc/", "/rpc/"},
		{"GET that is redirected", "GET", "/files/a", 307, "GET /files/{name}/", "/files/{name}/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var seen []string
			outer := handling(func(w http.ResponseWriter, r *http.Request) {
				mux.ServeHTTP(w, r)
				seen = append(seen, mw.Route(r))
			})
			for when, opts := range map[string][]mw.ServerOption{"after": nil, "beforehand": {mw.WithServeMux(mux)}} {
				rec := spantest.NewRecorder(t)
				srv := quietServer(t, mw.New(append(opts, mw.With(rec.Tracing()))...)(outer))
				srv.Start()
				if code := rawStatus(t, srv, tt.method+" "+tt.target+" HTTP/1.1\r\nHost: h\r\n\r\n"); code != tt.status {
					t.Errorf("%s: status %d, want %d", when, code, tt.status)
				}
				got := rec.One(t)
				if got.Name() != tt.span || got.Text("http.route") != tt.route {
					t.Errorf("%s: span %q, route %q; want %q, %q", when, got.Name(), got.Text("http.route"), tt.span, tt.route)
				}
			}
			for _, route := range seen {
				if route != tt.route {
					t.Errorf("Route = %q, want %q", route, tt.route)
				}
			}
		})
	}
}

// A middleware may change the path for the ServeMux below it and change it back.
func TestNoRouteFromTheClientBehindARewrite(t *testing.T) {
	mux := muxWith("/files/{name}/", "/{a}/{b}/", "/rpc/x/")
	rewriting := handling(func(w http.ResponseWriter, r *http.Request) {
		sent := r.URL.Path
		r.URL.Path = strings.TrimPrefix(sent, "/prefix")
		mux.ServeHTTP(w, r)
		r.URL.Path = sent
	})
	for target, want := range map[string]string{
		"/prefix/files/EVIL":     "",
		"/prefix/{EVIL}/{EVIL2}": "",
		"/prefix/EVIL/{b}":       "",
		"/prefix/files/a/":       "", // looks like a redirect
		"/files/a/":              "/files/{name}/",
		"/rpc/x/a":               "/rpc/x/",
	} {
		rec := spantest.NewRecorder(t)
		r := &http.Request{Method: "CONNECT", URL: &url.URL{Path: target}, Host: "h", Header: http.Header{}, Body: http.NoBody}
		mw.New(mw.With(rec.Tracing()))(rewriting).ServeHTTP(httptest.NewRecorder(), r)
		if got := rec.One(t); got.Text("http.route") != want {
			t.Errorf("%s: span %q, route %q, want %q", target, got.Name(), got.Text("http.route"), want)
		}
	}
}

// rawStatus sends the text of a request to srv and returns the status of the response.
func rawStatus(t *testing.T, srv *httptest.Server, raw string) int {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestMethods(t *testing.T) {
	tests := []struct{ name, method, span, known, original string }{
		{"unknown", "PROPFIND", "HTTP", "_OTHER", "PROPFIND"},
		{"lower case", "get", "HTTP", "_OTHER", "get"},
		{"QUERY", "QUERY", "QUERY", "QUERY", ""},
		{"HEAD", "HEAD", "HEAD", "HEAD", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := serve(t, status(200), newRequest(tt.method, "/x"))
			if got.Name() != tt.span {
				t.Errorf("name = %q, want %q", got.Name(), tt.span)
			}
			wantAttrs(t, got, map[string]string{"http.request.method": tt.known, "http.request.method_original": tt.original})
		})
	}
}

func TestKnownMethods(t *testing.T) {
	t.Setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET, PROPFIND,")
	tests := []struct {
		name, method, want string
		opts               []mw.ServerOption
	}{
		{"listed by the environment", "PROPFIND", "PROPFIND", nil},
		{"not listed any more", "POST", "_OTHER", nil},
		{"the option replaces the environment", "PURGE", "PURGE", []mw.ServerOption{mw.WithKnownMethods("PURGE")}},
		{"and is no addition to it", "GET", "_OTHER", []mw.ServerOption{mw.WithKnownMethods("PURGE")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := serve(t, status(200), newRequest(tt.method, "/x"), tt.opts...)
			wantAttrs(t, got, map[string]string{"http.request.method": tt.want})
		})
	}
}

func TestPaths(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *http.Request)
		want   string
	}{
		{"asterisk", func(r *http.Request) { r.Method, r.URL.Path = "OPTIONS", "*" }, "*"},
		{"CONNECT", func(r *http.Request) { r.Method, r.URL.Path = "CONNECT", "" }, "/"},
		{"as escaped on the wire", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b c", "" }, "/a/b%20c"},
		{"with a slash escaped", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b", "/a%2Fb" }, "/a%2Fb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRequest("GET", "/x")
			tt.change(r)
			_, got := serve(t, status(200), r)
			wantAttrs(t, got, map[string]string{"url.path": tt.want})
		})
	}
}

func TestSpanNames(t *testing.T) {
	rename := func(_ http.ResponseWriter, r *http.Request) {
		trace.SpanFromContext(r.Context()).SetName("custom")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/users/{id}", rename)
	var routes []string
	naming := mw.WithSpanName(func(_ *http.Request, method, route string) string {
		routes = append(routes, route)
		if route == "" {
			return ""
		}
		return "route of " + method + ": " + route
	})
	t.Run("named by the handler", func(t *testing.T) {
		_, got := serve(t, mux, newRequest("GET", "/users/1"))
		if got.Name() != "custom" {
			t.Errorf("name = %q, want custom", got.Name())
		}
		wantAttrs(t, got, map[string]string{"http.route": "/users/{id}"})
	})
	t.Run("named by WithSpanName", func(t *testing.T) {
		_, got := serve(t, muxWith("/users/{id}"), newRequest("GET", "/users/1"), naming)
		if got.Name() != "route of GET: /users/{id}" {
			t.Errorf("name = %q, want the one of the function", got.Name())
		}
		if len(routes) != 2 || routes[0] != "" || routes[1] != "/users/{id}" {
			t.Errorf("the function was asked with routes %q, want none at the start and the route at the end", routes)
		}
	})
	t.Run("an empty name keeps the default", func(t *testing.T) {
		_, got := serve(t, status(200), newRequest("GET", "/users/1"), naming)
		if got.Name() != "GET" {
			t.Errorf("name = %q, want GET", got.Name())
		}
	})
}

func TestRequestAttributesWin(t *testing.T) {
	own := func(*http.Request) []attribute.KeyValue {
		return []attribute.KeyValue{
			attribute.String("url.path", "mine"), attribute.String("tenant", "t\xff"),
			attribute.StringSlice("roles", []string{"a", "b\xff"}), attribute.String("http.route", "/mine"),
		}
	}
	for _, reads := range []bool{false, true} {
		rec := spantest.NewRecorder(t)
		rec.ReadsAttributes = reads
		rec.Allow("tenant", "roles")
		h := mw.New(mw.With(rec.Tracing()), mw.WithRequestAttributes(own))(status(200))
		h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		wantAttrs(t, rec.One(t), map[string]string{
			"url.path": "mine", "tenant": "t\uFFFD", "roles": `["a","b` + "\uFFFD" + `"]`, "http.route": "/mine",
		})
	}
}

// An error.type of the program is recorded only on a span that is an error.
func TestOwnErrorTypeWaitsForAnError(t *testing.T) {
	own := mw.WithRequestAttributes(func(*http.Request) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("error.type", "mine\xff")}
	})
	for _, reads := range []bool{false, true} {
		for code, want := range map[int]string{200: "", 503: "mine\uFFFD"} {
			rec := spantest.NewRecorder(t)
			rec.ReadsAttributes = reads
			mw.New(mw.With(rec.Tracing()), own)(status(code)).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
			wantAttrs(t, rec.One(t), map[string]string{"error.type": want})
			rec.Reset()
			base := func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: code}, nil }
			if _, err := mw.NewTransport(tripper(base), mw.With(rec.Tracing()), own).RoundTrip(outgoing(t, "GET", "http://h/", nil)); err != nil {
				t.Fatal(err)
			}
			wantAttrs(t, rec.One(t), map[string]string{"error.type": want})
		}
	}
}

func TestAttributesOfTheHandlerStay(t *testing.T) {
	for _, reads := range []bool{false, true} {
		rec := spantest.NewRecorder(t)
		rec.ReadsAttributes = reads
		h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("client.address", "hidden"))
		}))
		h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		wantAttrs(t, rec.One(t), map[string]string{"client.address": "hidden", "network.peer.address": "192.0.2.1"})
	}
}
