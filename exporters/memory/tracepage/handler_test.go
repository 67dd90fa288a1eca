package tracepage_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// pageSpan is span id of trace tid, from start to end milliseconds after noon.
func pageSpan(tid, id, parent byte, name string, start, end int, change ...func(*tracetest.SpanStub)) sdktrace.ReadOnlySpan {
	context := func(id byte) trace.SpanContext {
		if id == 0 {
			return trace.SpanContext{}
		}
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{tid}, SpanID: trace.SpanID{id}})
	}
	stub := tracetest.SpanStub{
		Name: name, SpanContext: context(id), Parent: context(parent), SpanKind: trace.SpanKindServer,
		StartTime: noon.Add(time.Duration(start) * time.Millisecond), EndTime: noon.Add(time.Duration(end) * time.Millisecond),
		Resource: resource.NewSchemaless(attribute.String("service.name", fmt.Sprintf("service-%d", tid))),
	}
	for _, c := range change {
		c(&stub)
	}
	return stub.Snapshot()
}

func failed(s *tracetest.SpanStub) {
	s.Status = sdktrace.Status{Code: codes.Error, Description: "boom"}
}

func held(spans ...sdktrace.ReadOnlySpan) *memory.Store {
	store := memory.NewStore(memory.Limits{})
	for _, s := range spans {
		store.Add(s)
	}
	return store
}

func get(t *testing.T, store *memory.Store, target string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	tracepage.Handler(store).ServeHTTP(w, request(http.MethodGet, target))
	return w.Result()
}

func read(t *testing.T, response *http.Response, into any) {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
}

func TestPageList(t *testing.T) {
	t.Parallel()
	store := held(
		pageSpan(1, 2, 1, "child", 1, 2, failed), pageSpan(1, 1, 0, "GET /old", 0, 5),
		pageSpan(2, 1, 9, "orphan", 10, 300), // its parent is elsewhere
		pageSpan(3, 1, 0, "GET /new", 20, 21),
	)
	rows := []struct{ query, want string }{
		{"", "GET /new,orphan,GET /old"},
		{"&name=child", "GET /old"},
		{"&name=get", "GET /new,GET /old"},
		{"&name=nobody", ""},
		{"&service=SERVICE-2", "orphan"},
		{"&status=error", "GET /old"},
		{"&status=ok", "GET /new,orphan"},
		{"&min=5ms", "orphan,GET /old"},
		{"&min=100+ms", "orphan"},
		{"&limit=1", "GET /new"},
		{"&status=ok&min=2ms", "orphan"},
		{"&q=service-2", "orphan"},
		{"&q=SERVICE.NAME=Service-2", "orphan"},
		{"&q=other.key=service-2", ""},
		{"&q=02000000", "orphan"},
		{"&q=03" + strings.Repeat("0", 30), "GET /new"},
	}
	for _, row := range rows {
		var list struct {
			Held   int
			Traces []struct {
				Name          string
				Errors, Spans int
				DurationNs    int64
			}
		}
		read(t, get(t, store, "/debug/traces?data=traces"+row.query), &list)
		var names []string
		for _, trace := range list.Traces {
			names = append(names, trace.Name)
		}
		if got := strings.Join(names, ","); got != row.want || list.Held != 3 {
			t.Errorf("?data=traces%s lists %q of %d, want %q of 3", row.query, got, list.Held, row.want)
		}
	}
}

func TestPageTrace(t *testing.T) {
	t.Parallel()
	rich := func(s *tracetest.SpanStub) {
		s.Attributes = []attribute.KeyValue{attribute.Int("n", 7), attribute.String("bad\xffkey", "<script>\xff")}
		s.Events = []sdktrace.Event{{Name: "ev", Time: noon.Add(3 * time.Millisecond), Attributes: []attribute.KeyValue{attribute.Bool("b", true)}}}
		s.Links = []sdktrace.Link{{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{9}, SpanID: trace.SpanID{8}})}}
		s.InstrumentationScope = instrumentation.Scope{Name: "lib", Version: "1.2"}
		s.DroppedAttributes = 3
	}
	store := held(
		pageSpan(1, 3, 2, "grandchild", 2, 3), pageSpan(1, 4, 1, "late child", 6, 7),
		pageSpan(1, 2, 1, "child", 1, 4, rich, failed), pageSpan(1, 1, 0, "root", 0, 8),
	)
	type attr struct {
		Key, Type, Value string
		Cut              int
	}
	type span struct {
		Name                 string
		Depth                int
		OffsetNs, DurationNs int64
		Status               struct{ Code, Message string }
		Attributes           []attr
		Events               []struct {
			Name     string
			OffsetNs int64
		}
		Links   []struct{ TraceID, SpanID string }
		Scope   struct{ Name, Version string }
		Dropped string
	}
	var got struct {
		Name       string
		DurationNs int64
		Spans      []span
	}
	read(t, get(t, store, "/t?data=trace&id=01000000000000000000000000000000"), &got)
	var outline []string
	for _, s := range got.Spans {
		outline = append(outline, fmt.Sprintf("%s%s %d+%d", strings.Repeat(" ", s.Depth), s.Name, s.OffsetNs/1e6, s.DurationNs/1e6))
	}
	if diff := cmp.Diff([]string{"root 0+8", " child 1+3", "  grandchild 2+1", " late child 6+1"}, outline); diff != "" {
		t.Errorf("waterfall (-want +got):\n%s", diff)
	}
	child := got.Spans[1]
	if want := []attr{{"n", "INT64", "7", 0}, {"bad\uFFFDkey", "STRING", "<script>\uFFFD", 0}}; !cmp.Equal(child.Attributes, want) {
		t.Errorf("attributes %+v, want %+v", child.Attributes, want)
	}
	if len(child.Events) != 1 || child.Events[0].OffsetNs != 3e6 || len(child.Links) != 1 || child.Links[0].TraceID != "09000000000000000000000000000000" ||
		child.Status.Message != "boom" || child.Scope.Version != "1.2" || child.Dropped == "" {
		t.Errorf("child %+v lacks something", child)
	}
}

// A hostile caller can make spans that are each other's parents, or one chain of ten thousand.
func TestPagePlacesEverySpanOnce(t *testing.T) {
	t.Parallel()
	store := held(
		pageSpan(1, 1, 2, "a", 0, 1), pageSpan(1, 2, 1, "b", 0, 1), pageSpan(1, 3, 3, "self", 0, 1), pageSpan(1, 4, 3, "below self", 0, 1),
	)
	for i := range 10_000 {
		id := func(n int) trace.SpanContext {
			return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{2}, SpanID: trace.SpanID{1, byte(n >> 8), byte(n)}})
		}
		store.Add(pageSpan(2, 1, 0, "link", 0, 1, func(s *tracetest.SpanStub) { s.SpanContext, s.Parent = id(i+1), id(i) }))
	}
	for _, id := range []byte{1, 2} {
		held, _ := store.Trace(trace.TraceID{id})
		seen := map[string]bool{}
		for pages := 0; ; pages++ {
			var got struct {
				Total int
				Spans []struct{ SpanID string }
			}
			read(t, get(t, store, fmt.Sprintf("/?data=trace&id=%032x&from=%d", []byte{id, 15: 0}, len(seen))), &got)
			for _, s := range got.Spans {
				seen[s.SpanID] = true
			}
			if len(got.Spans) == 0 || pages > 100 {
				break
			}
			if got.Total != len(held.Spans) {
				t.Fatalf("trace %d: %d spans in total, %d held", id, got.Total, len(held.Spans))
			}
		}
		if len(seen) != len(held.Spans) {
			t.Errorf("trace %d: %d spans shown, %d held", id, len(seen), len(held.Spans))
		}
	}
}

func TestPageCutsAndDownloadDoesNot(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1<<19) // 1 MiB
	store := held(pageSpan(1, 1, 0, "root", 0, 1, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("long", long)} }))
	shown := get(t, store, "/?data=trace&id=01"+strings.Repeat("0", 30))
	body, _ := io.ReadAll(shown.Body)
	if len(body) > 16<<10 || !strings.Contains(string(body), `"cut":1044480`) {
		t.Errorf("%d bytes for a page, want the value cut and the rest counted", len(body))
	}
	whole := get(t, store, "/?data=download&id=01"+strings.Repeat("0", 30))
	body, _ = io.ReadAll(whole.Body)
	if !strings.Contains(string(body), long) || !strings.HasPrefix(whole.Header.Get("Content-Disposition"), "attachment; ") {
		t.Errorf("the download has %d bytes and disposition %q", len(body), whole.Header.Get("Content-Disposition"))
	}
}

func TestPageRefuses(t *testing.T) {
	t.Parallel()
	store := held(pageSpan(1, 1, 0, "root", 0, 1))
	rows := []struct {
		target string
		code   int
		want   string
	}{
		{"/?data=trace&id=nonsense", 400, "want 32 hex digits"},
		{"/?data=trace&id=ff" + strings.Repeat("0", 30), 404, "not held"},
		{"/?data=traces&min=soon", 400, "write 10ms"},
		{"/?data=traces&status=blue", 400, "want error or ok"},
		{"/?data=traces&limit=-1", 400, "want 1 or more"},
		{"/?data=trace&id=01" + strings.Repeat("0", 30) + "&from=-1", 400, "not a number of spans"},
		{"/?data=outline&id=nonsense", 400, "want 32 hex digits"},
		{"/?data=outline&id=01" + strings.Repeat("0", 30) + "&from=x", 400, "from is not a number of spans"},
		{"/?data=outline&id=01" + strings.Repeat("0", 30) + "&limit=-1", 400, "limit is not a number of spans"},
		{"/?data=span&id=01" + strings.Repeat("0", 30) + "&span=1", 400, "want 16 hex digits"},
		{"/?data=span&id=01" + strings.Repeat("0", 30) + "&span=ff" + strings.Repeat("0", 14), 404, "not held"},
		{"/?data=wait&seen=x", 400, "not a generation"},
		{"/?data=%3Cscript%3E", 400, "is unknown"},
		{"/?asset=../page.go", 404, "the file does not exist"},
		{"/?asset=.", 404, "the file does not exist"},
	}
	for _, row := range rows {
		response := get(t, store, row.target)
		var fault struct{ Error string }
		read(t, response, &fault)
		if response.StatusCode != row.code || !strings.Contains(fault.Error, row.want) {
			t.Errorf("GET %s: %d %q, want %d and %q", row.target, response.StatusCode, fault.Error, row.code, row.want)
		}
	}
	w := httptest.NewRecorder()
	tracepage.Handler(store).ServeHTTP(w, request(http.MethodPost, "/"))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestPageWaits(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(memory.Limits{})
	answered := make(chan uint64)
	go func() {
		var got struct{ Generation uint64 }
		read(t, get(t, store, "/?data=wait&seen=0"), &got)
		answered <- got.Generation
	}()
	store.Add(pageSpan(1, 1, 0, "root", 0, 1))
	if got := <-answered; got != store.Generation() {
		t.Errorf("wait answered generation %d, want %d", got, store.Generation())
	}
}

func ExampleHandler() {
	store := memory.NewStore(memory.Limits{Traces: 500})
	mux := http.NewServeMux() // an internal one: the page shows whatever spans hold
	mux.Handle("/debug/traces", tracepage.Handler(store))

	server := httptest.NewServer(mux)
	defer server.Close()
	response, err := http.Get(server.URL + "/debug/traces?data=traces")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	http.DefaultClient.CloseIdleConnections()
	fmt.Print(string(body))
	// Output: {"generation":0,"held":0,"traces":[]}
}
