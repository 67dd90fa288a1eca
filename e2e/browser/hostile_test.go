package browser

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

// bizarre holds traces that no correct program makes.
func bizarre() (*memory.Store, []trace.TraceID) {
	store := memory.NewStore(memory.Limits{Spans: 40_000, Bytes: -1})
	chain, cycle, backwards, orphans, texts := trace.TraceID{15: 1}, trace.TraceID{15: 2}, trace.TraceID{15: 3}, trace.TraceID{15: 4}, trace.TraceID{15: 5}
	for i := range uint16(10_000) {
		addTo(store, chain, piece{id: i + 1, parent: i, service: fmt.Sprintf("service-%d", i), name: "link", duration: 10})
	}
	addTo(store, cycle, piece{id: 1, parent: 2, name: "a", duration: 1}, piece{id: 2, parent: 1, name: "b", duration: 1}, piece{id: 3, parent: 3, name: "self", duration: 1},
		piece{id: 3, parent: 1, name: "the same id", duration: 1})
	addTo(store, backwards, piece{id: 1, name: "backwards", from: 10, duration: -20}, piece{id: 2, parent: 1, name: "long ago", from: -1 << 40, duration: 5}, piece{id: 3, parent: 1, name: "eternal", duration: 1 << 42})
	for i := range uint16(300) {
		addTo(store, orphans, piece{id: i + 1, parent: 40_000 + i, name: "orphan", from: int(i), duration: 3})
	}
	huge := strings.Repeat("A", 1<<20)
	rtl := "\u202eشكرا \u2067 gnirts desrever"
	addTo(store, texts, piece{id: 1, service: hostile, name: rtl, duration: 5, failure: errors.New(hostile + rtl), attributes: []attribute.KeyValue{attribute.String(hostile, rtl), attribute.String(huge, huge)}},
		piece{id: 2, parent: 1, service: huge, name: huge, duration: 5, failure: errors.New(huge)},
		piece{id: 3, parent: 1, service: "__proto__", name: "constructor", duration: 0}, piece{id: 4, parent: 1})
	return store, []trace.TraceID{chain, cycle, backwards, orphans, texts}
}

// Every place of each bizarre trace can be visited, and the page does not complain, execute text or grow sideways.
func TestBizarreTraces(t *testing.T) {
	store, traces := bizarre()
	server := httptest.NewServer(tracepage.Handler(store))
	defer server.Close()
	for _, s := range []screen{screens[0], screens[3]} {
		tab, complained := visit(t, s, server.URL+"/")
		expect(t, tab, fits, `document.querySelectorAll("#traces a").length === 5`)
		shot(t, tab, s.name+"-bizarre-list")
		for i, id := range traces {
			held, _ := store.Trace(id)
			evaluate[bool](t, tab, fmt.Sprintf(`(location.hash = "#%s", true)`, id))
			expect(t, tab, fmt.Sprintf(`location.hash.startsWith("#%s/") && +document.querySelector(".span").getAttribute("aria-setsize") === %d`, id, len(held.Spans)),
				`document.querySelector(".details h3") !== null`, fits)
			do(t, tab, "keys", chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent("+"), chromedp.KeyEvent("n"), chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.Enter))
			expect(t, tab, `document.querySelector(".span[aria-selected=true]") !== null`, fits)
			expect(t, tab, `!document.body.innerText.split("\n").includes("null")`)
			shot(t, tab, fmt.Sprintf("%s-bizarre-%d", s.name, i))
		}
		addresses := []struct{ hash, want string }{
			{"#%", `!document.getElementById("list").hidden`},
			{"#?min=soon", `document.getElementById("fault").textContent.includes("write 10ms")`},
			{"#" + strings.Repeat("f", 32), `document.getElementById("trace").textContent.includes("not held")`},
			{fmt.Sprintf("#%s/%016x", traces[1], 7), `document.getElementById("state").textContent.includes("is not held")`},
		}
		for _, address := range addresses {
			evaluate[bool](t, tab, fmt.Sprintf(`(location.hash = %q, true)`, address.hash))
			expect(t, tab, address.want, fits)
		}
		if evaluate[bool](t, tab, `"pwned" in window`) {
			t.Error("markup from a span was executed")
		}
		complained.mu.Lock()
		complained.lines = withoutRefusals(complained.lines)
		complained.mu.Unlock()
		complained.check(t)
	}
}

// withoutRefusals leaves out what the browser logs for the answers 400 and 404, which the test provokes.
func withoutRefusals(lines []string) (rest []string) {
	for _, line := range lines {
		if !strings.Contains(line, "status of 404") && !strings.Contains(line, "status of 400") {
			rest = append(rest, line)
		}
	}
	return rest
}
