package spanroute_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
)

// Rules decide about requests and calls by what the middleware passes to the sampler, and a reload changes them.
func TestRulesOfRequests(t *testing.T) {
	keep := new(keeper)
	known := factories(t, keep, nil)
	configure := func(rules ...map[string]any) *config.Config {
		return load(t, known, map[string]any{"exporter_type": "keep", "sampling": map[string]any{
			"rules": rules, "force": map[string]any{"header": "jaeger-debug-id", "secret": "hush"},
		}})
	}
	tracing, err := spanroute.Start(t.Context(), configure(
		map[string]any{"name": "orders", "route": "/orders/{id}", "keep": true},
		map[string]any{"name": "path", "path": "/path", "method": "GET", "keep": true},
		map[string]any{"name": "header", "header": map[string]any{"x-debug": "1"}, "keep": true},
		map[string]any{"name": "rpc", "rpc": "/grpc.health.v1.Health/*", "header": map[string]any{"x-rpc": "*"}, "keep": true},
	), spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tracing.Shutdown(context.Background()) }()
	router := chi.NewRouter()
	router.Use(mw.New(mw.With(tracing)))
	router.Get("/orders/{id}", func(http.ResponseWriter, *http.Request) {})
	router.Get("/*", func(http.ResponseWriter, *http.Request) {})
	calls := func() map[string]string {
		for path, header := range map[string]string{"/orders/7": "", "/path": "", "/x": "", "/header": "X-Debug: 1", "/forced": "Jaeger-Debug-Id: hush", "/wrong": "Jaeger-Debug-Id: x"} {
			r := httptest.NewRequestWithContext(context.Background(), "GET", path, nil)
			var name, value string
			if n, _ := fmt.Sscanf(header, "%s %s", &name, &value); n == 2 {
				r.Header.Set(name[:len(name)-1], value)
			}
			router.ServeHTTP(httptest.NewRecorder(), r)
		}
		client, stop := healthClient(t, tracing)
		for _, value := range []string{"", "1"} {
			if _, err := client.Check(metadata.AppendToOutgoingContext(context.Background(), "x-rpc"+value, "1"), nil); err != nil {
				t.Fatal(err)
			}
		}
		stop() // the spans of its calls have ended then
		flush(t, tracing)
		kept := map[string]string{}
		for _, s := range keep.spans {
			path, reason := s.Name(), ""
			for _, kv := range s.Attributes() {
				switch kv.Key {
				case "url.path":
					path = kv.Value.AsString()
				case "spanroute.sampling.rule", "spanroute.sampling.reason":
					reason = kv.Value.AsString()
				}
			}
			kept[path] = reason
		}
		keep.spans = nil
		return kept
	}
	want := map[string]string{"/orders/7": "orders", "/path": "path", "/header": "header", "/forced": "forced", "grpc.health.v1.Health/Check": "rpc"}
	if diff := cmp.Diff(want, calls()); diff != "" {
		t.Errorf("kept (-want +got)\n%s", diff)
	}
	if err := tracing.Apply(configure(map[string]any{"path": "/x", "limit": 100})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"/x": "rule-1", "/forced": "forced"}, calls()); diff != "" {
		t.Errorf("kept after a reload (-want +got)\n%s", diff)
	}
}

// healthClient returns the client of a gRPC server with server spans, and a function that stops both.
func healthClient(t *testing.T, tracing *spanroute.Tracing) (client healthgrpc.HealthClient, stop func()) {
	t.Helper()
	server := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(tracing))...)
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	return healthgrpc.NewHealthClient(conn), func() { _ = conn.Close(); server.GracefulStop() }
}

// While two sets of rules replace each other, each request is decided by one of them, whole, and what both contain holds always.
func TestRulesChangeUnderLoad(t *testing.T) {
	keep := new(keeper)
	known := factories(t, keep, nil)
	var sets [2]*config.Config
	for i, name := range []string{"a", "b"} {
		sets[i] = load(t, known, map[string]any{"exporter_type": "keep", "batch": map[string]any{"max_queue_size": 10_000}, "sampling": map[string]any{"rules": []map[string]any{
			{"name": "none", "path": "/none", "drop": true},
			{"name": name, "path": "/" + name, "keep": true},
			{"name": "both", "path": "/both", "keep": true},
			{"name": "failed", "status": "error", "keep": true},
		}}})
	}
	tracing, err := spanroute.Start(t.Context(), sets[0], spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tracing.Shutdown(context.Background()) }()
	handler := mw.New(mw.With(tracing))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/both" && r.URL.Path != "/ok" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	const workers, rounds = 4, 200
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for range rounds {
				for _, path := range []string{"/none", "/a", "/b", "/both", "/fails", "/ok"} {
					handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), "GET", path, nil))
				}
			}
		})
	}
	for i := range 200 {
		if err := tracing.Apply(sets[i%2]); err != nil {
			t.Error(err)
		}
	}
	running.Wait()
	flush(t, tracing)
	balanced(t, tracing)
	kept := map[string]int{}
	for _, s := range keep.spans {
		var path, rule string
		for _, kv := range s.Attributes() {
			switch kv.Key {
			case "url.path":
				path = kv.Value.AsString()
			case "spanroute.sampling.rule":
				rule = kv.Value.AsString()
			}
		}
		kept[path+" "+rule]++
	}
	const all = workers * rounds
	for _, path := range []string{"/a ", "/b "} {
		if n := kept[path+path[1:2]] + kept[path+"failed"]; n != all {
			t.Errorf("%d requests of %s are kept, want %d", n, path, all)
		}
		delete(kept, path+path[1:2])
		delete(kept, path+"failed")
	}
	if diff := cmp.Diff(map[string]int{"/both both": all, "/fails failed": all}, kept); diff != "" {
		t.Errorf("kept (-want +got)\n%s", diff)
	}
}
