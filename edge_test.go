package spanroute_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
)

const sampledCaller = "00-00000000000000000000000000000001-b7ad6b7169203331-01"

// callers sends n requests and n calls of a sampled caller through both middlewares.
func callers(t *testing.T, tracing *spanroute.Tracing, n int) {
	t.Helper()
	h := mw.New(mw.With(tracing))(http.NotFoundHandler())
	intercept := grpcmw.UnaryServerInterceptor(grpcmw.With(tracing))
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("traceparent", sampledCaller))
	for range n {
		r := httptest.NewRequest(http.MethodGet, "/x?mine=1", nil)
		r.Header.Set("Traceparent", sampledCaller)
		h.ServeHTTP(httptest.NewRecorder(), r)
		_, err := intercept(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, func(context.Context, any) (any, error) { return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	flush(t, tracing)
}

func TestRemoteParentOnReload(t *testing.T) {
	keep := new(keeper)
	known := factories(t, keep, nil)
	section := map[string]any{"exporter_type": "keep"}
	tracing, err := spanroute.Start(t.Context(), load(t, known, section))
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.Background())
	apply := func(keys map[string]any) {
		t.Helper()
		changed := maps.Clone(section)
		maps.Copy(changed, keys)
		if err := tracing.Apply(load(t, known, changed)); err != nil {
			t.Fatal(err)
		}
	}
	check := func(situation string, want int) {
		t.Helper()
		before := len(keep.names())
		callers(t, tracing, 50)
		if got := len(keep.names()) - before; got != want {
			t.Errorf("%s: %d of 100 requests are exported, want %d", situation, got, want)
		}
	}
	check("respected, at rate 0", 100)
	apply(map[string]any{"sampling": map[string]any{"remote_parent": "ignore"}})
	check("ignored, at rate 0", 0)
	apply(map[string]any{"sampling": map[string]any{"remote_parent": "ignore", "sampler": "traceidratio"}, "sample_rate": 1})
	check("ignored, at rate 1", 100)
	apply(nil)
	check("respected again", 100)
}

func TestRedactionOnReload(t *testing.T) {
	keep := new(keeper)
	known := factories(t, keep, nil)
	tracing, err := spanroute.Start(t.Context(), load(t, known, map[string]any{"exporter_type": "keep"}))
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.Background())
	query := func() string {
		t.Helper()
		callers(t, tracing, 1)
		keep.mu.Lock()
		defer keep.mu.Unlock()
		for _, kv := range keep.spans[len(keep.spans)-2].Attributes() {
			if kv.Key == "url.query" {
				return kv.Value.AsString()
			}
		}
		return ""
	}
	if got := query(); got != "mine=1" {
		t.Errorf("url.query = %q, want it unchanged", got)
	}
	redact := map[string]any{"exporter_type": "keep", "redact": map[string]any{"query_keys": []any{"MINE"}, "panic_messages": true}}
	if err := tracing.Apply(load(t, known, redact)); err != nil {
		t.Fatal(err)
	}
	if got := query(); got != "mine=REDACTED" {
		t.Errorf("url.query = %q, want the key that a reload added to be redacted", got)
	}
	if !tracing.Instrumentation().Policy().RedactsPanicMessages() {
		t.Error("redact.panic_messages is not in force after a reload")
	}
}
