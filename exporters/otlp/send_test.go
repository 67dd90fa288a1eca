package otlp_test

import (
	"context"
	"encoding/json"
	"io"
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
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
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
				test(t, exporter.Open(t, map[string]any{"endpoint": "http://" + rc.target}), rc.count)
				return
			}
			rc := exportertest.Receive(t, exportertest.OK)
			test(t, exporter.Open(t, map[string]any{"protocol": protocol, "endpoint": rc.URL + "/v1/traces"}), rc.Count)
		})
	}
}

func TestDelivers(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, x delivery.Destination, count func() int) {
		if s := exportertest.Flush(t, x, exportertest.Spans(3)...); s.Delivered != 3 || count() != 1 {
			t.Errorf("stats %+v after %d requests, want 3 delivered in 1", s, count())
		}
	})
}

func TestOddSpansDoNotHarmTheirNeighbours(t *testing.T) {
	t.Parallel()
	odd := exportertest.Span(func(s *tracetest.SpanStub) {
		s.Name, s.Resource = "\xff", nil
		s.Attributes = []attribute.KeyValue{attribute.Float64("nan", math.NaN()), attribute.Float64("inf", math.Inf(-1)), attribute.String("\xfe", "\xff")}
	})
	protocols(t, func(t *testing.T, x delivery.Destination, _ func() int) {
		if s := exportertest.Flush(t, x, append(exportertest.Spans(2), odd)...); s.Delivered != 3 || s.Repaired[delivery.RepairUTF8] != 1 {
			t.Errorf("stats %+v, want 3 delivered and 1 repaired", s)
		}
	})
}

func TestRequestOverHTTP(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, exportertest.OK)
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
		exportertest.Flush(t, exporter.Open(t, map[string]any{
			"protocol": tt.protocol, "compression": tt.compression, "endpoint": rc.URL + "/v1/traces?tenant=7&key=x",
			"http": map[string]any{"headers": settings.Pairs{{Name: "Keep-Alive", Value: "timeout=5"}, {Name: "X-Tenant", Value: "t1"}, {Name: "content-type", Value: "text/plain"}}},
		}), exportertest.Span())
		r := rc.Last()
		body := r.Content
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

func TestEndpointOverHTTPIsUsedUnchanged(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, exportertest.OK)
	for endpoint, want := range map[string]string{
		rc.URL: "/", rc.URL + "/": "/", rc.URL + "/v1/traces": "/v1/traces", rc.URL + "/a/b": "/a/b", strings.TrimPrefix(rc.URL, "http://") + "/x": "/x",
		strings.Replace(rc.URL, "http://", "http://u:p@", 1) + "/auth": "/auth",
	} {
		exportertest.Flush(t, exporter.Open(t, map[string]any{"protocol": "http", "endpoint": endpoint}), exportertest.Span())
		r := rc.Last()
		if r.RequestURI != want {
			t.Errorf("endpoint %s posts to %s, want %s", endpoint, r.RequestURI, want)
		}
		if _, _, basic := r.BasicAuth(); basic != strings.HasSuffix(endpoint, "/auth") {
			t.Errorf("endpoint %s: basic authentication = %t", endpoint, basic)
		}
	}
}

func TestCallOverGRPC(t *testing.T) {
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
		{map[string]any{"endpoint": "http://" + rc.target, "grpc": map[string]any{"insecure": false}}, false}, // the scheme takes precedence over insecure
	}
	for _, tt := range tests {
		if s := exportertest.Flush(t, exporter.Open(t, tt.section), exportertest.Span()); s.Delivered != 1 {
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

func TestPartialSuccess(t *testing.T) {
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
			viaHTTP := exportertest.Receive(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/x-protobuf")
				w.Write(raw)
			})
			viaJSON := exportertest.Receive(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				w.Write(text)
			})
			for _, section := range []map[string]any{
				{"endpoint": "http://" + viaGRPC.target},
				{"endpoint": viaHTTP.URL, "protocol": "http"},
				{"endpoint": viaJSON.URL, "protocol": "http/json"},
			} {
				var log strings.Builder
				x := exporter.Open(t, section, exportertest.LogTo(&log))
				s := exportertest.Flush(t, x, exportertest.Spans(10)...)
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

func TestRejectedAndRetriedOverHTTP(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status   int
		after    string
		verdict  delivery.Verdict
		min, max time.Duration
	}{
		"408 is an answer": {408, "", delivery.Rejected, 0, 0}, "500 is an answer": {500, "", delivery.Rejected, 0, 0}, "400": {400, "", delivery.Rejected, 0, 0},
		"429 with seconds": {429, "2", delivery.Retry, 2 * time.Second, 2 * time.Second},
		"502":              {502, "", delivery.Retry, 0, 0},
		"503":              {503, "soon", delivery.Retry, 0, 0},
		"504":              {504, "-1", delivery.Retry, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := exportertest.Fail(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", tt.after)
				w.WriteHeader(tt.status)
			})
			checkWait(t, attempt(t, "http", exportertest.Receive(t, answer).URL), tt.verdict, tt.min, tt.max)
			if tt.max > 0 { // package delivery tests that it waits this long
				return
			}
			rc := exportertest.Receive(t, answer)
			checkRetried(t, exporter.Open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}), tt.verdict, rc.Count)
		})
	}
}

// attempt makes one attempt without queue and retry.
func attempt(t *testing.T, protocol, endpoint string) delivery.Outcome {
	sender := otlp.NewSender(t, protocol, endpoint)
	defer sender.Close(context.Background())
	return sender.Send(context.Background(), otlp.NewEncoder(1<<20, 0).Encode(exportertest.Spans(3), &delivery.Report{})[0])
}

func checkWait(t *testing.T, o delivery.Outcome, verdict delivery.Verdict, least, most time.Duration) {
	t.Helper()
	if o.Verdict != verdict || o.RetryAfter < least || o.RetryAfter > most {
		t.Errorf("verdict %v, next attempt after %v, want %v after %v to %v", o.Verdict, o.RetryAfter, verdict, least, most)
	}
}

// checkRetried exports three spans to a receiver that fails once, and checks what becomes of them.
func checkRetried(t *testing.T, x delivery.Destination, verdict delivery.Verdict, count func() int) {
	t.Helper()
	s := exportertest.Flush(t, x, exportertest.Spans(3)...)
	switch {
	case verdict == delivery.Rejected && (s.Dropped[delivery.DropRejected] != 3 || count() != 1):
		t.Errorf("stats %+v after %d attempts, want 3 rejected after 1", s, count())
	case verdict == delivery.Retry && (s.Delivered != 3 || s.Retries != 1 || count() != 2):
		t.Errorf("stats %+v after %d attempts, want 3 delivered after 2", s, count())
	}
}

func TestRejectedAndRetriedOverGRPC(t *testing.T) {
	t.Parallel()
	withInfo := func(c codes.Code, d time.Duration) error {
		s, err := status.New(c, "busy").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(d)})
		if err != nil {
			t.Fatal(err)
		}
		return s.Err()
	}
	tests := map[string]struct {
		err     error
		verdict delivery.Verdict
		after   time.Duration
	}{
		"invalid argument":              {status.Error(codes.InvalidArgument, "x"), delivery.Rejected, 0},
		"exhausted without RetryInfo":   {status.Error(codes.ResourceExhausted, "busy"), delivery.Rejected, 0},
		"exhausted with RetryInfo":      {withInfo(codes.ResourceExhausted, 2*time.Second), delivery.Retry, 2 * time.Second},
		"unavailable":                   {status.Error(codes.Unavailable, "x"), delivery.Retry, 0},
		"data loss, negative RetryInfo": {withInfo(codes.DataLoss, -time.Second), delivery.Retry, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := func(n int, _ context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
				if n == 1 {
					return nil, tt.err
				}
				return &coltracepb.ExportTraceServiceResponse{}, nil
			}
			checkWait(t, attempt(t, "grpc", "http://"+receiveGRPC(t, answer).target), tt.verdict, tt.after, tt.after)
			if tt.after > 0 { // package delivery tests that it waits this long
				return
			}
			rc := receiveGRPC(t, answer)
			checkRetried(t, exporter.Open(t, map[string]any{"endpoint": "http://" + rc.target}), tt.verdict, rc.count)
		})
	}
}

func TestNoAnswerIsRetried(t *testing.T) {
	t.Parallel()
	for name, fail := range exportertest.Breaks {
		t.Run("http "+name, func(t *testing.T) {
			t.Parallel()
			rc := exportertest.Receive(t, exportertest.Fail(fail))
			x := exporter.Open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}, exportertest.Timeout(300*time.Millisecond))
			checkRetried(t, x, delivery.Retry, rc.Count)
		})
	}
	t.Run("grpc hang", func(t *testing.T) {
		t.Parallel()
		rc := receiveGRPC(t, func(n int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
			if n == 1 {
				<-ctx.Done() // the deadline of the client, which the server may notice first
				return nil, status.FromContextError(ctx.Err()).Err()
			}
			return &coltracepb.ExportTraceServiceResponse{}, nil
		})
		x := exporter.Open(t, map[string]any{"endpoint": "http://" + rc.target}, exportertest.Timeout(300*time.Millisecond))
		checkRetried(t, x, delivery.Retry, rc.count)
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

func TestConnectionLostDuringACall(t *testing.T) {
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
	if s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": "http://" + rc.target}), exportertest.Spans(3)...); s.Delivered != 3 || rc.count() != 2 {
		t.Errorf("stats %+v after %d calls, want 3 delivered after 2", s, rc.count())
	}
}

func TestServerThatStartsLate(t *testing.T) {
	t.Parallel()
	for protocol, start := range map[string]func(t *testing.T, address string){
		"grpc": func(t *testing.T, address string) {
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			serveGRPC(t, l, nil)
		},
		"http": func(t *testing.T, address string) { exportertest.ReceiveAt(t, address, exportertest.OK) },
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			address := exportertest.FreeAddress(t)
			x := exporter.Open(t, map[string]any{"protocol": protocol, "endpoint": "http://" + address})
			exportertest.FailsOnce(t, x, exportertest.Spans(3)...)
			start(t, address)
			if s := exportertest.Flush(t, x); s.Delivered != 3 || !strings.Contains(s.LastError, "connection refused") {
				t.Errorf("stats %+v, want 3 delivered after connection refused", s)
			}
		})
	}
}

// A proxy accepts connections and closes them before its server has started. The spans follow soon after.
func TestProxyBeforeItsServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := exporter.Open(t, map[string]any{"protocol": "grpc", "endpoint": "http://" + l.Addr().String()})
	if err := x.ExportSpans(t.Context(), exportertest.Spans(3)); err != nil {
		t.Fatal(err)
	}
	flushed := make(chan error, 1)
	go func() { flushed <- x.ForceFlush(t.Context()) }() // does not wait for a full batch
	for begun := time.Now(); time.Since(begun) < 2*time.Second; {
		_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(50 * time.Millisecond))
		if c, err := l.Accept(); err == nil {
			c.Close()
		}
	}
	if s := x.Stats(); s.Retries == 0 || !strings.Contains(s.Hint, "closes new connections") {
		t.Errorf("before the server starts: %+v", s)
	}
	_ = l.(*net.TCPListener).SetDeadline(time.Time{})
	started := time.Now()
	serveGRPC(t, l, nil)
	if err := <-flushed; err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took > 4*time.Second {
		t.Errorf("the spans follow %v after the start, want 3 s", took)
	}
}

func TestTooLargeIsSplit(t *testing.T) {
	t.Parallel()
	big := func(n, size int) []sdktrace.ReadOnlySpan {
		var out []sdktrace.ReadOnlySpan
		for range n {
			out = append(out, exportertest.Span(func(s *tracetest.SpanStub) {
				s.Attributes = []attribute.KeyValue{attribute.String("fill", strings.Repeat("x", size))}
			}))
		}
		return out
	}
	t.Run("512 spans of 10 kB stay below grpc's 4 MiB", func(t *testing.T) {
		t.Parallel()
		rc := receiveGRPC(t, nil, grpc.MaxRecvMsgSize(64<<20)) // so that nothing is refused and split for that
		if s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": "http://" + rc.target}), big(512, 10_000)...); s.Delivered != 512 || rc.total() != 512 || rc.count() < 2 || s.Retries != 0 {
			t.Errorf("stats %+v, %d spans in %d calls, want 512 in two or more without retry", s, rc.total(), rc.count())
		}
	})
	t.Run("30 MB over http", func(t *testing.T) {
		t.Parallel()
		rc := exportertest.Receive(t, exportertest.OK)
		s := exportertest.Flush(t, exporter.Open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}, func(c *registry.BuildContext) { c.Delivery.QueueBytes = 64 << 20 }), big(300, 100_000)...)
		if s.Delivered != 300 || rc.Count() < 2 {
			t.Errorf("stats %+v in %d requests, want 300 delivered in two or more", s, rc.Count())
		}
		for _, r := range rc.Requests() {
			if len(r.Content) > 16<<20 {
				t.Errorf("a body of %d bytes, want at most 16 MiB", len(r.Content))
			}
		}
	})
	t.Run("10 MB over http/json", func(t *testing.T) {
		t.Parallel()
		rc := exportertest.Receive(t, exportertest.OK)
		s := exportertest.Flush(t, exporter.Open(t, map[string]any{"protocol": "http/json", "endpoint": rc.URL}), big(100, 100_000)...)
		if s.Delivered != 100 || rc.Count() < 3 {
			t.Errorf("stats %+v in %d requests, want 100 delivered in three or more", s, rc.Count())
		}
	})
	t.Run("a receiver that takes less", func(t *testing.T) {
		t.Parallel()
		rc := exportertest.Receive(t, func(n int, w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); len(body) > 300_000 {
				http.Error(w, "request body too large", 400)
			}
		})
		s := exportertest.Flush(t, exporter.Open(t, map[string]any{"protocol": "http", "endpoint": rc.URL}), append(big(9, 100_000), big(1, 400_000)...)...)
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
		if s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": "http://" + rc.target}), exportertest.Spans(9)...); s.Delivered != 9 {
			t.Errorf("stats %+v, want 9 delivered", s)
		}
	})
}

// The receivers hang; TestMain looks for goroutines.
func TestShutdownLeavesNothing(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 9)
	viaHTTP := exportertest.Receive(t, func(_ int, _ http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; <-r.Context().Done() })
	viaGRPC := receiveGRPC(t, func(_ int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
		arrived <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for _, section := range []map[string]any{{"endpoint": "http://" + viaGRPC.target}, {"protocol": "http", "endpoint": viaHTTP.URL}} {
		x := exporter.Open(t, section, exportertest.Soon)
		x.ExportSpans(context.Background(), exportertest.Spans(3))
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
		if err := x.ExportSpans(context.Background(), exportertest.Spans(1)); err != delivery.ErrShutdown {
			t.Errorf("%v: export after Shutdown = %v, want ErrShutdown", section, err)
		}
		if s := exportertest.Account(t, x); s.Dropped[delivery.DropShutdown] != 4 {
			t.Errorf("%v: stats %+v, want 4 dropped by shutdown", section, s)
		}
	}
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	for _, section := range []map[string]any{{"endpoint": "http://no-such.invalid:4317"}, {"protocol": "http", "endpoint": "http://no-such.invalid"}} {
		x := exporter.Open(t, section)
		x.ExportSpans(context.Background(), exportertest.Spans(1))
		if s := exportertest.Failing(t, x); s.Queued != 1 || !strings.Contains(s.Hint, "otlp.endpoint (app.yaml:3:5)") {
			t.Errorf("%v: stats %+v, want 1 queued and a hint that names the key's place", section, s)
		}
	}
}
