package memory

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"
)

//go:embed page
var assets embed.FS

// Handler is a page that shows the traces of store, newest first, and one trace as a waterfall; a nil store is
// [Default]. It can be mounted anywhere, because it tells its parts apart by the query alone:
//
//	mux.Handle("/debug/traces", memory.Handler(nil))
//
// It shows whatever spans hold, so mount it where only operators reach it, and outside the traced router. Everything
// is embedded, nothing is loaded from elsewhere, and what came from requests is never markup. The same data is there
// as JSON: ?data=traces (service, name, status=error|ok, min=10ms, limit), ?data=trace&id=…
// (from; 500 spans an answer, long values cut) and ?data=download&id=… with everything whole.
func Handler(store *Store) http.Handler {
	if store == nil {
		store = Default()
	}
	return pageHandler{store}
}

type pageHandler struct{ store *Store }

const (
	// The page's own files and its JSON, nothing inline, nothing from elsewhere, in no frame.
	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// Shorter than a server's patience with open requests when it shuts down.
	longestWait = 2 * time.Second
	// Traces in one answer when the query does not say, spans of a waterfall, and bytes of a value in it.
	listed     = 200
	shownSpans = 500
	shownValue = 4096
)

func (h pageHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
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
		h.traces(w, query.Get)
	case data == "trace":
		h.trace(w, query.Get("id"), query.Get("from"))
	case data == "download":
		h.download(w, query.Get("id"))
	case data == "wait":
		h.wait(w, r, query.Get("seen"))
	default:
		fault(w, http.StatusBadRequest, fmt.Sprintf("data=%.20q is unknown, want traces, trace, download or wait", data))
	}
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	content, err := assets.ReadFile("page/" + name)
	if err != nil {
		fault(w, http.StatusNotFound, "there is no such file")
		return
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

func (h pageHandler) traces(w http.ResponseWriter, parameter func(string) string) {
	f, err := newFilter(parameter)
	if err != nil {
		fault(w, http.StatusBadRequest, err.Error())
		return
	}
	generation := h.store.Generation() // before the traces: what comes in between is shown again, not missed
	all := h.store.Traces(-1)
	list := make([]summaryJSON, 0, min(f.limit, len(all)))
	for _, t := range all {
		if len(list) == f.limit {
			break
		}
		if f.matches(t) {
			list = append(list, summaryOf(t))
		}
	}
	answer(w, struct {
		Generation uint64        `json:"generation"`
		Held       int           `json:"held"`
		Traces     []summaryJSON `json:"traces"`
	}{generation, len(all), list})
}

// trace answers with one page of spans for the waterfall: a trace may have ten thousand.
func (h pageHandler) trace(w http.ResponseWriter, id, from string) {
	t, ok := h.held(w, id)
	if !ok {
		return
	}
	first, err := strconv.Atoi(cmp.Or(from, "0"))
	if err != nil || first < 0 {
		fault(w, http.StatusBadRequest, "from is no number of spans")
		return
	}
	answer(w, traceOf(t, part{from: first, most: shownSpans, shown: shownValue}))
}

func (h pageHandler) download(w http.ResponseWriter, id string) {
	t, ok := h.held(w, id)
	if !ok {
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="trace-`+t.ID.String()+`.json"`)
	answer(w, traceOf(t, part{}))
}

// held answers for itself if there is no such trace.
func (h pageHandler) held(w http.ResponseWriter, id string) (Trace, bool) {
	parsed, err := trace.TraceIDFromHex(id)
	if err != nil {
		fault(w, http.StatusBadRequest, "id is not a trace id, want 32 hex digits")
		return Trace{}, false
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
	answer(w, map[string]uint64{"generation": h.store.Wait(ctx, number)})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // what fails is the connection, and nobody is left to tell
}

func fault(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}
