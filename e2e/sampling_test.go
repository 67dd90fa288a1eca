package e2e_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/e2e/receivers"
	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
)

// remoteFile is a configuration for a Jaeger 2: service, endpoint of spans and endpoint of strategies follow.
const remoteFile = `
tracing:
  exporter_type: otlp
  service_name: %s
  otlp: {endpoint: "%s"}
  batch: {schedule_delay: 100ms}
  sampling:
    sampler: parentbased_jaeger_remote
    remote: {endpoint: "%s", interval: 200ms, initial_rate: 0}
`

func startJaeger2(t *testing.T, strategies string) *receivers.Jaeger2 {
	t.Helper()
	j, err := receivers.StartJaeger2(peers, strategies)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Stop(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// strategyOf waits until tracing has a strategy of the server that satisfies the condition, and describes it.
func strategyOf(t *testing.T, tracing *spanroute.Tracing, condition func(spanroute.Stats) bool) string {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		stats := tracing.Stats()
		if stats.Sampling.Server.Remote && condition(stats) {
			return stats.Sampling.Server.Strategy
		}
		if time.Now().After(end) {
			t.Fatalf("no strategy: %v", stats.Sampling.Server)
		}
	}
}

func always(spanroute.Stats) bool { return true }

// apiOf returns an API. The strategies are for the routes of its operations.
func apiOf(t *testing.T, tracing *spanroute.Tracing) *httptest.Server {
	t.Helper()
	router := chi.NewRouter()
	router.Use(mw.New(mw.With(tracing)))
	ok := func(http.ResponseWriter, *http.Request) {}
	router.Get("/always", ok)
	router.Get("/items/{id}", ok)
	router.Get("/others/{id}", ok)
	api := httptest.NewServer(router)
	t.Cleanup(api.Close)
	return api
}

// stockOf returns a client, without tracing, of a gRPC service, and a function that ends the service after its calls.
func stockOf(t *testing.T, tracing *spanroute.Tracing) (client grpc_testing.TestServiceClient, end func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(tracing))...)
	grpc_testing.RegisterTestServiceServer(server, stock{})
	go server.Serve(listener) // ends with Stop
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return grpc_testing.NewTestServiceClient(conn), server.GracefulStop
}

// TestSamplingServer gets the strategies of a file from a real Jaeger 2, over HTTP and over gRPC.
func TestSamplingServer(t *testing.T) {
	strategies, err := filepath.Abs(filepath.Join(peers, "jaeger2", "strategies.json"))
	if err != nil {
		t.Fatal(err)
	}
	j := startJaeger2(t, strategies)
	for _, endpoint := range []string{"http://" + receivers.SamplingHTTP, "http://" + receivers.SamplingHTTP + "/api/sampling", "grpc://" + receivers.SamplingGRPC} {
		t.Run(endpoint, func(t *testing.T) {
			for service, want := range map[string]string{"limited": "rate limiting 3/s", "unknown": "probabilistic 0"} {
				if got := strategyOf(t, start(t, fmt.Sprintf(remoteFile, service, j.OTLP(), endpoint)), always); got != want {
					t.Errorf("strategy of %s: %q, want %q", service, got, want)
				}
			}
			record := new(seen)
			tracing := start(t, fmt.Sprintf(remoteFile, "shop", j.OTLP(), endpoint), spanroute.WithSpanProcessor(record))
			if got := strategyOf(t, tracing, always); got != "per operation (4), default 0.25" {
				t.Errorf("strategy %q", got)
			}
			api := apiOf(t, tracing)
			calls, end := stockOf(t, tracing)
			const n = 400
			for i := range n {
				_, _ = calls.EmptyCall(t.Context(), new(grpc_testing.Empty)) // fails always
				if _, err := calls.UnaryCall(t.Context(), new(grpc_testing.SimpleRequest)); err != nil {
					t.Fatal(err)
				}
				for _, path := range []string{"/always", "/items/", "/others/"} {
					if path != "/always" {
						path += fmt.Sprint(i)
					}
					request(t, http.MethodGet, api.URL+path, "", "")
				}
			}
			api.Close() // spans may end after the client has its answer
			end()
			record.flush(t, tracing)
			for name, rate := range map[string]float64{"GET /always": 1, "GET /items/{id}": 0.5, "GET /others/{id}": 0.25,
				"grpc.testing.TestService/EmptyCall": 1, "grpc.testing.TestService/UnaryCall": 0} {
				if kept, d := record.count(name), 5*math.Sqrt(n*rate*(1-rate)); math.Abs(float64(kept)-n*rate) > d {
					t.Errorf("%s: %d of %d kept, want %v ± %.0f", name, kept, n, n*rate, d)
				}
			}
			delivered(t, tracing)
		})
	}
}

// TestSamplingServerOfJaeger1 gets the default strategy of a Jaeger 1 all-in-one: of its agent, at the default endpoint, and
// of its collector over gRPC, with the variables of the OpenTelemetry specification.
func TestSamplingServerOfJaeger1(t *testing.T) {
	for name, environ := range map[string][]string{
		"agent":     {"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote"},
		"collector": {"OTEL_TRACES_SAMPLER=jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=endpoint=http://localhost:14250,pollingIntervalMs=5000,initialSamplingRate=0.25"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := config.Load(config.Sources{Environ: append(environ, "OTEL_SERVICE_NAME=shop")})
			if err != nil {
				t.Fatal(err)
			}
			tracing, err := spanroute.Start(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tracing.Shutdown(context.Background()) }()
			if got := strategyOf(t, tracing, always); got != "probabilistic 0.001" {
				t.Errorf("strategy %q, want Jaeger's default", got)
			}
		})
	}
}

// TestAdaptiveSampling closes the loop with the adaptive strategy of a real Jaeger 2. At 100 requests per second and a target
// of 1 trace per second, it computes 0.01 from the attributes of the kept root spans.
//
// This version of Jaeger serves new probabilities after a restart only, because it holds the leader lock.
func TestAdaptiveSampling(t *testing.T) {
	j := startJaeger2(t, "")
	record := new(seen)
	tracing := start(t, fmt.Sprintf(remoteFile, "shop", j.OTLP(), "grpc://"+receivers.SamplingGRPC), spanroute.WithSpanProcessor(record))
	strategyOf(t, tracing, always)
	url := apiOf(t, tracing).URL
	const operation = "GET /items/{id}"
	load := func(d time.Duration) (kept int) {
		before := record.count(operation)
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for end := time.Now().Add(d); time.Now().Before(end); <-ticker.C {
			request(t, http.MethodGet, url+"/items/7", "", "")
		}
		flush(t, tracing)
		return record.count(operation) - before
	}

	kept := load(20 * time.Second)
	if kept < 1800 {
		t.Errorf("%d traces kept before the first calculation, want about 2000", kept)
	}
	if err := j.Restart(); err != nil {
		t.Fatal(err)
	}
	var rate float64
	strategyOf(t, tracing, func(stats spanroute.Stats) bool {
		for _, o := range stats.Sampling.Server.Operations {
			if o.Operation == operation {
				rate = o.Rate
			}
		}
		return rate > 0
	})
	if perSecond := 100 * rate; perSecond < 0.8 || perSecond > 1.2 {
		t.Errorf("probability %v, which is %v traces per second at 100 requests per second; want 1 within 20 percent", rate, perSecond)
	}
	const seconds = 30
	if kept := load(seconds * time.Second); math.Abs(float64(kept)-seconds) > 4*math.Sqrt(seconds)+1 { // the lower bound adds one
		t.Errorf("%d traces kept in %d seconds, want about as many", kept, seconds)
	}
	// The same sampler at 100 times the speed, for a rate without noise.
	tracer := tracing.TracerProvider().Tracer("e2e")
	const roots = 200_000
	sampled := 0
	for range roots {
		_, span := tracer.Start(context.Background(), operation, trace.WithSpanKind(trace.SpanKindServer))
		if span.SpanContext().IsSampled() {
			sampled++
		}
		span.End()
	}
	if perSecond := 100 * float64(sampled) / roots; perSecond < 0.8 || perSecond > 1.2 {
		t.Errorf("%d of %d kept, %v traces per second; want 1 within 20 percent", sampled, roots, perSecond)
	}
}

// count returns the number of spans with a name.
func (s *seen) count(name string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.spans {
		if x.Name() == name {
			n++
		}
	}
	return n
}
