package tracepage

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/memory"
)

//go:embed assets
var files embed.FS

// Handler returns a page that shows the traces of store, newest first, and one trace as a waterfall; a nil store is
// [memory.Default]. It can be mounted at any path, because its parts differ in the query alone:
//
//	mux.Handle("/debug/traces", tracepage.Handler(nil))
//
// The page shows whatever spans hold. Mount it outside the traced router, on a listener that only operators reach. On
// a loopback listener it answers only where the Host is localhost, a name below it or an IP address; [AllowHosts]
// names others. On other listeners it answers only under the hosts that AllowHosts names. Requests that a browser
// sends for another site or origin are refused, in all cases with 403 and the reason.
//
// Everything is embedded, nothing is loaded from elsewhere, and what came from requests is never markup. The same
// data is there as JSON: ?data=traces (service, name, q, status=error|ok, min=10ms, limit), where q is a part of an
// attribute's value, key=value or the beginning of a trace id; ?data=trace&id=… (from; at most 500 spans an answer, long
// texts cut); ?data=outline&id=… (from, limit) with what a waterfall needs of each span; ?data=span&id=…&span=… with one
// span; ?data=delivery with the counters of [WithDelivery]; and ?data=download&id=… with everything whole. Answers are
// streamed and take a constant amount of memory, apart from a copy of one array that an attribute holds. One
// download runs at a time; another one gets 503 with Retry-After. A client that leaves, or does not read for 10 s,
// ends its answer.
func Handler(store *memory.Store, opts ...Option) http.Handler {
	if store == nil {
		store = memory.Default()
	}
	h := pageHandler{
		store: store, access: access{hosts: map[string]bool{}},
		answers: make(chan struct{}, answersAtOnce), downloads: make(chan struct{}, 1),
	}
	for _, opt := range opts {
		opt(&h)
	}
	return h
}

type pageHandler struct {
	store              *memory.Store
	access             access
	delivery           iter.Seq2[string, delivery.Stats] // nil without WithDelivery
	answers, downloads chan struct{}                     // one element for each that is being written
}

const (
	// The page's own files and its JSON, nothing inline, nothing from elsewhere, in no frame.
	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// Shorter than the time that a server gives open requests when it shuts down.
	longestWait = 2 * time.Second
	// Lists and waterfalls that are written at the same time; further ones wait.
	answersAtOnce = 4
	// Traces in one answer without a limit in the query, and spans of a waterfall.
	listed     = 200
	shownSpans = 500
	// Bytes of a waterfall's answer, of a value in it, and of a name there and in the list.
	shownPage  = 4 << 20
	shownValue = 4096
	shownName  = 512
)

// headers are on every answer. No header allows another origin anything.
var headers = map[string]string{
	"Content-Security-Policy":      contentSecurityPolicy,
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cache-Control":                "no-store",
}

func (h pageHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	for name, value := range headers {
		header.Set(name, value)
	}
	if reason := h.access.refusal(r); reason != "" {
		fault(w, http.StatusForbidden, reason)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		fault(w, http.StatusMethodNotAllowed, "this page is only read")
		return
	}
	query := r.URL.Query()
	switch data, asset := query.Get("data"), query.Get("asset"); {
	case asset != "":
		serveAsset(w, r, asset)
	case data == "":
		serveAsset(w, r, "page.html")
	case data == "traces":
		h.traces(w, r, query.Get)
	case data == "trace":
		h.trace(w, r, query.Get("id"), query.Get("from"))
	case data == "outline":
		h.outline(w, r, query.Get("id"), query.Get("from"), query.Get("limit"))
	case data == "span":
		h.span(w, r, query.Get("id"), query.Get("span"))
	case data == "delivery":
		h.delivered(w, r)
	case data == "download":
		h.download(w, r, query.Get("id"))
	case data == "wait":
		h.wait(w, r, query.Get("seen"))
	default:
		fault(w, http.StatusBadRequest, fmt.Sprintf("data=%.20q is unknown, want traces, trace, outline, span, delivery, download or wait", data))
	}
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	content, err := files.ReadFile("assets/" + name)
	if err != nil {
		fault(w, http.StatusNotFound, "the file does not exist")
		return
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

func (h pageHandler) traces(w http.ResponseWriter, r *http.Request, parameter func(string) string) {
	f, err := newFilter(parameter)
	if err != nil {
		fault(w, http.StatusBadRequest, err.Error())
		return
	}
	if !h.enter(r) {
		return
	}
	defer h.leave()
	generation := h.store.Generation() // before the traces: what comes in between is shown again, not missed
	all := h.store.Traces(-1)
	answer(w, r, func(s *stream) {
		s.begin('{')
		s.key("generation")
		s.integer(int64(generation))
		s.key("held")
		s.integer(int64(len(all)))
		s.key("traces")
		s.begin('[')
		for _, t := range all {
			if f.limit == 0 || s.err != nil {
				break
			}
			if f.matches(t) {
				s.summary(t)
				f.limit--
			}
		}
		s.end(']')
		s.end('}')
	})
}

// trace answers with one page of spans for the waterfall: a trace may have ten thousand.
func (h pageHandler) trace(w http.ResponseWriter, r *http.Request, id, from string) {
	if !h.enter(r) {
		return
	}
	defer h.leave()
	t, ok := h.held(w, id)
	if !ok {
		return
	}
	if first, ok := position(w, "from", from); ok {
		answer(w, r, func(s *stream) { s.trace(t, shown(first)) })
	}
}

func (h pageHandler) download(w http.ResponseWriter, r *http.Request, id string) {
	t, ok := h.held(w, id)
	if !ok {
		return
	}
	select {
	case h.downloads <- struct{}{}:
		defer func() { <-h.downloads }()
	default:
		w.Header().Set("Retry-After", "1")
		fault(w, http.StatusServiceUnavailable, "another download is running; try again when it is over")
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="trace-`+t.ID.String()+`.json"`)
	answer(w, r, func(s *stream) { s.trace(t, part{}) })
}

// enter waits for the turn of an answer. It returns false if the client leaves first; else leave is to be called.
func (h pageHandler) enter(r *http.Request) bool {
	select {
	case h.answers <- struct{}{}:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (h pageHandler) leave() { <-h.answers }

// held returns the trace called id. Without one it writes the answer.
func (h pageHandler) held(w http.ResponseWriter, id string) (memory.Trace, bool) {
	parsed, err := trace.TraceIDFromHex(id)
	if err != nil {
		fault(w, http.StatusBadRequest, "id is not a trace id, want 32 hex digits")
		return memory.Trace{}, false
	}
	t, ok := h.store.Trace(parsed)
	if !ok {
		fault(w, http.StatusNotFound, "this trace is not held any more")
	}
	return t, ok
}

// wait answers when there is something new, or after a while all the same.
func (h pageHandler) wait(w http.ResponseWriter, r *http.Request, seen string) {
	number, err := strconv.ParseUint(seen, 10, 64)
	if err != nil {
		fault(w, http.StatusBadRequest, "seen is not a generation")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), longestWait)
	defer cancel()
	generation := h.store.Wait(ctx, number)
	answer(w, r, func(s *stream) {
		s.begin('{')
		s.key("generation")
		s.integer(int64(generation))
		s.end('}')
	})
}
