package browser

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

// A screen is a size and a colour scheme of the browser.
type screen struct {
	name          string
	width, height int64
	scheme        string
}

var screens = []screen{
	{"wide-light", 1440, 900, "light"}, {"wide-dark", 1440, 900, "dark"}, {"phone-light", 390, 844, "light"}, {"phone-dark", 390, 844, "dark"},
}

func visit(t *testing.T, s screen, address string) (context.Context, *complaints) {
	t.Helper()
	tab, complained := open(t)
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}}}
	if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	do(t, tab, "the list", chromedp.EmulateViewport(s.width, s.height), chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(`#traces a`)))
	return tab, complained
}

// expect waits for each condition of the page.
func expect(t *testing.T, tab context.Context, conditions ...string) {
	t.Helper()
	for _, condition := range conditions {
		if _, err := chromedp.Run(tab, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(4*time.Second))); err != nil {
			t.Errorf("the page never has %s: %v; it shows %s", condition, err, evaluate[string](t, tab, overflowing))
		}
	}
}

const (
	fits     = `document.documentElement.scrollWidth <= window.innerWidth`
	selected = `document.querySelector(".span[aria-selected=true] .title")?.textContent`
)

func TestTracePage(t *testing.T) {
	for _, s := range screens {
		t.Run(s.name, func(t *testing.T) {
			store := shop()
			server := httptest.NewServer(tracepage.Handler(store, tracepage.WithDelivery(outage())))
			defer server.Close()
			tab, complained := visit(t, s, server.URL+"/")
			testList(t, tab, store, s)
			testErrors(t, tab, s)
			testTree(t, tab, store)
			testLarge(t, tab, s)
			complained.check(t)
		})
	}
}

func testList(t *testing.T, tab context.Context, store *memory.Store, s screen) {
	expect(t, tab, `document.querySelectorAll("#traces a").length === 3`, fits,
		`document.querySelector("#traces a").textContent.includes("3 errors")`, `document.querySelectorAll("#services li").length === 3`,
		`document.getElementById("delivery").textContent.includes("5 dropped (queue full 5)")`,
		`/15 queued since .*breaker open since .*, next attempt /.test(document.getElementById("delivery").textContent)`,
		`document.getElementById("delivery").textContent.includes("connection refused; start the collector")`)
	low := evaluate[[]string](t, tab, contrast)
	if len(low) > 0 {
		t.Errorf("texts with a contrast below 4.5: %s", strings.Join(low, "; "))
	}
	shot(t, tab, s.name+"-list")
	do(t, tab, "search by value", chromedp.SendKeys(chromedp.CSS(`[name=q]`), "card.brand=visa"))
	expect(t, tab, `document.querySelectorAll("#traces a").length === 1`, `location.hash === "#?q=card.brand%3Dvisa"`)
	evaluate[bool](t, tab, `(location.hash = "#?status=ok&service=catalog", true)`)
	expect(t, tab, `document.querySelector("[name=service]").value === "catalog"`, `document.querySelector("#traces .name").textContent === "GET /items"`)
	evaluate[bool](t, tab, fmt.Sprintf(`(location.hash = "#?q=%s", true)`, checkout))
	expect(t, tab, `document.querySelector("#traces .name").textContent === "POST /checkout"`)
	do(t, tab, "clear", chromedp.Click(chromedp.CSS(`#clear`)))
	expect(t, tab, `document.querySelectorAll("#traces a").length === 3`)
	// Focus stays on its trace while another one arrives.
	evaluate[bool](t, tab, `(document.querySelector("#traces li:nth-child(2) a").focus(), true)`)
	addTo(store, trace.TraceID{15: 9}, piece{id: 1, service: "late", name: "late", duration: 1})
	expect(t, tab, `document.querySelectorAll("#traces a").length === 4`, fmt.Sprintf(`document.activeElement.dataset.id === "%s"`, catalog))
}

func testErrors(t *testing.T, tab context.Context, s screen) {
	evaluate[bool](t, tab, fmt.Sprintf(`(location.hash = "#%s", true)`, checkout))
	expect(t, tab, selected+` === "authorize"`, `document.querySelector(".details[aria-busy=false] .message")?.textContent === "card declined"`, fits,
		`document.getElementById("errors").textContent === "error 1 of 3: card declined"`, `location.hash.endsWith("/0004000000000000")`,
		`document.querySelectorAll(".details h4").length === 4`, `[...document.querySelectorAll(".details dt")].filter(e => e.textContent === "host.name").length === 1`,
		`[...document.querySelectorAll(".critical .title")].map(e => e.textContent).join() === "POST /checkout,reserve,charge,authorize"`,
		`document.querySelectorAll("#trace .legend li").length === 3`, `!document.querySelector(".minimap")`)
	beside := `document.querySelector(".details").getBoundingClientRect().left >= document.querySelector(".tree").getBoundingClientRect().right`
	if got := evaluate[bool](t, tab, beside); got != (s.width > 1000) {
		t.Errorf("details beside the waterfall: %v at a width of %d", got, s.width)
	}
	if low := evaluate[[]string](t, tab, contrast); len(low) > 0 {
		t.Errorf("texts with a contrast below 4.5: %s", strings.Join(low, "; "))
	}
	shot(t, tab, s.name+"-error")
	do(t, tab, "next error", chromedp.KeyEvent("n"))
	expect(t, tab, selected+` === "charge"`)
	do(t, tab, "previous error", chromedp.Click(chromedp.CSS(`[aria-label="previous error"]`)))
	expect(t, tab, selected+` === "authorize"`)
	expect(t, tab, `document.querySelector(".details[aria-busy=false] .message")?.textContent === "card declined"`)
	do(t, tab, "a link leads on", chromedp.Click(chromedp.CSS(`.details h4 a`)))
	expect(t, tab, selected+` === "GET /items"`)
	do(t, tab, "back", chromedp.NavigateBack())
	expect(t, tab, selected+` === "authorize"`, `document.querySelector(".details[aria-busy=false] .message")?.textContent === "card declined"`)
	evaluate[bool](t, tab, `(Object.defineProperty(navigator, "clipboard", {value: {writeText: async (text) => { window.copied = text; }}}), true)`)
	evaluate[bool](t, tab, `([...document.querySelectorAll(".details button")].find(e => e.textContent === "copy link").click(), true)`)
	expect(t, tab, `window.copied === location.href`)
	evaluate[bool](t, tab, `([...document.querySelectorAll("#trace button")].find(e => e.textContent === "copy trace id").click(), true)`)
	expect(t, tab, fmt.Sprintf(`window.copied === "%s"`, checkout))
}

func testTree(t *testing.T, tab context.Context, store *memory.Store) {
	evaluate[bool](t, tab, `(document.querySelector(".tree").focus(), true)`)
	do(t, tab, "collapse", chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowLeft))
	expect(t, tab, `document.querySelectorAll(".span").length === 1`, `document.querySelector(".span").getAttribute("aria-expanded") === "false"`)
	do(t, tab, "expand", chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	expect(t, tab, `document.querySelectorAll(".span").length === 5`, selected+` === "reserve"`)
	do(t, tab, "zoom", chromedp.KeyEvent("+"))
	expect(t, tab, `document.querySelector(".axis span:last-child").textContent === "60 ms"`)
	addTo(store, checkout, piece{id: 6, parent: 1, service: "shop", name: "late span", from: 100, duration: 5})
	expect(t, tab, `document.querySelectorAll(".span").length === 6`, selected+` === "reserve"`, `document.activeElement.className === "tree"`,
		`document.querySelector(".axis span:last-child").textContent === "60 ms"`)
	evaluate[bool](t, tab, `([...document.querySelectorAll("#trace button")].find(e => e.textContent === "whole").click(), true)`)
	expect(t, tab, `document.querySelector(".axis span:last-child").textContent === "120 ms"`)
}

// A trace of 10,000 spans is painted soon, and a scroll never shows a place without rows.
func testLarge(t *testing.T, tab context.Context, s screen) {
	evaluate[bool](t, tab, fmt.Sprintf(`(location.hash = "#%s", true)`, large))
	expect(t, tab, selected+` === "step 7000"`, `document.querySelector(".minimap canvas") !== null`, fits)
	fastest := 1e9
	for range 3 {
		evaluate[bool](t, tab, fmt.Sprintf(`(location.hash = "#%s", true)`, catalog))
		expect(t, tab, selected+` === "GET /items"`)
		fastest = min(fastest, painted(t, tab, large))
	}
	t.Logf("%s: 10,000 spans painted after %.0f ms", s.name, fastest)
	if fastest > 200 {
		t.Errorf("%s: 10,000 spans painted after %.0f ms, want at most 200", s.name, fastest)
	}
	expect(t, tab, selected+` === "step 7000"`)
	expect(t, tab, `document.querySelector(".axis").clientHeight > 10`, `document.querySelector(".details").getAttribute("aria-busy") === "false"`)
	shot(t, tab, s.name+"-large")
	gaps, err := chromedp.Run(tab, chromedp.Evaluate[int](scrolls, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if gaps > 0 {
		t.Errorf("%d of 60 frames of a scroll have a place without rows", gaps)
	}
}

// painted returns the milliseconds from a change of the address to the first frame with the minimap and rows of a trace.
func painted(t *testing.T, tab context.Context, id trace.TraceID) float64 {
	t.Helper()
	script := fmt.Sprintf(`new Promise((resolve) => {
		const began = performance.now();
		location.hash = "#%s";
		const look = () => document.querySelector(".minimap") && document.querySelectorAll(".span").length > 5 ? resolve(performance.now() - began) : requestAnimationFrame(look);
		requestAnimationFrame(look);
	})`, id)
	took, err := chromedp.Run(tab, chromedp.Evaluate[float64](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return took
}

// overflowing describes the address and the elements that are wider than the window.
const overflowing = `location.hash + ": " + [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth).slice(0, 8)
	.map((e) => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right)).join(", ")`

// scrolls moves through the whole tree and counts the frames in which the top or the bottom has no row.
const scrolls = `(async () => {
	const tree = document.querySelector(".tree");
	let gaps = 0;
	for (let i = 0; i < 60; i++) {
		tree.scrollTop = i % 2 ? i / 60 * tree.scrollHeight : tree.scrollTop + 700;
		await new Promise(requestAnimationFrame);
		await new Promise((resolve) => setTimeout(resolve));
		const box = tree.getBoundingClientRect();
		const rows = [...document.querySelectorAll(".span")].map((row) => row.getBoundingClientRect());
		const covered = (y) => rows.some((row) => row.top <= y && row.bottom >= y);
		if (!covered(box.top + 3) || !covered(box.top + tree.clientHeight - 3)) gaps++;
	}
	return gaps;
})()`

// contrast lists visible texts whose colour has a contrast below 4.5 with the background behind it.
const contrast = `(() => {
	const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const pixel = (layers) => { pen.clearRect(0, 0, 1, 1); for (const layer of layers) { pen.fillStyle = layer; pen.fillRect(0, 0, 1, 1); } return pen.getImageData(0, 0, 1, 1).data; };
	const light = (data) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => { const c = data[i] / 255; return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); }, 0);
	const low = new Set();
	for (const element of document.querySelectorAll("body *")) {
		if (!element.checkVisibility() || element.closest(".fresh") || ![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
		const layers = [];
		for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
		const below = light(pixel(layers)), above = light(pixel([...layers, getComputedStyle(element).color]));
		const ratio = (Math.max(below, above) + 0.05) / (Math.min(below, above) + 0.05);
		if (ratio < 4.5) low.add(element.className + " " + element.textContent.slice(0, 30) + " " + ratio.toFixed(2));
	}
	return [...low];
})()`
