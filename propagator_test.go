package spanroute_test

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/registry/propagators/b3"
	"github.com/spanroute/spanroute/registry/propagators/jaeger"
	"github.com/spanroute/spanroute/registry/propagators/ottrace"
	"github.com/spanroute/spanroute/registry/propagators/xray"
)

// The ids of a caller. A trace id of 64 bits is the second half of the other.
const (
	wideTrace  = "80f198ee56343ba864fe8b2a57d3eff7"
	shortTrace = "64fe8b2a57d3eff7"
	callerSpan = "e457b5a2e4d86bd1"
)

// A relay is a traced service between a client of another tracer and a backend. Like a proxy, it forwards the headers that
// it receives. Its own client is traced, too.
type relay struct {
	tracing    *spanroute.Tracing
	keep       *keeper
	server     []mw.ServerOption
	grpcServer []grpcmw.ServerOption

	mu      sync.Mutex
	arrived []string // trace headers at the backend
	members string   // the baggage in the handler
}

// newRelay starts a service with all propagators registered. keys are added to its configuration.
func newRelay(t *testing.T, keys map[string]any) *relay {
	t.Helper()
	r := &relay{keep: new(keeper)}
	known := factories(t, r.keep, nil)
	for name, propagator := range map[string]func() propagation.TextMapPropagator{
		"b3": b3.New, "b3multi": b3.NewMulti, "jaeger": jaeger.New, "ottrace": ottrace.New, "xray": xray.New,
	} {
		if err := known.RegisterPropagator(name, propagator); err != nil {
			t.Fatal(err)
		}
	}
	section := map[string]any{"exporter_type": "keep", "sample_rate": 1}
	maps.Copy(section, keys)
	var err error
	if r.tracing, err = spanroute.Start(t.Context(), load(t, known, section), spanroute.WithLogger(slog.New(slog.DiscardHandler))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.tracing.Shutdown(context.Background()) })
	return r
}

// overHTTP sends a request with the headers as written, in lines "Name: value".
func (r *relay) overHTTP(t *testing.T, headers []string) {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) { r.record(got.Header) }))
	defer backend.Close()
	client := &http.Client{Transport: mw.NewTransport(backend.Client().Transport, mw.With(r.tracing))}
	front := httptest.NewServer(mw.New(append(r.server, mw.With(r.tracing))...)(http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) {
		r.serve(got.Context())
		out, _ := http.NewRequestWithContext(got.Context(), http.MethodGet, backend.URL, nil)
		out.Header = got.Header.Clone()
		res, err := client.Do(out)
		if err != nil {
			t.Error(err)
			return
		}
		_ = res.Body.Close()
	})))
	defer front.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL, nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header[name] = append(req.Header[name], value) // not canonical
	}
	res, err := front.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// overGRPC makes a call with the headers as metadata.
func (r *relay) overGRPC(t *testing.T, headers []string) {
	t.Helper()
	backend, _ := dial(t, nil, func(ctx context.Context) error {
		md, _ := metadata.FromIncomingContext(ctx)
		r.record(http.Header(md))
		return nil
	}, grpcmw.DialOptions(grpcmw.With(r.tracing))...)
	front, stop := dial(t, grpcmw.ServerOptions(append(r.grpcServer, grpcmw.With(r.tracing))...), func(ctx context.Context) error {
		r.serve(ctx)
		md, _ := metadata.FromIncomingContext(ctx)
		forwarded := md.Copy()
		maps.DeleteFunc(forwarded, func(key string, _ []string) bool {
			return key[0] == ':' || key == "content-type" || key == "user-agent"
		})
		_, err := backend.EmptyCall(metadata.NewOutgoingContext(ctx, forwarded), &testgrpc.Empty{})
		return err
	})
	ctx := t.Context()
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	if _, err := front.EmptyCall(ctx, &testgrpc.Empty{}); err != nil {
		t.Fatal(err)
	}
	stop() // the span of the server can end after the call
}

type grpcService struct {
	testgrpc.UnimplementedTestServiceServer
	handle func(context.Context) error
}

func (s grpcService) EmptyCall(ctx context.Context, _ *testgrpc.Empty) (*testgrpc.Empty, error) {
	return &testgrpc.Empty{}, s.handle(ctx)
}

// dial starts a gRPC server and returns a client of it, and a function that waits for its calls.
func dial(
	t *testing.T, server []grpc.ServerOption, handle func(context.Context) error, client ...grpc.DialOption,
) (c testgrpc.TestServiceClient, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(server...)
	testgrpc.RegisterTestServiceServer(s, grpcService{handle: handle})
	go s.Serve(listener)
	t.Cleanup(s.Stop)
	cc, err := grpc.NewClient(listener.Addr().String(), append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return testgrpc.NewTestServiceClient(cc), s.GracefulStop
}

// serve keeps the baggage that a handler sees.
func (r *relay) serve(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = baggage.FromContext(ctx).String()
}

var traceHeader = regexp.MustCompile(`^(traceparent|tracestate|baggage|b3|x-b3-.*|uber.*|x-amzn-trace-id|ot-.*)$`)

// record keeps the trace headers that arrive at the backend.
func (r *relay) record(h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived = []string{}
	for name, values := range h {
		for _, value := range values {
			if name = strings.ToLower(name); traceHeader.MatchString(name) {
				r.arrived = append(r.arrived, name+": "+value)
			}
		}
	}
	slices.Sort(r.arrived)
}

// spans returns the exported span of the server and of its client, nil for none.
func (r *relay) spans(t *testing.T) (server, client sdktrace.ReadOnlySpan) {
	t.Helper()
	flush(t, r.tracing)
	r.keep.mu.Lock()
	defer r.keep.mu.Unlock()
	for _, s := range r.keep.spans {
		switch s.SpanKind() {
		case trace.SpanKindServer:
			server = s
		case trace.SpanKindClient:
			client = s
		}
	}
	r.keep.spans = nil
	return server, client
}

var spanID = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// behind returns the headers at the backend, with the ids of the client span, or of an unsampled span, as {span}.
func (r *relay) behind(t *testing.T, client sdktrace.ReadOnlySpan) (lines []string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.arrived {
		line = spanID.ReplaceAllStringFunc(line, func(id string) string {
			switch {
			case id == shortTrace, id == callerSpan, id == strings.Repeat("0", 16):
				return id
			case client != nil && id != client.SpanContext().SpanID().String():
				t.Errorf("%s has an id that is not that of the client span", line)
			}
			return "{span}"
		})
		lines = append(lines, line)
	}
	return lines
}

// overBoth runs check once for HTTP and once for gRPC.
func (r *relay) overBoth(t *testing.T, headers []string, check func(t *testing.T, server, client sdktrace.ReadOnlySpan)) {
	for protocol, send := range map[string]func(*testing.T, []string){"HTTP": r.overHTTP, "gRPC": r.overGRPC} {
		t.Run(protocol, func(t *testing.T) {
			send(t, headers)
			server, client := r.spans(t)
			check(t, server, client)
		})
	}
}

// want checks that the service continues the caller's trace, and the headers at the backend. For an unsampled caller the
// service records no span.
func (r *relay) want(t *testing.T, server, client sdktrace.ReadOnlySpan, traceID string, headers []string) {
	t.Helper()
	switch {
	case traceID == "" && server != nil:
		t.Errorf("the server records a span below %v, want none", server.Parent())
	case traceID != "" && server == nil:
		t.Errorf("the server records no span")
	case traceID != "" && (server.Parent().TraceID().String() != traceID || server.Parent().SpanID().String() != callerSpan || !server.Parent().IsRemote()):
		t.Errorf("the parent is %s of trace %s, want %s of %s", server.Parent().SpanID(), server.Parent().TraceID(), callerSpan, traceID)
	}
	if diff := cmp.Diff(headers, r.behind(t, client)); diff != "" {
		t.Errorf("headers at the backend (-want +got):\n%s", diff)
	}
}

// The headers are those that Jaeger's clients, Brave and other clients of Zipkin, AWS X-Ray and OpenTracing's basic tracers
// send.
func TestTracesOfOtherClientsContinue(t *testing.T) {
	const padded = "0000000000000000" + shortTrace
	for _, tt := range []struct {
		name, propagators string
		sent              []string
		trace             string // of the server's span; "" for none
		behind            []string
	}{
		{"jaeger", "jaeger", []string{"uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:1"}, wideTrace,
			[]string{"uber-trace-id: " + wideTrace + ":{span}:0:1"}},
		{"jaeger, 64 bits, with a parent", "jaeger", []string{"Uber-Trace-Id: " + shortTrace + ":" + callerSpan + ":5b4185666d50f68b:1"}, padded,
			[]string{"uber-trace-id: " + padded + ":{span}:0:1"}},
		{"jaeger, unsampled", "jaeger", []string{"uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:0"}, "",
			[]string{"uber-trace-id: " + wideTrace + ":{span}:0:0"}},
		{"jaeger, debug", "jaeger", []string{"uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:3"}, wideTrace,
			[]string{"uber-trace-id: " + wideTrace + ":{span}:0:3"}},
		{"jaeger, percent-encoded", "jaeger", []string{"uber-trace-id: " + wideTrace + "%3A" + callerSpan + "%3A0%3A1"}, wideTrace,
			[]string{"uber-trace-id: " + wideTrace + ":{span}:0:1"}},
		{"jaeger with baggage", "jaeger", []string{"uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:1", "uberctx-tenant: t1", "uberctx-user: A+B%2C+C"}, wideTrace,
			[]string{"uber-trace-id: " + wideTrace + ":{span}:0:1", "uberctx-tenant: t1", "uberctx-user: A+B%2C+C"}},
		{"b3", "b3", []string{"b3: " + wideTrace + "-" + callerSpan + "-1-05e3ac9a4f6e3b90"}, wideTrace,
			[]string{"b3: " + wideTrace + "-{span}-1"}},
		{"b3, 64 bits", "b3", []string{"b3: " + shortTrace + "-" + callerSpan + "-1"}, padded,
			[]string{"b3: " + padded + "-{span}-1"}},
		{"b3, unsampled", "b3", []string{"b3: " + wideTrace + "-" + callerSpan + "-0"}, "",
			[]string{"b3: " + wideTrace + "-{span}-0"}},
		{"b3, debug", "b3", []string{"b3: " + wideTrace + "-" + callerSpan + "-d"}, wideTrace,
			[]string{"b3: " + wideTrace + "-{span}-d"}},
		{"b3 without a decision", "b3", []string{"b3: " + wideTrace + "-" + callerSpan}, "",
			[]string{"b3: " + wideTrace + "-{span}-0"}},
		{"b3 reads several headers", "b3", []string{"X-B3-TraceId: " + wideTrace, "X-B3-SpanId: " + callerSpan, "X-B3-ParentSpanId: 05e3ac9a4f6e3b90", "X-B3-Sampled: 1"}, wideTrace,
			[]string{"b3: " + wideTrace + "-{span}-1"}},
		{"b3multi", "b3multi", []string{"X-B3-TraceId: " + wideTrace, "X-B3-SpanId: " + callerSpan, "X-B3-ParentSpanId: 05e3ac9a4f6e3b90", "X-B3-Sampled: 1"}, wideTrace,
			[]string{"x-b3-sampled: 1", "x-b3-spanid: {span}", "x-b3-traceid: " + wideTrace}},
		{"b3multi, 64 bits, unsampled", "b3multi", []string{"X-B3-TraceId: " + shortTrace, "X-B3-SpanId: " + callerSpan, "X-B3-Sampled: 0"}, "",
			[]string{"x-b3-sampled: 0", "x-b3-spanid: {span}", "x-b3-traceid: " + padded}},
		{"b3multi, debug", "b3multi", []string{"X-B3-TraceId: " + wideTrace, "X-B3-SpanId: " + callerSpan, "X-B3-Flags: 1"}, wideTrace,
			[]string{"x-b3-flags: 1", "x-b3-spanid: {span}", "x-b3-traceid: " + wideTrace}},
		{"b3multi without a decision", "b3multi", []string{"X-B3-TraceId: " + wideTrace, "X-B3-SpanId: " + callerSpan}, "",
			[]string{"x-b3-sampled: 0", "x-b3-spanid: {span}", "x-b3-traceid: " + wideTrace}},
		{"xray", "xray", []string{"X-Amzn-Trace-Id: Root=1-80f198ee-56343ba864fe8b2a57d3eff7;Parent=" + callerSpan + ";Sampled=1"}, wideTrace,
			[]string{"x-amzn-trace-id: Root=1-80f198ee-56343ba864fe8b2a57d3eff7;Parent={span};Sampled=1"}},
		{"ottrace", "ottrace", []string{"ot-tracer-traceid: " + shortTrace, "ot-tracer-spanid: " + callerSpan, "ot-tracer-sampled: true", "ot-baggage-tenant: t1"}, padded,
			[]string{"ot-baggage-tenant: t1", "ot-tracer-sampled: true", "ot-tracer-spanid: {span}", "ot-tracer-traceid: " + shortTrace}},
		{"from Jaeger's headers to Zipkin's", "jaeger,b3multi,tracecontext", []string{"uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:1"}, wideTrace,
			[]string{"traceparent: 00-" + wideTrace + "-{span}-01", "uber-trace-id: " + wideTrace + ":{span}:0:1", "x-b3-sampled: 1", "x-b3-spanid: {span}", "x-b3-traceid: " + wideTrace}},
		{"traceparent and b3 of one caller", "tracecontext,b3", []string{"traceparent: 00-" + wideTrace + "-" + callerSpan + "-01", "tracestate: v=1", "b3: " + wideTrace + "-" + callerSpan + "-1"}, wideTrace,
			[]string{"b3: " + wideTrace + "-{span}-1", "traceparent: 00-" + wideTrace + "-{span}-01", "tracestate: v=1"}},
		{"the later overrides", "tracecontext,b3", []string{"traceparent: 00-463ac35c9f6413ad48485a3953bb6124-05e3ac9a4f6e3b90-01", "tracestate: v=1", "b3: " + wideTrace + "-" + callerSpan + "-1"}, wideTrace,
			[]string{"b3: " + wideTrace + "-{span}-1", "traceparent: 00-" + wideTrace + "-{span}-01"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRelay(t, map[string]any{"propagators": tt.propagators})
			r.overBoth(t, tt.sent, func(t *testing.T, server, client sdktrace.ReadOnlySpan) {
				r.want(t, server, client, tt.trace, tt.behind)
			})
		})
	}
}

// Headers that are not read begin a new trace, which the service samples as usual.
func TestHeadersWithoutAContextBeginATrace(t *testing.T) {
	r := newRelay(t, map[string]any{"propagators": "b3,jaeger,xray"})
	for _, sent := range [][]string{
		{"b3: 0"}, {"b3: d"}, {"X-B3-Sampled: 0"}, {"X-B3-Flags: 1"}, {"b3: " + wideTrace}, {"uber-trace-id: x"}, {"uber-trace-id: " + wideTrace + ":0:0:1"},
		{"X-Amzn-Trace-Id: Root=1-80f198ee-56343ba864fe8b2a57d3eff7"}, nil,
	} {
		r.overBoth(t, sent, func(t *testing.T, server, client sdktrace.ReadOnlySpan) {
			if server == nil || server.Parent().IsValid() {
				t.Fatalf("%q: the server's span is %v, want a root", sent, server)
			}
			id := server.SpanContext().TraceID().String()
			want := []string{"b3: " + id + "-{span}-1", "uber-trace-id: " + id + ":{span}:0:1", "x-amzn-trace-id: Root=1-" + id[:8] + "-" + id[8:] + ";Parent={span};Sampled=1"}
			if diff := cmp.Diff(want, r.behind(t, client)); diff != "" {
				t.Errorf("%q: headers at the backend (-want +got):\n%s", sent, diff)
			}
		})
	}
}

// What untrusted callers cannot do by traceparent and baggage they cannot do by other headers.
func TestUntrustedCallersWithOtherHeaders(t *testing.T) {
	debug := []string{"uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:3", "uberctx-tenant: t1", "b3: " + wideTrace + "-" + callerSpan + "-d"}
	unsampled := []string{"uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:0", "b3: " + wideTrace + "-" + callerSpan + "-0"}
	public := func(r *relay) {
		r.server = append(r.server, mw.WithPublicEndpoint())
		r.grpcServer = append(r.grpcServer, grpcmw.WithPublicEndpoint())
	}
	noBaggage := func(r *relay) {
		r.server = append(r.server, mw.WithoutRemoteBaggage())
		r.grpcServer = append(r.grpcServer, grpcmw.WithoutRemoteBaggage())
	}
	everything := map[string]any{"excluded_paths": "/*", "excluded_rpcs": "/*"}
	for _, tt := range []struct {
		name             string
		keys             map[string]any
		options          func(*relay)
		sent             []string
		recorded, linked bool
		members          string
		flags            string // of uber-trace-id and b3
	}{
		{"trusted", nil, nil, debug, true, false, "tenant=t1", "3d"},
		{"a public endpoint", nil, public, debug, true, true, "tenant=t1", "11"},
		{"a public endpoint, unsampled", nil, public, unsampled, true, true, "", "11"},
		{"a public endpoint that samples nothing", map[string]any{"sample_rate": 0}, public, debug, false, false, "tenant=t1", "00"},
		{"their decision is ignored", map[string]any{"sample_rate": 0, "sampling": map[string]any{"remote_parent": "ignore"}}, nil, debug, false, false, "tenant=t1", "00"},
		{"their decision is ignored, unsampled", map[string]any{"sampling": map[string]any{"remote_parent": "ignore"}}, nil, unsampled, true, false, "", "11"},
		{"their baggage is dropped", nil, noBaggage, debug, true, false, "", "3d"},
		{"excluded requests", everything, nil, debug, false, false, "tenant=t1", "00"},
		{"excluded requests, their baggage is dropped", everything, noBaggage, debug, false, false, "", "00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys := map[string]any{"propagators": "jaeger,b3"}
			maps.Copy(keys, tt.keys)
			r := newRelay(t, keys)
			if tt.options != nil {
				tt.options(r)
			}
			r.overBoth(t, tt.sent, func(t *testing.T, server, _ sdktrace.ReadOnlySpan) {
				if got := server != nil; got != tt.recorded {
					t.Errorf("recorded %t, want %t", got, tt.recorded)
				} else if got && (len(server.Links()) == 1) != tt.linked {
					t.Errorf("%d links, want one: %t", len(server.Links()), tt.linked)
				}
				if r.members != tt.members {
					t.Errorf("baggage %q in the handler, want %q", r.members, tt.members)
				}
				behind := strings.Join(r.arrived, "\n")
				if got := strings.Contains(behind, "uberctx-tenant: t1"); got != (tt.members != "") {
					t.Errorf("baggage at the backend: %t, want %t:\n%s", got, tt.members != "", behind)
				}
				flags := regexp.MustCompile(`(?m)^b3: \w+-\w+-(.)$(?s:.*)uber-trace-id: \w+:\w+:0:(.)$`).FindStringSubmatch(behind)
				if flags == nil || flags[2]+flags[1] != tt.flags {
					t.Errorf("flags %q at the backend, want %s:\n%s", flags, tt.flags, behind)
				}
				if public := strings.Contains(tt.name, "public"); strings.Contains(behind, wideTrace) == public {
					t.Errorf("the caller's trace goes on: %t, want %t:\n%s", !public, public, behind)
				}
			})
		})
	}
}

// Without an SDK the caller's context is passed on, with what the caller has left open.
func TestOtherHeadersWithoutAnSDK(t *testing.T) {
	for _, tt := range []struct{ propagators, sent string }{
		{"b3", "b3: " + wideTrace + "-" + callerSpan + "-1"},
		{"b3", "b3: " + wideTrace + "-" + callerSpan + "-d"},
		{"b3", "b3: " + wideTrace + "-" + callerSpan},
		{"b3", "b3: 0"},
		{"jaeger", "uber-trace-id: " + wideTrace + ":" + callerSpan + ":0:3"},
		{"jaeger", "uber-trace-id: not a context"},
		{"xray", "x-amzn-trace-id: Root=1-80f198ee-56343ba864fe8b2a57d3eff7;Parent=" + callerSpan + ";Sampled=1"},
		{"none", "b3: " + wideTrace + "-" + callerSpan + "-1"},
	} {
		r := newRelay(t, map[string]any{"propagators": tt.propagators, "enabled": false})
		r.overBoth(t, []string{tt.sent}, func(t *testing.T, _, client sdktrace.ReadOnlySpan) {
			if diff := cmp.Diff([]string{tt.sent}, r.behind(t, client)); diff != "" {
				t.Errorf("headers at the backend (-want +got):\n%s", diff)
			}
		})
	}
}

// A caller's baggage must not make a request fail. Members that a header cannot hold are left out.
func TestBaggageThatHeadersCannotHold(t *testing.T) {
	r := newRelay(t, map[string]any{"propagators": "tracecontext,baggage,jaeger,ottrace"})
	r.overBoth(t, []string{"baggage: a!b=1,line=a%0D%0Ab,name=%C3%A9,ok=1"}, func(t *testing.T, _, _ sdktrace.ReadOnlySpan) {
		var got []string
		for _, line := range r.arrived {
			if strings.HasPrefix(line, "uberctx-") || strings.HasPrefix(line, "ot-baggage-") {
				got = append(got, line)
			}
		}
		want := []string{"ot-baggage-ok: 1", "uberctx-line: a%0D%0Ab", "uberctx-name: %C3%A9", "uberctx-ok: 1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("headers at the backend (-want +got):\n%s", diff)
		}
	})
}

// A program without a file selects propagators in code. Start finds them in the registry of the configuration.
func TestStartReportsEveryUnknownPropagator(t *testing.T) {
	cfg := config.Default()
	cfg.Propagators = []string{"pigeon", "tracecontext", "smoke"}
	_, err := spanroute.Start(t.Context(), cfg)
	for _, want := range []string{`propagators: unknown propagator "pigeon"`, `propagators: unknown propagator "smoke"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start = %v, want %s", err, want)
		}
	}
}
