package spanroute_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/sampling"
)

// Of many requests at a low rate, those that fail and those that are slow are kept, each with all of its spans, whether one
// destination encodes spans at their end or several keep them.
func TestFailedAndSlowRequestsAreKept(t *testing.T) {
	for _, types := range []string{"texts", "texts,other"} {
		synctest.Test(t, func(t *testing.T) {
			b := &inbox{seen: map[string]int{}}
			cfg := load(t, textExporters(t, factEncoder{textEncoder{new(atomic.Int64), new(atomic.Int64)}}, b), map[string]any{
				"exporter_type": strings.Split(types, ","), "sample_rate": 0.01,
				"sampling": map[string]any{"keep": map[string]any{"errors": true, "slower_than": "1s"}},
			})
			tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			const requests = 100_000
			serveOrders(tracing, requests)
			stats := tracing.Stats().Sampling
			if err := tracing.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			failed, slow, sampled, orders := 0, 0, 0, keptOrders(t, b)
			for order := range requests {
				if _, kept := orders[order]; !kept && (order%200 == 7 || order%200 == 9) {
					t.Errorf("order %d is not kept", order)
				}
			}
			for order, reason := range orders {
				switch {
				case reason == sampling.ReasonError && order%200 == 7:
					failed++
				case reason == sampling.ReasonSlow && order%200 == 9:
					slow++
				case reason == "":
					sampled++
				default:
					t.Errorf("order %d is kept because of %q", order, reason)
				}
			}
			if sampled < 850 || sampled > 1150 {
				t.Errorf("%s: %d orders are sampled, want about 1000", types, sampled)
			}
			if int(stats.KeptErrors) != failed || int(stats.KeptSlow) != slow || stats.Held.Spans != 0 || int(stats.Held.Kept) != failed+slow ||
				int(stats.Held.Kept+stats.Held.Dropped) != requests-sampled {
				t.Errorf("%s: %+v with %d failed, %d slow and %d sampled", types, stats, failed, slow, sampled)
			}
		})
	}
}

// serveOrders serves requests of two spans. Some fail in the inner one, and some are slow.
func serveOrders(tracing *spanroute.Tracing, requests int) {
	tracer := tracing.TracerProvider().Tracer("test")
	handler := mw.New(mw.With(tracing))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		_, inner := tracer.Start(r.Context(), "inner")
		inner.SetAttributes(attribute.Int("order", order))
		inner.End()
		switch order % 200 {
		case 7:
			w.WriteHeader(http.StatusInternalServerError)
		case 9:
			time.Sleep(1100 * time.Millisecond)
		}
	}))
	for order := range requests {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), "GET", "/"+strconv.Itoa(order), nil))
	}
}

// A factEncoder encodes a span as its trace id, its id, that of its parent, its sampled flag, its name, its order and its reason.
type factEncoder struct{ textEncoder }

func (factEncoder) EncodeSpan(buf []byte, s sdktrace.ReadOnlySpan, _ *delivery.Report) ([]byte, any) {
	order, reason := "", ""
	for _, kv := range s.Attributes() {
		switch kv.Key {
		case "order", "url.path":
			order = strings.TrimPrefix(kv.Value.String(), "/")
		case sampling.ReasonKey:
			reason = kv.Value.AsString()
		}
	}
	sc := s.SpanContext()
	return fmt.Appendf(buf, "%v %v %v %t %s %s %s", sc.TraceID(), sc.SpanID(), s.Parent().SpanID(), sc.IsSampled(), s.Name(), order, reason), nil
}

// keptOrders returns the reason of each order that arrived. It fails the test for an order without both of its spans.
func keptOrders(t *testing.T, b *inbox) map[int]string {
	t.Helper()
	roots, inner := map[string][]string{}, map[string][]string{}
	for line := range b.seen {
		facts := strings.Split(line, " ")
		if facts[3] != "true" {
			t.Errorf("without the sampled flag: %s", line)
		}
		if facts[4] == "inner" {
			inner[facts[0]] = facts
		} else {
			roots[facts[0]] = facts
		}
	}
	reasons := map[int]string{}
	for id, root := range roots {
		below := inner[id]
		if below == nil || below[2] != root[1] || below[5] != root[5] {
			t.Errorf("spans of one trace: %v and %v", root, below)
		}
		delete(inner, id)
		order, _ := strconv.Atoi(root[5])
		reasons[order] = root[6]
	}
	if len(inner) > 0 {
		t.Errorf("%d spans have no parent", len(inner))
	}
	return reasons
}
