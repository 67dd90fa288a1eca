package browser

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

// An answer that arrives after that of a later request does not replace it.
func TestLateAnswersAreIgnored(t *testing.T) {
	store := memory.NewStore(memory.Limits{})
	addTo(store, trace.TraceID{1}, piece{id: 1, name: "a", duration: 1})
	page, late, written := tracepage.Handler(store), make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("q") != "slow" {
			page.ServeHTTP(w, r)
			return
		}
		<-late
		page.ServeHTTP(w, r)
		close(written)
	}))
	defer server.Close()
	tab, complained := visit(t, screens[0], server.URL+"/")
	evaluate[bool](t, tab, `(location.hash = "#?q=slow", true)`)
	expect(t, tab, `document.getElementById("filter").elements.q.value === "slow"`)
	evaluate[bool](t, tab, `(location.hash = "#?min=soon", true)`)
	expect(t, tab, `document.getElementById("fault").textContent.includes("write 10ms")`)
	close(late)
	<-written
	evaluate[bool](t, tab, `((async () => { for (let i = 0; i < 10; i++) await fetch("?data=delivery"); window.later = true })(), true)`)
	expect(t, tab, `window.later`)
	expect(t, tab, `document.getElementById("fault").textContent.includes("write 10ms")`)
	complained.mu.Lock()
	complained.lines = withoutRefusals(complained.lines)
	complained.mu.Unlock()
	complained.check(t)
}
