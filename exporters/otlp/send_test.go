package otlp_test

import (
	"context"
	"encoding/json"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// protocols opens the exporter towards a well receiver of each protocol.
func protocols(t *testing.T, test func(t *testing.T, x delivery.Destination, count func() int)) {
	for _, protocol := range []string{"grpc", "http", "http/json"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			if protocol == "grpc" {
				rc := receiveGRPC(t, nil)
				test(t, open(t, map[string]any{"endpoint": "http://" + rc.target}), rc.count)
				return
			}
			rc := receiveHTTP(t, ok)
			test(t, open(t, map[string]any{"protocol": protocol, "endpoint": rc.URL + "/v1/traces"}), rc.count)
		})
	}
}

func TestDelivers(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, x delivery.Destination, count func() int) {
		if s := flush(t, x, spansS(3)...); s.Delivered != 3 || count() != 1 {
			t.Errorf("stats %+v after %d requests, want 3 delivered in 1", s, count())
		}
	})
}

func TestOddSpansDoNotHarmTheirNeighbours(t *testing.T) {
	t.Parallel()
	odd := spanS(func(s *tracetest.SpanStub) {
		s.Name, s.Resource = "\xff", nil
		s.Attributes = []attribute.KeyValue{attribute.Float64("nan", math.NaN()), attribute.Float64("inf", math.Inf(-1)), attribute.String("\xfe", "\xff")}
	})
	protocols(t, func(t *testing.T, x delivery.Destination, _ func() int) {
		if s := flush(t, x, append(spansS(2), odd)...); s.Delivered != 3 || s.Repaired[delivery.RepairUTF8] != 1 {
			t.Errorf("stats %+v, want 3 delivered and 1 repaired", s)
		}
	})
}

func TestRequestOverHTTP(t *testing.T) { // O7, O8, O9
	t.Parallel()
	rc := receiveHTTP(t, ok)
	tests := []struct {
		protocol, compression, contentType, encoding string
	}{
		{"http", "none", "application/x-protobuf", ""},
		{"http/protobuf", "gzip", "application/x-protobuf", "gzip"},
		{"HTTP", "NONE", "application/x-protobuf", ""},
		{"http/json", "none", "application/json", ""},
		{"http/json", "gzip", "application/json", "gzip"},
	}
	for _, tt := range tests {
		flush(t, open(t, map[string]any{
			"protocol": tt.protocol, "compression": tt.compression, "endpoint": rc.URL + "/v1/traces?tenant=7&key=x",
			"http": map[string]any{"headers": settings.Pairs{{Name: "Keep-Alive", Value: "timeout=5"}, {Name: "X-Tenant", Value: "t1"}, {Name: "content-type", Value: "text/plain"}}},
		}), spanS())
		r, body := rc.last()
		for name, want := range map[string]string{
			"Content-Type": tt.contentType, "Content-Encoding": tt.encoding, "User-Agent": "spanroute/0.1.0", "Keep-Alive": "timeout=5", "X-Tenant": "t1",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s, %s: %s = %q, want %q", tt.protocol, tt.compression, name, got, want)
			}
		}
		if r.RequestURI != "/v1/traces?tenant=7&key=x" {
			t.Errorf("request to %s, want the query kept", r.RequestURI)
		}
		if tt.encoding == "" && r.ContentLength != int64(len(body)) {
			t.Errorf("Content-Length = %d, want %d", r.ContentLength, len(body))
		}
		checkBody(t, tt.contentType, body)
	}
}

func checkBody(t *testing.T, contentType string, body []byte) {
	t.Helper()
	if contentType == "application/x-protobuf" {
		req := new(coltracepb.ExportTraceServiceRequest)
		if err := proto.Unmarshal(body, req); err != nil || serviceName(req.ResourceSpans[0]) != "MySvc" {
			t.Errorf("body does not decode: %v", err)
		}
		return
	}
	var req struct {
		ResourceSpans []struct {
			ScopeSpans []struct {
				Spans []struct {
					TraceID string `json:"traceId"`
					Kind    int    `json:"kind"`
				} `json:"spans"`
			} `json:"scopeSpans"`
		} `json:"resourceSpans"`
	}
	if err := json.Unmarshal(body, &req); err != nil {
		t.Fatal(err)
	}
	if s := req.ResourceSpans[0].ScopeSpans[0].Spans[0]; !strings.EqualFold(s.TraceID, "ff0102030405060708090a0b0c0d0e0f") || s.Kind != 1 {
		t.Errorf("span = %+v, want hex ids and kinds as numbers", s)
	}
}

func TestEndpointOverHTTPIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	rc := receiveHTTP(t, ok)
	for endpoint, want := range map[string]string{
		rc.URL: "/", rc.URL + "/": "/", rc.URL + "/v1/traces": "/v1/traces", rc.URL + "/a/b": "/a/b", strings.TrimPrefix(rc.URL, "http://") + "/x": "/x",
		strings.Replace(rc.URL, "http://", "http://u:p@", 1) + "/auth": "/auth",
	} {
		flush(t, open(t, map[string]any{"protocol": "http", "endpoint": endpoint}), spanS())
		r, _ := rc.last()
		if r.RequestURI != want {
			t.Errorf("endpoint %s posts to %s, want %s", endpoint, r.RequestURI, want)
		}
		if _, _, basic := r.BasicAuth(); basic != strings.HasSuffix(endpoint, "/auth") {
			t.Errorf("endpoint %s: basic authentication = %t", endpoint, basic)
		}
	}
}

func TestCallOverGRPC(t *testing.T) { // O2, O7, H8
	t.Parallel()
	rc := receiveGRPC(t, nil)
	_, port, _ := net.SplitHostPort(rc.target)
	tests := []struct {
		section map[string]any
		packed  bool
	}{
		{map[string]any{"endpoint": "http://" + rc.target}, false},
		{map[string]any{"endpoint": "http://" + rc.target + "/ignored", "compression": "gzip"}, true},
		{map[string]any{"endpoint": "localhost:" + port, "grpc": map[string]any{"insecure": true}}, false},
		{map[string]any{"url": rc.target, "grpc": map[string]any{"insecure": true, "headers": settings.Pairs{{Name: "grpc-encoding", Value: "gzip"}, {Name: "X-Tenant", Value: "t1"}}}}, true},
		{map[string]any{"endpoint": "http://" + rc.target, "grpc": map[string]any{"insecure": false}}, false}, // the scheme beats insecure
	}
	for _, tt := range tests {
		if s := flush(t, open(t, tt.section), spanS()); s.Delivered != 1 {
			t.Errorf("%v: stats %+v, want 1 delivered", tt.section, s)
		}
		md := rc.calls[rc.count()-1]
		if got := md.Get("user-agent"); len(got) != 1 || !strings.HasPrefix(got[0], "spanroute/0.1.0") {
			t.Errorf("user-agent = %v", got)
		}
		if rc.packed != tt.packed {
			t.Errorf("%v: compressed = %t, want %t", tt.section, rc.packed, tt.packed)
		}
		if grpc, ok := tt.section["grpc"].(map[string]any); ok && grpc["headers"] != nil && strings.Join(md.Get("x-tenant"), "") != "t1" {
			t.Errorf("x-tenant = %v, want t1", md.Get("x-tenant"))
		}
	}
}

func TestPartialSuccess(t *testing.T) { // D6
	t.Parallel()
	answers := map[string]*coltracepb.ExportTraceServiceResponse{
		"3 of 10 refused":    {PartialSuccess: &coltracepb.ExportTracePartialSuccess{RejectedSpans: 3, ErrorMessage: "too old\n" + strings.Repeat("x", 300)}},
		"0 with a message":   {PartialSuccess: &coltracepb.ExportTracePartialSuccess{ErrorMessage: "slow down"}},
		"empty":              {},
		"more than was sent": {PartialSuccess: &coltracepb.ExportTracePartialSuccess{RejectedSpans: 99}},
		"less than nothing":  {PartialSuccess: &coltracepb.ExportTracePartialSuccess{RejectedSpans: -4}},
	}
	refused := map[string]uint64{"3 of 10 refused": 3, "more than was sent": 10}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, _ := proto.Marshal(answer)
			text, _ := protojson.Marshal(answer)
			viaGRPC := receiveGRPC(t, func(int, context.Context) (*coltracepb.ExportTraceServiceResponse, error) { return answer, nil })
			viaHTTP := receiveHTTP(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/x-protobuf")
				w.Write(raw)
			})
			viaJSON := receiveHTTP(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				w.Write(text)
			})
			for _, section := range []map[string]any{
				{"endpoint": "http://" + viaGRPC.target},
				{"endpoint": viaHTTP.URL, "protocol": "http"},
				{"endpoint": viaJSON.URL, "protocol": "http/json"},
			} {
				var log strings.Builder
				x := open(t, section, logTo(&log))
				s := flush(t, x, spansS(10)...)
				if s.Dropped[delivery.DropPartial] != refused[name] || s.Delivered != 10-refused[name] || s.Retries != 0 {
					t.Errorf("%v: stats %+v, want %d refused", section, s, refused[name])
				}
				x.Shutdown(context.Background())
				if message := answer.PartialSuccess.GetErrorMessage(); message != "" && strings.Count(log.String(), message[:7]) != 1 {
					t.Errorf("%v: the message is not logged once: %s", section, log.String())
				}
			}
		})
	}
}

func TestRejectedAndRetriedOverHTTP(t *testing.T) { // D3, D9; delivery.md section 5
	t.Parallel()
	tests := map[string]struct {
		status   int
		after    string
		retried  bool
		min, max time.Duration
	}{
		"408 is an answer": {408, "", false, 0, 0}, "500 is an answer": {500, "", false, 0, 0}, "400": {400, "", false, 0, 0},
		"429 with seconds": {429, "2", true, 2 * time.Second, 3 * time.Second},
		"502":              {502, "", true, 0, 1500 * time.Millisecond},
		"503":              {503, "soon", true, 0, 1500 * time.Millisecond},
		"504":              {504, "-1", true, 0, 1500 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rc := receiveHTTP(t, func(n int, w http.ResponseWriter, _ *http.Request) {
				if n == 1 {
					w.Header().Set("Retry-After", tt.after)
					w.WriteHeader(tt.status)
				}
			})
			s := flush(t, open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}), spansS(3)...)
			if !tt.retried {
				if s.Dropped[delivery.DropRejected] != 3 || rc.count() != 1 {
					t.Errorf("stats %+v after %d requests, want 3 rejected after 1", s, rc.count())
				}
				return
			}
			if s.Delivered != 3 || rc.count() != 2 {
				t.Fatalf("stats %+v after %d requests, want 3 delivered after 2", s, rc.count())
			}
			if wait := rc.at[1].Sub(rc.at[0]); wait < tt.min-5*time.Millisecond || wait > tt.max {
				t.Errorf("second attempt after %v, want %v to %v", wait, tt.min, tt.max)
			}
		})
	}
}

func TestRejectedAndRetriedOverGRPC(t *testing.T) { // D3, D5
	t.Parallel()
	withInfo := func(c codes.Code, d time.Duration) error {
		s, err := status.New(c, "busy").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(d)})
		if err != nil {
			t.Fatal(err)
		}
		return s.Err()
	}
	tests := map[string]struct {
		err      error
		retried  bool
		min, max time.Duration
	}{
		"invalid argument":              {status.Error(codes.InvalidArgument, "x"), false, 0, 0},
		"exhausted without RetryInfo":   {status.Error(codes.ResourceExhausted, "busy"), false, 0, 0},
		"exhausted with RetryInfo":      {withInfo(codes.ResourceExhausted, 2*time.Second), true, 2 * time.Second, 3 * time.Second},
		"unavailable":                   {status.Error(codes.Unavailable, "x"), true, 0, 1500 * time.Millisecond},
		"data loss, negative RetryInfo": {withInfo(codes.DataLoss, -time.Second), true, 0, 1500 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rc := receiveGRPC(t, func(n int, _ context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
				if n == 1 {
					return nil, tt.err
				}
				return &coltracepb.ExportTraceServiceResponse{}, nil
			})
			s := flush(t, open(t, map[string]any{"endpoint": "http://" + rc.target}), spansS(3)...)
			if !tt.retried {
				if s.Dropped[delivery.DropRejected] != 3 || rc.count() != 1 {
					t.Errorf("stats %+v after %d calls, want 3 rejected after 1", s, rc.count())
				}
				return
			}
			if s.Delivered != 3 || rc.count() != 2 {
				t.Fatalf("stats %+v after %d calls, want 3 delivered after 2", s, rc.count())
			}
			if wait := rc.at[1].Sub(rc.at[0]); wait < tt.min-5*time.Millisecond || wait > tt.max {
				t.Errorf("second attempt after %v, want %v to %v", wait, tt.min, tt.max)
			}
		})
	}
}

func TestNoAnswerIsRetried(t *testing.T) { // D4, D8
	t.Parallel()
	hijack := func(w http.ResponseWriter) net.Conn { c, _, _ := w.(http.Hijacker).Hijack(); return c }
	tests := map[string]func(http.ResponseWriter, *http.Request){
		"EOF":   func(w http.ResponseWriter, _ *http.Request) { hijack(w).Close() },
		"reset": func(w http.ResponseWriter, _ *http.Request) { c := hijack(w); c.(*net.TCPConn).SetLinger(0); c.Close() },
		"hang":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	}
	soon := func(c *registry.BuildContext) { c.Delivery.Timeout = 300 * time.Millisecond }
	for name, fail := range tests {
		t.Run("http "+name, func(t *testing.T) {
			t.Parallel()
			rc := receiveHTTP(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n == 1 {
					fail(w, r)
				}
			})
			if s := flush(t, open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}, soon), spansS(3)...); s.Delivered != 3 || rc.count() != 2 {
				t.Errorf("stats %+v after %d requests, want 3 delivered after 2", s, rc.count())
			}
		})
	}
	t.Run("grpc hang", func(t *testing.T) {
		t.Parallel()
		rc := receiveGRPC(t, func(n int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
			if n == 1 {
				<-ctx.Done()
			}
			return &coltracepb.ExportTraceServiceResponse{}, nil
		})
		if s := flush(t, open(t, map[string]any{"endpoint": "http://" + rc.target}, soon), spansS(3)...); s.Delivered != 3 || rc.count() != 2 {
			t.Errorf("stats %+v after %d calls, want 3 delivered after 2", s, rc.count())
		}
	})
}

// keeper remembers the connection it accepted last.
type keeper struct {
	net.Listener
	mu   sync.Mutex
	last net.Conn
}

func (k *keeper) Accept() (net.Conn, error) {
	c, err := k.Listener.Accept()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = c
	return c, err
}

func TestConnectionLostDuringACall(t *testing.T) { // D8
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{Listener: l}
	rc := serveGRPC(t, k, func(n int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
		if n == 1 {
			k.mu.Lock()
			k.last.Close()
			k.mu.Unlock()
			<-ctx.Done()
		}
		return &coltracepb.ExportTraceServiceResponse{}, nil
	})
	if s := flush(t, open(t, map[string]any{"endpoint": "http://" + rc.target}), spansS(3)...); s.Delivered != 3 || rc.count() != 2 {
		t.Errorf("stats %+v after %d calls, want 3 delivered after 2", s, rc.count())
	}
}

func TestServerThatStartsLate(t *testing.T) { // D7
	t.Parallel()
	for _, protocol := range []string{"grpc", "http"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := l.Addr().String()
			l.Close()
			x := open(t, map[string]any{"protocol": protocol, "endpoint": "http://" + addr}, func(c *registry.BuildContext) { c.Delivery.Retry.Max = time.Second })
			late := time.AfterFunc(3*time.Second, func() {
				l, err := net.Listen("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				if protocol == "grpc" {
					serveGRPC(t, l, nil)
					return
				}
				srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
				t.Cleanup(func() { srv.Close() })
				go srv.Serve(l)
			})
			defer late.Stop()
			if s := flush(t, x, spansS(3)...); s.Delivered != 3 || !strings.Contains(s.LastError, "connection refused") {
				t.Errorf("stats %+v, want 3 delivered after connection refused", s)
			}
		})
	}
}

func TestTooLargeIsSplit(t *testing.T) { // D5, O5
	t.Parallel()
	big := func(n, size int) []sdktrace.ReadOnlySpan {
		var out []sdktrace.ReadOnlySpan
		for range n {
			out = append(out, spanS(func(s *tracetest.SpanStub) {
				s.Attributes = []attribute.KeyValue{attribute.String("fill", strings.Repeat("x", size))}
			}))
		}
		return out
	}
	t.Run("512 spans of 10 kB stay below grpc's 4 MiB", func(t *testing.T) {
		t.Parallel()
		rc := receiveGRPC(t, nil, grpc.MaxRecvMsgSize(64<<20)) // so that nothing is refused and split for that
		if s := flush(t, open(t, map[string]any{"endpoint": "http://" + rc.target}), big(512, 10_000)...); s.Delivered != 512 || rc.total() != 512 || rc.count() < 2 || s.Retries != 0 {
			t.Errorf("stats %+v, %d spans in %d calls, want 512 in two or more without retry", s, rc.total(), rc.count())
		}
	})
	t.Run("30 MB over http", func(t *testing.T) {
		t.Parallel()
		rc := receiveHTTP(t, ok)
		s := flush(t, open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}, func(c *registry.BuildContext) { c.Delivery.QueueBytes = 64 << 20 }), big(300, 100_000)...)
		if s.Delivered != 300 || rc.count() < 2 {
			t.Errorf("stats %+v in %d requests, want 300 delivered in two or more", s, rc.count())
		}
		for _, body := range rc.bodies {
			if len(body) > 16<<20 {
				t.Errorf("a body of %d bytes, want at most 16 MiB", len(body))
			}
		}
	})
	t.Run("10 MB over http/json", func(t *testing.T) {
		t.Parallel()
		rc := receiveHTTP(t, ok)
		s := flush(t, open(t, map[string]any{"protocol": "http/json", "endpoint": rc.URL}), big(100, 100_000)...)
		if s.Delivered != 100 || rc.count() < 3 {
			t.Errorf("stats %+v in %d requests, want 100 delivered in three or more", s, rc.count())
		}
	})
	t.Run("a receiver that takes less", func(t *testing.T) {
		t.Parallel()
		rc := receiveHTTP(t, nil)
		rc.Config.Handler = rc.handler(func(n int, w http.ResponseWriter, r *http.Request) {
			if _, body := rc.last(); len(body) > 300_000 {
				http.Error(w, "request body too large", 400)
			}
		})
		s := flush(t, open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}), append(big(9, 100_000), big(1, 400_000)...)...)
		if s.Delivered != 9 || s.Dropped[delivery.DropTooLarge] != 1 {
			t.Errorf("stats %+v, want 9 delivered and 1 too large", s)
		}
	})
	t.Run("grpc larger than max", func(t *testing.T) {
		t.Parallel()
		rc := receiveGRPC(t, nil)
		rc.answer = func(int, context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
			rc.mu.Lock()
			defer rc.mu.Unlock()
			if rc.spans[len(rc.spans)-1] > 2 {
				return nil, status.Error(codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)")
			}
			return &coltracepb.ExportTraceServiceResponse{}, nil
		}
		if s := flush(t, open(t, map[string]any{"endpoint": "http://" + rc.target}), spansS(9)...); s.Delivered != 9 {
			t.Errorf("stats %+v, want 9 delivered", s)
		}
	})
}

// TestShutdownLeavesNothing: D13 with receivers that hang; TestMain looks for goroutines.
func TestShutdownLeavesNothing(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 9)
	viaHTTP := receiveHTTP(t, func(_ int, _ http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; <-r.Context().Done() })
	viaGRPC := receiveGRPC(t, func(_ int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
		arrived <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for _, section := range []map[string]any{{"endpoint": "http://" + viaGRPC.target}, {"protocol": "http", "endpoint": viaHTTP.URL}} {
		x := open(t, section)
		x.ExportSpans(context.Background(), spansS(3))
		<-arrived
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		start := time.Now()
		if err := x.Shutdown(ctx); err == nil {
			t.Errorf("%v: Shutdown = nil, want the context's error", section)
		}
		cancel()
		if took := time.Since(start); took > time.Second {
			t.Errorf("%v: Shutdown took %v", section, took)
		}
		if err := x.Shutdown(context.Background()); err != nil {
			t.Errorf("%v: second Shutdown = %v, want nil", section, err)
		}
		if err := x.ExportSpans(context.Background(), spansS(1)); err != delivery.ErrShutdown {
			t.Errorf("%v: export after Shutdown = %v, want ErrShutdown", section, err)
		}
		if s := account(t, x); s.Dropped[delivery.DropShutdown] != 4 {
			t.Errorf("%v: stats %+v, want 4 dropped by shutdown", section, s)
		}
	}
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	for _, section := range []map[string]any{{"endpoint": "http://no-such.invalid:4317"}, {"protocol": "http", "endpoint": "http://no-such.invalid"}} {
		start := time.Now()
		x := open(t, section)
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("%v: building took %v", section, took)
		}
		x.ExportSpans(context.Background(), spansS(1))
		if s := failing(t, x); s.Queued != 1 || !strings.Contains(s.Hint, "otlp.endpoint (app.yaml:3:5)") {
			t.Errorf("%v: stats %+v, want 1 queued and a hint that names the key's place", section, s)
		}
	}
}
