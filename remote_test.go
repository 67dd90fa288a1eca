package spanroute_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/sampling"
)

// A samplingServer is a server of strategies whose answer can be replaced.
type samplingServer struct {
	*httptest.Server
	answer   atomic.Pointer[http.HandlerFunc]
	requests atomic.Int64
}

func newSamplingServer(t *testing.T, answer http.HandlerFunc) *samplingServer {
	t.Helper()
	s := new(samplingServer)
	s.answer.Store(&answer)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// strategy answers with a strategy for the service shop.
func strategy(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("service") != "shop" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, text)
	}
}

const (
	keepAll  = `{"probabilisticSampling":{"samplingRate":1}}`
	keepNone = `{"probabilisticSampling":{"samplingRate":0}}`
	keepShip = `{"operationSampling":{"defaultSamplingProbability":0,"perOperationStrategies":[
		{"operation":"ship","probabilisticSampling":{"samplingRate":1}}]}}`
)

// remoteSection is a configuration with the given settings of sampling.remote.
func remoteSection(server *samplingServer, extra map[string]any) map[string]any {
	remote := map[string]any{"endpoint": server.URL + "/sampling", "interval": "100ms", "initial_rate": 0}
	for key, value := range extra {
		remote[key] = value
	}
	return map[string]any{
		"service_name": "shop", "exporter_type": "keep",
		"sampling": map[string]any{"sampler": "parentbased_jaeger_remote", "remote": remote},
	}
}

func startRemote(t *testing.T, section map[string]any, log *bytes.Buffer) (*spanroute.Tracing, *keeper) {
	t.Helper()
	keep := new(keeper)
	logger := slog.New(slog.DiscardHandler)
	if log != nil {
		logger = slog.New(slog.NewTextHandler(&lockedWriter{to: log}, nil))
	}
	tracing, err := spanroute.Start(t.Context(), load(t, factories(t, keep, nil), section), spanroute.WithLogger(logger))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracing.Shutdown(context.Background()) })
	return tracing, keep
}

// lockedWriter allows several goroutines to write.
type lockedWriter struct {
	mu sync.Mutex
	to *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// await waits until the condition holds.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

// inEffect waits until the strategy of tracing has this description.
func inEffect(t *testing.T, tracing *spanroute.Tracing, want string) {
	t.Helper()
	await(t, want, func() bool { s := tracing.Stats().Sampling.Server; return s != nil && s.Strategy == want })
}

func TestRemoteSampling(t *testing.T) {
	server := newSamplingServer(t, strategy(keepShip))
	tracing, keep := startRemote(t, remoteSection(server, nil), nil)
	inEffect(t, tracing, "per operation (1), default 0")
	span(tracing, "pack")
	span(tracing, "ship")
	flush(t, tracing)
	kept := keep.only(t)
	if kept.Name() != "ship" {
		t.Errorf("kept %q, want ship", kept.Name())
	}
	want := []attribute.KeyValue{attribute.String("sampler.type", "probabilistic"), attribute.Float64("sampler.param", 1)}
	if got := kept.Attributes(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("attributes %v, want %v", got, want)
	}
	state := tracing.Stats().Sampling.Server
	if !state.Remote || state.Source != server.URL+"/sampling" || len(state.Operations) != 1 || state.LastError != "" {
		t.Errorf("state %+v", state)
	}

	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true})
	_, child := tracing.TracerProvider().Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), caller), "pack")
	child.End()
	flush(t, tracing)
	if got := keep.names(); len(got) != 2 {
		t.Errorf("kept %v, want the span of a sampled caller too", got)
	}
}

func TestRemoteSamplingIsAppliedAndRemoved(t *testing.T) {
	server := newSamplingServer(t, strategy(keepAll))
	known := factories(t, new(keeper), nil)
	plain := map[string]any{"service_name": "shop", "exporter_type": "keep", "sample_rate": 0.5}
	tracing, err := spanroute.Start(t.Context(), load(t, known, plain), spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer tracing.Shutdown(context.Background())
	apply := func(section map[string]any) {
		t.Helper()
		if err := tracing.Apply(load(t, known, section)); err != nil {
			t.Fatal(err)
		}
	}
	byRoute := func() bool { return tracing.Instrumentation().Policy().ReadsRoutes() }
	if tracing.Stats().Sampling.Server != nil || byRoute() {
		t.Error("a state of remote sampling without a remote sampler")
	}
	apply(remoteSection(server, nil))
	inEffect(t, tracing, "probabilistic 1")
	if !byRoute() {
		t.Error("the middleware does not look routes up for a sampler that reads them")
	}

	// Another server that fails: the strategy stays, with another interval and without a moment at the initial rate.
	down := newSamplingServer(t, http.NotFound)
	apply(remoteSection(down, map[string]any{"interval": "1h"}))
	await(t, "a request of the other server", func() bool { return tracing.Stats().Sampling.Server.Failures > 0 })
	if s := tracing.Stats().Sampling.Server; s.Strategy != "probabilistic 1" || !s.Remote || s.Source != down.URL+"/sampling" {
		t.Errorf("state %+v, want the last strategy", s)
	}

	// A change elsewhere keeps the client: it requests nothing.
	requests := down.requests.Load()
	other := remoteSection(down, map[string]any{"interval": "1h"})
	other["excluded_paths"] = "/healthz"
	apply(other)
	if got := down.requests.Load(); got != requests || tracing.Stats().Sampling.Server.Requests != 1 {
		t.Errorf("%d requests, want %d", got, requests)
	}

	apply(plain)
	if tracing.Stats().Sampling.Server != nil || byRoute() {
		t.Error("the state of the sampling server stays")
	}
	apply(remoteSection(server, map[string]any{"interval": "1h"}))
	inEffect(t, tracing, "probabilistic 1")
}

func TestRemoteSamplingIsNotAppliedIfInvalid(t *testing.T) {
	server := newSamplingServer(t, strategy(keepAll))
	known := factories(t, new(keeper), nil)
	tracing, _ := startRemote(t, remoteSection(server, nil), nil)
	inEffect(t, tracing, "probabilistic 1")
	for want, change := range map[string]func(*sampling.Remote){
		`sampling.remote.endpoint: "ftp://h" has the scheme "ftp"`:      func(r *sampling.Remote) { r.Endpoint = "ftp://h" },
		`sampling.remote.certificate_file: open /nowhere`:               func(r *sampling.Remote) { r.Endpoint, r.CertificateFile = "https://h", "/nowhere" },
		`sampling.remote: interval: 1ns is out of range, want 100ms`:    func(r *sampling.Remote) { r.Interval = 1 },
		`sampling.remote: initial rate: 2 is out of range, want 0 to 1`: func(r *sampling.Remote) { r.InitialRate = 2 },
	} {
		cfg := load(t, known, remoteSection(server, nil))
		change(&cfg.Sampling.Remote)
		if err := tracing.Apply(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Apply: %v, want %s", err, want)
		}
	}
	if s := tracing.Stats().Sampling.Server; s.Strategy != "probabilistic 1" || s.Source != server.URL+"/sampling" {
		t.Errorf("state %+v after rejected configurations", s)
	}
}

func TestRemoteSamplingEndsWithShutdown(t *testing.T) {
	hanging := make(chan struct{}, 10)
	release := make(chan struct{})
	server := newSamplingServer(t, func(_ http.ResponseWriter, r *http.Request) {
		hanging <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	t.Cleanup(func() { close(release) }) // before the server is closed
	tracing, _ := startRemote(t, remoteSection(server, map[string]any{"initial_rate": 0.25}), nil)
	<-hanging
	if s := tracing.Stats().Sampling.Server; s.Strategy != "probabilistic 0.25" || s.Remote {
		t.Errorf("state %+v, want the initial rate", s)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := tracing.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	requests := server.requests.Load()
	if err := tracing.Apply(load(t, factories(t, new(keeper), nil), remoteSection(server, nil))); err != nil {
		t.Errorf("Apply after Shutdown: %v", err)
	}
	if got := server.requests.Load(); got != requests {
		t.Errorf("%d requests after Shutdown", got-requests)
	}
}

func TestRemoteSamplingWithoutTracing(t *testing.T) {
	server := newSamplingServer(t, strategy(keepAll))
	section := remoteSection(server, nil)
	section["enabled"] = false
	tracing, _ := startRemote(t, section, nil)
	section = remoteSection(server, map[string]any{"interval": "200ms"})
	section["enabled"] = false
	if err := tracing.Apply(load(t, factories(t, new(keeper), nil), section)); err != nil {
		t.Fatal(err)
	}
	if tracing.Stats().Sampling.Server != nil || server.requests.Load() != 0 {
		t.Error("a service without tracing requests a strategy")
	}
}

// Whatever a server sends, the last valid strategy stays in effect, and the operator reads one line.
func TestRemoteSamplingServerThatLies(t *testing.T) {
	body := func(contentType string, chunk []byte, times int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for range times {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}
	}
	for name, lie := range map[string]http.HandlerFunc{
		"garbage":           body("application/json", []byte{0, 1, 0xff}, 1),
		"1 GB":              body("application/json", make([]byte, 1<<20), 1<<10),
		"web page":          body("text/html", []byte("<html>"), 1),
		"impossible rate":   strategy(`{"probabilisticSampling":{"samplingRate":17}}`),
		"one bad operation": strategy(strings.Replace(keepShip, `"samplingRate":1`, `"samplingRate":-1`, 1)),
		"nothing":           strategy(`{}`),
		"error":             http.NotFound,
		"closed connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newSamplingServer(t, strategy(keepShip))
			var log bytes.Buffer
			tracing, keep := startRemote(t, remoteSection(server, nil), &log)
			inEffect(t, tracing, "per operation (1), default 0")
			server.answer.Store(&lie)
			await(t, "three failures", func() bool { return tracing.Stats().Sampling.Server.Failures >= 3 })
			span(tracing, "pack")
			span(tracing, "ship")
			flush(t, tracing)
			if kept := keep.only(t); kept.Name() != "ship" {
				t.Errorf("kept %q, want ship", kept.Name())
			}
			state := tracing.Stats().Sampling.Server
			if state.Strategy != "per operation (1), default 0" || state.LastError == "" {
				t.Errorf("state %+v", state)
			}
			_ = tracing.Shutdown(context.Background())
			if n := strings.Count(log.String(), "remote sampling"); n != 1 {
				t.Errorf("%d lines about the server, want 1:\n%s", n, log.String())
			}
		})
	}
}

// The same over gRPC. The valid strategy is a probability of 1.
func TestRemoteSamplingGRPCServerThatLies(t *testing.T) {
	answer := func(status string, chunks ...[]byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/grpc")
			for _, chunk := range chunks {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
			if status != "" {
				w.Header().Set(http.TrailerPrefix+"Grpc-Status", status)
			}
		}
	}
	endless := slices.Repeat([][]byte{make([]byte, 1<<20)}, 1<<10)
	for name, lie := range map[string]http.HandlerFunc{
		"garbage":         answer("0", []byte{0, 0, 0, 0, 2, 0xff, 0xff}),
		"claims 4 GB":     answer("0", []byte{0, 0xff, 0xff, 0xff, 0xff}),
		"1 GB":            answer("0", append([][]byte{{0, 0, 0x10, 0, 0}}, endless...)...),
		"no status":       answer("", []byte{0, 0, 0, 0, 2, 0x12, 0}),
		"error":           answer("14", []byte{0, 0, 0, 0, 2, 0x12, 0}),
		"impossible rate": answer("0", []byte{0, 0, 0, 0, 11, 0x12, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0x40}),
		"HTTP":            http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var current atomic.Pointer[http.HandlerFunc]
			valid := http.HandlerFunc(answerGRPC)
			current.Store(&valid)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*current.Load())(w, r) }))
			server.Config.Protocols = new(http.Protocols)
			server.Config.Protocols.SetUnencryptedHTTP2(true)
			server.Start()
			t.Cleanup(server.Close)
			var lines bytes.Buffer
			section := remoteSection(&samplingServer{Server: server}, map[string]any{
				"endpoint": "grpc://" + server.Listener.Addr().String(), "headers": map[string]any{"X-Tenant": "a"},
			})
			tracing, keep := startRemote(t, section, &lines)
			inEffect(t, tracing, "probabilistic 1")
			current.Store(&lie)
			await(t, "three failures", func() bool { return tracing.Stats().Sampling.Server.Failures >= 3 })
			span(tracing, "work")
			flush(t, tracing)
			keep.only(t)
			_ = tracing.Shutdown(context.Background())
			if n := strings.Count(lines.String(), "remote sampling"); n != 1 || tracing.Stats().Sampling.Server.Strategy != "probabilistic 1" {
				t.Errorf("%d lines about the server, want 1; state %v\n%s", n, tracing.Stats().Sampling.Server, lines.String())
			}
		})
	}
}

// While the settings of the server change under load, the strategy stays in effect: no trace is decided by the initial rate,
// which is 0, and none is kept in part.
func TestRemoteSamplingChangesUnderLoad(t *testing.T) {
	server := newSamplingServer(t, strategy(keepAll))
	known := factories(t, new(keeper), nil)
	section := remoteSection(server, nil)
	tracing, _ := startRemote(t, section, nil)
	inEffect(t, tracing, "probabilistic 1")
	configs := []*config.Config{load(t, known, remoteSection(server, map[string]any{"interval": "150ms"})), load(t, known, section)}
	stop := make(chan struct{})
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			tracer := tracing.TracerProvider().Tracer("test")
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx, root := tracer.Start(context.Background(), "root")
				_, child := tracer.Start(ctx, "child")
				if !root.SpanContext().IsSampled() || !child.SpanContext().IsSampled() {
					t.Error("a trace is not kept")
				}
				child.End()
				root.End()
			}
		})
	}
	for i := range 100 {
		if err := tracing.Apply(configs[i%2]); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	running.Wait()
	flush(t, tracing)
	balanced(t, tracing)
}

// answerGRPC answers a call of Jaeger's service with a probability of 1.
func answerGRPC(w http.ResponseWriter, r *http.Request) {
	message := []byte{0x12, 9, 9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f} // probabilisticSampling: {samplingRate: 1}
	if r.ProtoMajor != 2 || r.URL.Path != "/jaeger.api_v2.SamplingManager/GetSamplingStrategy" || r.Header.Get("X-Tenant") != "a" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	_, _ = w.Write(append([]byte{0, 0, 0, 0, byte(len(message))}, message...))
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
}

func TestRemoteSamplingWithTLSAndHeaders(t *testing.T) {
	for scheme, answer := range map[string]http.HandlerFunc{"https": strategy(keepAll), "grpcs": answerGRPC} {
		t.Run(scheme, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Tenant") != "a" {
					http.Error(w, r.Header.Get("X-Tenant"), http.StatusUnauthorized)
					return
				}
				answer(w, r)
			}))
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			authority := filepath.Join(t.TempDir(), "ca.pem")
			certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			if err := os.WriteFile(authority, certificate, 0o600); err != nil {
				t.Fatal(err)
			}
			section := remoteSection(&samplingServer{Server: server}, map[string]any{
				"endpoint": scheme + "://" + server.Listener.Addr().String(), "certificate_file": authority, "headers": map[string]any{"X-Tenant": "a"},
			})
			tracing, _ := startRemote(t, section, nil)
			inEffect(t, tracing, "probabilistic 1")

			var lines bytes.Buffer
			remote := section["sampling"].(map[string]any)["remote"].(map[string]any)
			delete(remote, "certificate_file")
			untrusting, _ := startRemote(t, section, &lines)
			await(t, "a failed handshake", func() bool { return untrusting.Stats().Sampling.Server.Failures > 0 })
			if s := untrusting.Stats().Sampling.Server; s.Remote || !strings.Contains(s.LastError, "certificate") {
				t.Errorf("state %+v, want a fault of the certificate", s)
			}
		})
	}
}

func TestRemoteSamplingHidesSecrets(t *testing.T) {
	server := newSamplingServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.Header.Get("X-Tenant")) // repeats the secret
		w.WriteHeader(http.StatusOK)
	})
	var lines bytes.Buffer
	section := remoteSection(server, map[string]any{
		"endpoint": strings.Replace(server.URL, "://", "://user:hunter2@", 1), "headers": map[string]any{"X-Tenant": "hunter3/x"},
	})
	tracing, _ := startRemote(t, section, &lines)
	await(t, "two failures", func() bool { return tracing.Stats().Sampling.Server.Failures >= 2 })
	state := tracing.Stats().Sampling.Server
	_ = tracing.Shutdown(context.Background())
	for _, text := range []string{lines.String(), state.String(), fmt.Sprintf("%+v", state)} {
		if strings.Contains(text, "hunter") || !strings.Contains(text, "content type") {
			t.Errorf("%s\nwant the fault without the secrets", text)
		}
	}
}
