package tracepage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

// sink is a response writer that counts and forgets; after is called with the number of bytes so far.
type sink struct {
	header http.Header
	code   int
	bytes  int
	after  func(bytes int) error
}

func (s *sink) Header() http.Header {
	if s.header == nil {
		s.header = http.Header{}
	}
	return s.header
}

func (s *sink) WriteHeader(code int) { s.code = code }

func (s *sink) Write(p []byte) (int, error) {
	s.bytes += len(p)
	if s.after != nil {
		if err := s.after(s.bytes); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// request is a request that a server on a loopback listener received.
func request(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	return r.WithContext(received(r.Context(), "127.0.0.1:8080"))
}

// received is the context of a connection that was accepted at a TCP address.
func received(ctx context.Context, address string) context.Context {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(err)
	}
	return context.WithValue(ctx, http.LocalAddrContextKey, at)
}

// stub adds span n of trace 1 to store.
func stub(store *memory.Store, n int, change func(*tracetest.SpanStub)) {
	store.Add(pageSpan(1, 1, 0, "span", 0, 1, func(s *tracetest.SpanStub) {
		s.SpanContext = trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1, byte(n >> 8), byte(n)}})
		change(s)
	}))
}

const firstTrace = "&id=01000000000000000000000000000000"

// fullStores hold about 4 MiB each, in texts that JSON writes six times as long.
var fullStores = []struct {
	name string
	fill func(*memory.Store)
	own  int // bytes that reading one value costs: the attribute package copies the elements of arrays
}{
	{"many spans with one value", func(store *memory.Store) {
		text := strings.Repeat("\x01", 100<<10)
		for n := range 40 {
			stub(store, n, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("text", text)} })
		}
	}, 0},
	{"many spans with many values", func(store *memory.Store) {
		text := strings.Repeat("\x01", 1000)
		for n := range 32 {
			stub(store, n, func(s *tracetest.SpanStub) {
				for i := range 128 {
					s.Attributes = append(s.Attributes, attribute.String(fmt.Sprint("text", i), text))
				}
			})
		}
	}, 0},
	{"one value", func(store *memory.Store) {
		text := strings.Repeat("\x01", 4<<20)
		stub(store, 1, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("text", text)} })
	}, 0},
	{"one array", func(store *memory.Store) {
		texts := make([]string, 4)
		for i := range texts {
			texts[i] = strings.Repeat("\x01", 1<<20)
		}
		stub(store, 1, func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.StringSlice("texts", texts)}
		})
	}, 4 * 16},
	{"one map in an array", func(store *memory.Store) {
		inner := attribute.MapValue(attribute.String("text", strings.Repeat("\x01", 4<<20)))
		stub(store, 1, func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{{Key: "maps", Value: attribute.SliceValue(inner)}}
		})
	}, 1000},
	{"bytes", func(store *memory.Store) {
		data := attribute.ByteSliceValue(make([]byte, 4<<20))
		stub(store, 1, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{{Key: "bytes", Value: data}} })
	}, 4 << 20},
	{"events, links and a resource", func(store *memory.Store) {
		text := strings.Repeat("\x01", 100<<10)
		for n := range 10 {
			stub(store, n, func(s *tracetest.SpanStub) {
				s.Events = []sdktrace.Event{{Name: text, Attributes: []attribute.KeyValue{attribute.String("text", text)}}, {Name: text}}
				s.Links = []sdktrace.Link{{Attributes: []attribute.KeyValue{attribute.String("text", text)}}}
				s.Status.Description = text
			})
		}
	}, 0},
	{"names", func(store *memory.Store) {
		for n := range 40 {
			stub(store, n, func(s *tracetest.SpanStub) { s.Name = strings.Repeat("\x01", 100<<10) })
		}
	}, 0},
}

// allocated is how many bytes do allocates.
func allocated(do func()) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// Answers are streamed: their memory does not depend on the length of the texts in the spans.
func TestAnswersTakeConstantMemory(t *testing.T) {
	const most = 1 << 20
	for _, full := range fullStores {
		store := memory.NewStore(memory.Limits{})
		full.fill(store)
		handler := tracepage.Handler(store)
		for _, query := range []string{"?data=download" + firstTrace, "?data=trace" + firstTrace, "?data=traces&limit=10000", "?data=traces&name=spam"} {
			var w sink
			cost := allocated(func() { handler.ServeHTTP(&w, request(http.MethodGet, "/"+query)) })
			t.Logf("%s: GET %s: %d KiB answered, %d KiB allocated", full.name, query, w.bytes>>10, cost>>10)
			if w.bytes == 0 || cost > most+full.own {
				t.Errorf("%s: GET %s allocates %d KiB for %d KiB, want at most %d KiB", full.name, query, cost>>10, w.bytes>>10, (most+full.own)>>10)
			}
		}
	}
}

// What a page shows is short, however long the texts of the spans are; the download holds all.
func TestShownAnswersAreShort(t *testing.T) {
	for _, full := range fullStores {
		store := memory.NewStore(memory.Limits{})
		full.fill(store)
		for query, most := range map[string]int{"?data=trace" + firstTrace: 8 << 20, "?data=traces": 1 << 20} {
			var w sink
			tracepage.Handler(store).ServeHTTP(&w, request(http.MethodGet, "/"+query))
			if w.bytes == 0 || w.bytes > most {
				t.Errorf("%s: GET %s answers with %d KiB, want at most %d KiB", full.name, query, w.bytes>>10, most>>10)
			}
		}
	}
}

// fullStore is a store whose download is longer than what the buffers of two sockets hold.
func fullStore() *memory.Store {
	store := memory.NewStore(memory.Limits{})
	text := strings.Repeat("\x01", 100<<10)
	for n := range 150 {
		stub(store, n, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("text", text)} })
	}
	return store
}

func TestDownloadEndsWithItsClient(t *testing.T) {
	store := fullStore()
	broken := errors.New("connection reset")
	tests := []struct {
		name   string
		after  func(leave context.CancelFunc) error
		method string
	}{
		{"the connection breaks", func(context.CancelFunc) error { return broken }, http.MethodGet},
		{"the client leaves", func(leave context.CancelFunc) error { leave(); return nil }, http.MethodGet},
		{"only the header is wanted", func(context.CancelFunc) error { return broken }, http.MethodHead},
	}
	for _, tt := range tests {
		ctx, leave := context.WithCancel(t.Context())
		w := &sink{after: func(int) error { return tt.after(leave) }}
		r := request(tt.method, "/?data=download"+firstTrace)
		tracepage.Handler(store).ServeHTTP(w, r.WithContext(received(ctx, "127.0.0.1:80")))
		leave()
		if w.bytes > 1<<20 || w.code >= 400 {
			t.Errorf("%s: %d bytes were written for the status %d", tt.name, w.bytes, w.code)
		}
	}
}

// A server cuts the answer off when a download ends early, so that a part is not taken for the whole.
func TestDownloadThatEndsEarlyIsCutOff(t *testing.T) {
	store := fullStore()
	page := tracepage.Handler(store)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		page.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/?data=download" + firstTrace)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	if err == nil {
		t.Error("a part of the download looks like the whole")
	}
}

func TestOneDownloadAtATime(t *testing.T) {
	page := tracepage.Handler(fullStore())
	ended := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- struct{}{} }()
		page.ServeHTTP(w, r)
	}))
	defer server.Close()
	get := func(query string) *http.Response {
		t.Helper()
		response, err := server.Client().Get(server.URL + query)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}

	first := get("/?data=download" + firstTrace) // its body is not read, so it does not end
	second := get("/?data=download" + firstTrace)
	var fault struct{ Error string }
	if err := json.NewDecoder(second.Body).Decode(&fault); err != nil {
		t.Fatal(err)
	}
	if second.StatusCode != http.StatusServiceUnavailable || second.Header.Get("Retry-After") != "1" || !strings.Contains(fault.Error, "try again") {
		t.Errorf("the second download: %d %q, Retry-After %q", second.StatusCode, fault.Error, second.Header.Get("Retry-After"))
	}
	if disposition := second.Header.Get("Content-Disposition"); disposition != "" {
		t.Errorf("the refusal is to be saved as a file: %s", disposition)
	}
	<-ended
	if list := get("/?data=traces"); list.StatusCode != http.StatusOK {
		t.Errorf("the list beside a download: %d", list.StatusCode)
	}
	<-ended

	first.Body.Close()
	<-ended
	third := get("/?data=download" + firstTrace)
	if !json.Valid(all(t, third.Body)) || third.StatusCode != http.StatusOK {
		t.Errorf("the download after the first one ended: %d", third.StatusCode)
	}
}

// Lists and waterfalls are written a few at a time, so that clients that do not read hold a bounded amount of memory.
func TestFurtherAnswersWait(t *testing.T) {
	store := held(pageSpan(1, 1, 0, "root", 0, 1))
	synctest.Test(t, func(t *testing.T) {
		page := tracepage.Handler(store)
		read := make(chan struct{})
		var writing, ended atomic.Int32
		serve := func(ctx context.Context, query string) {
			w := &sink{after: func(int) error { writing.Add(1); <-read; return nil }}
			page.ServeHTTP(w, request(http.MethodGet, "/"+query).WithContext(received(ctx, "127.0.0.1:80")))
			ended.Add(1)
		}
		for range 6 {
			go serve(t.Context(), "?data=traces")
			go serve(t.Context(), "?data=trace"+firstTrace)
		}
		synctest.Wait()
		if got := writing.Load(); got != 4 {
			t.Errorf("%d answers are written at the same time, want 4", got)
		}
		ctx, leave := context.WithCancel(t.Context())
		go serve(ctx, "?data=traces")
		synctest.Wait()
		leave()
		synctest.Wait()
		if got := ended.Load(); got != 1 {
			t.Errorf("%d answers ended, want that of the client that left", got)
		}
		close(read)
		synctest.Wait()
		if got := ended.Load(); got != 13 {
			t.Errorf("%d answers ended after their clients read, want all 13", got)
		}
	})
}

func all(t *testing.T, r io.Reader) []byte {
	t.Helper()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// deadlines is a response writer whose connection has write deadlines.
type deadlines struct {
	sink
	set []time.Time
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

// A client that does not read must not hold a download, or what it answers with, for ever.
func TestEachWriteHasADeadline(t *testing.T) {
	store := fullStore()
	for _, query := range []string{"?data=download" + firstTrace, "?data=trace" + firstTrace, "?data=traces"} {
		w := &deadlines{}
		w.after = func(int) error {
			if n := len(w.set); n == 0 || time.Until(w.set[n-1]) > time.Minute {
				return errors.New("a write without a deadline")
			}
			return nil
		}
		tracepage.Handler(store).ServeHTTP(w, request(http.MethodGet, "/"+query))
		if w.bytes == 0 || len(w.set) < w.bytes>>16 {
			t.Errorf("GET %s: %d deadlines for %d bytes", query, len(w.set), w.bytes)
		}
	}
}

// What is written piece by piece reads back as the text that every exporter sends, for every kind of value.
func TestDownloadReadsBack(t *testing.T) {
	t.Parallel()
	texts := []string{"", "plain", `"\/`, "\x00\x1f\x7f", "\u2028<&>", "bad\xff\xfe!", strings.Repeat("é", 5000), "a" + strings.Repeat("日", 3000), strings.Repeat("\xff", 9000)}
	for _, text := range texts {
		values := []attribute.Value{
			attribute.StringValue(text), attribute.StringSliceValue([]string{text, "", text}), attribute.StringSliceValue(nil),
			attribute.MapValue(attribute.KeyValue{Key: attribute.Key("k" + text), Value: attribute.SliceValue(attribute.StringValue(text), attribute.IntValue(1), attribute.Value{})}),
			attribute.MapValue(), attribute.MapValue(attribute.Int("a", 1), attribute.Bool("b", false)), attribute.SliceValue(attribute.ByteSliceValue([]byte(text))),
			attribute.ByteSliceValue([]byte(text)), attribute.BoolSliceValue([]bool{true, false}), attribute.Int64SliceValue([]int64{1, -2}),
			attribute.Float64SliceValue([]float64{0.5, math.NaN()}), attribute.Float64Value(math.Inf(-1)), attribute.Float64Value(0.1),
			attribute.IntValue(math.MinInt64), attribute.BoolValue(true), {},
		}
		store := memory.NewStore(memory.Limits{})
		stub(store, 1, func(s *tracetest.SpanStub) {
			for _, v := range values {
				s.Attributes = append(s.Attributes, attribute.KeyValue{Key: "k", Value: v})
			}
			s.Name = text
		})
		var got struct {
			Name  string
			Spans []struct {
				Name       string
				Attributes []struct{ Value string }
			}
		}
		read(t, get(t, store, "/?data=download"+firstTrace), &got)
		name := strings.ToValidUTF8(text, "\uFFFD")
		if len(got.Spans) != 1 || got.Name != name || got.Spans[0].Name != name || len(got.Spans[0].Attributes) != len(values) {
			t.Fatalf("%.30q: read back as %.300v", text, got)
		}
		for i, a := range got.Spans[0].Attributes {
			if want, _ := spantext.AppendValue(nil, values[i], 0); a.Value != string(want) {
				t.Errorf("%.30q: value %d reads back as %.60q, want %.60q", text, i, a.Value, want)
			}
		}
	}
}
