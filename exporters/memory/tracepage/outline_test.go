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
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

type outlined struct {
	SpanID, Name, Service, Kind string
	Depth                       int
	OffsetNs, DurationNs        int64
	Error                       *string
	Events                      []int64
}

func TestPageOutline(t *testing.T) {
	t.Parallel()
	thrown := func(s *tracetest.SpanStub) {
		s.Status.Code = codes.Error
		s.Events = []sdktrace.Event{{Name: "exception", Time: noon.Add(2e6), Attributes: []attribute.KeyValue{attribute.String("exception.message", "thrown")}}}
	}
	store := held(
		pageSpan(1, 3, 2, "grandchild", 2, 3, thrown), pageSpan(1, 4, 1, "backwards", 6, 5),
		pageSpan(1, 2, 1, "child", 1, 4, failed), pageSpan(1, 1, 0, "root", 0, 8),
	)
	text := func(s string) *string { return &s }
	all := []outlined{
		{"0100000000000000", "root", "service-1", "server", 0, 0, 8e6, nil, nil},
		{"0200000000000000", "child", "service-1", "server", 1, 1e6, 3e6, text("boom"), nil},
		{"0300000000000000", "grandchild", "service-1", "server", 2, 2e6, 1e6, text("thrown"), []int64{2e6}},
		{"0400000000000000", "backwards", "service-1", "server", 1, 6e6, 0, nil, nil},
	}
	tests := []struct {
		query string
		want  []outlined
	}{
		{"", all},
		{"&limit=1", all[:1]},
		{"&from=2", all[2:]},
		{"&from=1&limit=2", all[1:3]},
		{"&from=9", []outlined{}},
	}
	for _, tt := range tests {
		var got struct {
			Total int
			Spans []outlined
		}
		read(t, get(t, store, "/?data=outline"+firstTrace+tt.query), &got)
		if diff := cmp.Diff(tt.want, got.Spans); diff != "" || got.Total != 4 {
			t.Errorf("%s: %d spans in total, outline (-want +got):\n%s", tt.query, got.Total, diff)
		}
	}
}

func TestPageSpan(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	store := held(pageSpan(1, 1, 0, "root", 0, 8), pageSpan(1, 2, 1, "child", 1, 4, func(s *tracetest.SpanStub) {
		s.Attributes = []attribute.KeyValue{attribute.String("long", long)}
	}))
	var got struct {
		Name       string
		OffsetNs   int64
		Attributes []struct {
			Key string
			Cut int
		}
	}
	read(t, get(t, store, "/?data=span"+firstTrace+"&span=0200000000000000"), &got)
	if got.Name != "child" || got.OffsetNs != 1e6 || len(got.Attributes) != 1 || got.Attributes[0].Cut != 1<<20-4096 {
		t.Errorf("span %+v", got)
	}
}

func TestPageDelivery(t *testing.T) {
	t.Parallel()
	stats := func(yield func(string, delivery.Stats) bool) {
		_ = yield("otlp", delivery.Stats{Delivered: 4, Queued: 2, Retries: 1, Oldest: noon, Breaker: delivery.BreakerOpen, Since: noon, Next: noon.Add(time.Second), LastError: "<b>refused", Hint: "start it", Dropped: map[delivery.Reason]uint64{"queue_full": 3, `a"b`: 1}}) &&
			yield("memory", delivery.Stats{Delivered: 9})
	}
	tests := []struct {
		name string
		opts []tracepage.Option
		want string
	}{
		{"without the option", nil, `{"destinations":[]}`},
		{"an outage and a destination without problems", []tracepage.Option{tracepage.WithDelivery(stats)}, `{"destinations":[` +
			`{"name":"otlp","delivered":4,"queued":2,"retries":1,"dropped":[{"reason":"a\"b","spans":1},{"reason":"queue_full","spans":3}],"breaker":"open","oldest":"2026-01-02T12:00:00Z","since":"2026-01-02T12:00:00Z","next":"2026-01-02T12:00:01Z","error":"<b>refused","hint":"start it"},` +
			`{"name":"memory","delivered":9,"queued":0,"retries":0,"dropped":[],"breaker":"closed","error":"","hint":""}]}`},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		tracepage.Handler(memory.NewStore(memory.Limits{}), tt.opts...).ServeHTTP(w, request(http.MethodGet, "/?data=delivery"))
		body, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s: %s: %v", tt.name, body, err)
		}
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestPageOutlineIsBounded(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(memory.Limits{Bytes: -1})
	for n := range 5000 {
		stub(store, n, func(s *tracetest.SpanStub) { s.Name = strings.Repeat("\x01", 1000) })
	}
	shown := 0
	for answers := 0; shown < 5000; answers++ {
		response := get(t, store, fmt.Sprintf("/?data=outline%s&from=%d", firstTrace, shown))
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Spans []outlined }
		if err := json.Unmarshal(body, &got); err != nil || len(got.Spans) == 0 || len(body) > 5<<20 || answers > 10 {
			t.Fatalf("answer %d has %d bytes and %d spans: %v", answers, len(body), len(got.Spans), err)
		}
		shown += len(got.Spans)
	}
}
