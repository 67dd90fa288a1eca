// Package browser looks at the trace page in a real, headless Chromium. It fails without a Chromium. SHOTS names a
// directory for screenshots to review; they are not part of the repository.
package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

// open starts a browser of its own and returns the context of its one tab, and the errors of the page.
func open(t *testing.T, options ...chromedp.ExecAllocatorOption) (context.Context, *complaints) {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(options,
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-background-networking", true),
	)...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	c := new(complaints)
	if err := chromedp.Listen(tab, c.listen); err != nil {
		t.Fatalf("no browser: %v", err)
	}
	tab, cancel := context.WithTimeout(tab, 90*time.Second)
	t.Cleanup(cancel)
	return tab, c
}

// complaints are errors of the page: exceptions, and what the browser logs, such as a violated content security policy.
type complaints struct {
	mu    sync.Mutex
	lines []string
}

func (c *complaints) listen(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.lines = append(c.lines, fmt.Sprintf("%+v", e.ExceptionDetails))
	case *log.EventEntryAdded:
		c.lines = append(c.lines, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
	}
}

func (c *complaints) check(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lines) > 0 {
		t.Errorf("the page complained:\n%s", strings.Join(c.lines, "\n"))
	}
}

func do(t *testing.T, tab context.Context, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, steps...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func evaluate[T any](t *testing.T, tab context.Context, script string) T {
	t.Helper()
	result, err := chromedp.Run(tab, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return result
}

// until waits for a condition of the page.
func until(t *testing.T, tab context.Context, what, condition string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// shot keeps a screenshot if SHOTS is set, and fails if it is empty.
func shot(t *testing.T, tab context.Context, name string) {
	t.Helper()
	png, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if len(png) < 1000 {
		t.Errorf("the screenshot %s has %d bytes", name, len(png))
	}
	if dir := os.Getenv("SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
			t.Error(err)
		}
	}
}

// The quickstart as a newcomer runs it: start, send a request, look at the page, click, read an attribute.
func TestQuickstartPage(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "quickstart")
	build := exec.Command("go", "build", "-o", binary, "./examples/quickstart")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := exec.Command(binary, "--addr", "127.0.0.1:0")
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = program.Process.Signal(syscall.SIGINT)
		if err := program.Wait(); err != nil {
			t.Errorf("the quickstart after Ctrl-C: %v", err)
		}
	})
	api, page := addresses(t, out)
	for _, path := range []string{"/orders/7", "/orders/7/watch", "/orders/1", "/healthz"} {
		response, err := http.Get(api + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()

	tab, complained := open(t)
	do(t, tab, "the list", chromedp.EmulateViewport(1280, 800), chromedp.Navigate(page), chromedp.WaitVisible(chromedp.CSS(`#traces a`)))
	names := evaluate[[]string](t, tab, `[...document.querySelectorAll("#traces .name")].map(e => e.textContent)`)
	if got := strings.Join(names, ", "); got != "GET /orders/{id}, GET /orders/{id}/watch, GET /orders/{id}" {
		t.Errorf("the list shows %s", got)
	}
	shot(t, tab, "list")

	do(t, tab, "a trace", chromedp.Click(chromedp.CSS(`#traces li:last-child a`)), chromedp.WaitVisible(chromedp.CSS(`#trace .span`)))
	spans := evaluate[[]string](t, tab, `[...document.querySelectorAll("#trace .span .title")].map(e => e.textContent)`)
	if got := strings.Join(spans, ", "); got != "GET /orders/{id}, quickstart.Stock/Get, quickstart.Stock/Get" {
		t.Errorf("the waterfall shows %s", got)
	}
	do(t, tab, "attributes", chromedp.Click(chromedp.CSS(`#trace .span`)), chromedp.WaitVisible(chromedp.CSS(`.details dt`)))
	until(t, tab, "the details of the server span", `document.querySelector(".details").textContent.includes("http.route")`)
	route := evaluate[string](t, tab, `[...document.querySelectorAll(".details dt")].find(e => e.textContent === "http.route")?.nextSibling.textContent ?? "none"`)
	if route != "/orders/{id}" {
		t.Errorf("http.route reads %q", route)
	}
	shot(t, tab, "trace")

	do(t, tab, "keys", chromedp.KeyEvent(kb.Escape), chromedp.WaitVisible(chromedp.CSS(`#list`)),
		chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(`#trace .span`)), chromedp.KeyEvent(kb.Escape))

	// Live: a new trace appears without a click.
	do(t, tab, "back at the list", chromedp.WaitVisible(chromedp.CSS(`#list`)))
	response, err := http.Post(api+"/checkout", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	until(t, tab, "a new trace by itself", `document.querySelector("#traces .name")?.textContent === "POST /checkout"`)
	do(t, tab, "filter", chromedp.SetValue(chromedp.CSS(`[name=status]`), "error"))
	evaluate[bool](t, tab, `document.getElementById("filter").dispatchEvent(new Event("input", {bubbles: true}))`)
	until(t, tab, "only traces with errors", `document.querySelectorAll("#traces a").length === 2`)

	// Phone and dark.
	do(t, tab, "phone", chromedp.EmulateViewport(375, 700))
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	if wide := evaluate[bool](t, tab, `document.documentElement.scrollWidth > window.innerWidth`); wide {
		t.Error("the list scrolls sideways on a phone")
	}
	if paper := evaluate[string](t, tab, `getComputedStyle(document.body).backgroundColor`); paper != "rgb(13, 17, 23)" {
		t.Errorf("the page is %s in the dark", paper)
	}
	shot(t, tab, "phone-list")
	do(t, tab, "a trace on a phone", chromedp.Click(chromedp.CSS(`#traces a`)), chromedp.WaitVisible(chromedp.CSS(`#trace .span`)))
	if wide := evaluate[bool](t, tab, `document.documentElement.scrollWidth > window.innerWidth`); wide {
		t.Error("a trace scrolls sideways on a phone")
	}
	shot(t, tab, "phone-trace")
	complained.check(t)
}

// addresses waits until the program prints its addresses.
func addresses(t *testing.T, out io.Reader) (api, page string) {
	t.Helper()
	lines := bufio.NewScanner(out)
	for (api == "" || page == "") && lines.Scan() {
		if m := regexp.MustCompile(`^(api|traces) +(http://\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			if m[1] == "api" {
				api = m[2]
			} else {
				page = m[2]
			}
		}
	}
	if page == "" {
		t.Fatal("the quickstart never said where its page is")
	}
	go func() {
		for lines.Scan() { // an unread pipe would stop the program
		}
	}()
	return api, page
}

// A site that resolves its own name to this machine cannot read the page in any way.
func TestForeignSite(t *testing.T) {
	store := memory.NewStore(memory.Limits{})
	store.Add(tracetest.SpanStub{Name: "secret", SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})}.Snapshot())
	var fetched atomic.Int32
	page := tracepage.Handler(store)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/attack" { // the attacker's document, on the origin that then leads to the page
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<title>attack</title>")
			return
		}
		fetched.Add(1)
		page.ServeHTTP(w, r)
	}))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	const read = `fetch(%q, {mode: %q}).then(r => r.text()).catch(e => "refused: " + e)`
	tests := []struct {
		name, from, url, mode string
		want                  string
	}{
		{"its own name, resolved to this machine", "http://rebind.test:" + port, "/?data=traces", "cors", "may not read"},
		{"a request across origins", "http://rebind.test:" + port, "http://localhost:" + port + "/?data=traces", "cors", "refused"},
		{"a request across origins without reading", "http://rebind.test:" + port, "http://localhost:" + port + "/?data=traces", "no-cors", "refused"},
		{"the page's own origin", "http://localhost:" + port, "/?data=traces", "cors", "secret"},
	}
	tab, _ := open(t, chromedp.Flag("host-resolver-rules", "MAP rebind.test 127.0.0.1"))
	for _, tt := range tests {
		do(t, tab, tt.name, chromedp.Navigate(tt.from+"/attack"))
		script := fmt.Sprintf(read, tt.url, tt.mode)
		got, err := chromedp.Run(tab, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if !strings.Contains(got, tt.want) || (tt.want != "secret" && strings.Contains(got, "secret")) {
			t.Errorf("%s: read %q, want %q in it", tt.name, got, tt.want)
		}
	}
	if fetched.Load() < 2 {
		t.Errorf("%d requests reached the page", fetched.Load())
	}
}

const hostile = `<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">"'` + "\u2028</style>"

// Text in spans of a hostile caller is shown as text, and many spans do not make the page slow.
func TestHostileSpans(t *testing.T) {
	store := memory.NewStore(memory.Limits{Spans: 30_000, Bytes: -1})
	add := func(tid trace.TraceID, id uint16, parent uint16, name string, attributes ...attribute.KeyValue) {
		context := func(id uint16) trace.SpanContext {
			return trace.NewSpanContext(trace.SpanContextConfig{TraceID: tid, SpanID: trace.SpanID{0: byte(id >> 8), 1: byte(id)}})
		}
		began := time.Now()
		store.Add(tracetest.SpanStub{
			Name: name, SpanContext: context(id), Parent: context(parent), SpanKind: trace.SpanKindServer, StartTime: began, EndTime: began.Add(time.Millisecond),
			Attributes: attributes, Events: []sdktrace.Event{{Name: name, Time: began}},
		}.Snapshot())
	}
	for i := range 1000 {
		add(trace.TraceID{0: 1, 14: byte(i >> 8), 15: byte(i)}, 1, 0, fmt.Sprintf("GET /item/%d", i), attribute.String("k", "v"))
	}
	many := trace.TraceID{15: 2}
	for i := range uint16(10_000) {
		add(many, i+1, i/2, "one of many")
	}
	add(trace.TraceID{15: 3}, 1, 0, hostile, attribute.String(hostile, hostile), attribute.String("long", strings.Repeat("a ", 1<<19)))

	server := httptest.NewServer(tracepage.Handler(store))
	defer server.Close()
	for _, query := range []string{"?data=traces", "?data=traces&name=item&status=ok&min=1us", "?data=trace&id=" + many.String()} {
		fastest := time.Hour
		for range 5 {
			began := time.Now()
			response, err := http.Get(server.URL + query)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.NewDecoder(response.Body).Decode(new(any)); err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			fastest = min(fastest, time.Since(began))
		}
		t.Logf("%s: %v", query, fastest)
		if fastest > 200*time.Millisecond {
			t.Errorf("GET %s takes %v with 1,002 traces held, want at most 200 ms", query, fastest)
		}
	}

	tab, complained := open(t)
	do(t, tab, "the list", chromedp.Navigate(server.URL+"/"), chromedp.WaitVisible(chromedp.CSS(`#traces a`)))
	if name := evaluate[string](t, tab, `document.querySelector("#traces .name").textContent`); name != hostile {
		t.Errorf("the hostile name reads %q", name)
	}
	do(t, tab, "the hostile trace", chromedp.Click(chromedp.CSS(`#traces a`)), chromedp.WaitVisible(chromedp.CSS(`#trace .span`)),
		chromedp.Click(chromedp.CSS(`#trace .span`)), chromedp.WaitVisible(chromedp.CSS(`.details`)))
	if text := evaluate[string](t, tab, `document.querySelector(".details").textContent`); !strings.Contains(text, hostile) || !strings.Contains(text, "bytes more") {
		t.Errorf("the details read %.300q", text)
	}
	shot(t, tab, "hostile")
	if pwned := evaluate[bool](t, tab, `"pwned" in window`); pwned {
		t.Error("markup from a span was executed")
	}
	began := time.Now()
	evaluate[string](t, tab, fmt.Sprintf(`location.hash = "#%s"`, many))
	until(t, tab, "ten thousand spans", `document.getElementById("state").textContent === "10,000 spans" && document.querySelectorAll("#trace .span").length > 10`)
	t.Logf("10,000 spans on the page after %v", time.Since(began))
	if rows := evaluate[int](t, tab, `document.querySelectorAll("#trace .span").length`); rows > 200 {
		t.Errorf("%d rows exist, want only those near the visible part", rows)
	}
	shot(t, tab, "many")
	complained.check(t)
}
