package jaeger_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// rawCodec is the server's view of a body.
type rawCodec struct{}

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (rawCodec) Name() string { return "proto" }

// serveGRPC takes PostSpans and nothing else.
func serveGRPC(t *testing.T, l net.Listener, c *collector, opts ...grpc.ServerOption) {
	t.Helper()
	handler := func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		if method != "/jaeger.api_v2.CollectorService/PostSpans" {
			return status.Error(codes.Unimplemented, method)
		}
		var body []byte
		if err := stream.RecvMsg(&body); err != nil {
			return err
		}
		md, _ := metadata.FromIncomingContext(stream.Context())
		c.mu.Lock()
		c.metadata = append(c.metadata, md)
		c.mu.Unlock()
		if a := c.next(len(body)); a.code != codes.OK {
			return status.Error(a.code, a.body)
		}
		c.take(body)
		return stream.SendMsg([]byte{})
	}
	srv := grpc.NewServer(append(opts, grpc.UnknownServiceHandler(handler), grpc.ForceServerCodecV2(rawCodec{}))...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		srv.Stop()
		<-done
	})
}

func grpcSection(endpoint string, insecure any) map[string]any {
	s := map[string]any{"protocol": "grpc", "collector_endpoint": endpoint}
	if insecure != nil {
		s["grpc"] = map[string]any{"insecure": insecure}
	}
	return s
}

func TestGRPC(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, listen, scheme string
		insecure             any
	}{
		{"host:port, insecure", "127.0.0.1:0", "", true},
		{"http://", "127.0.0.1:0", "http://", nil},
		{"http:// beats insecure: false", "127.0.0.1:0", "http://", false},
		{"a path is ignored", "127.0.0.1:0", "http://", nil},
		{"IPv6", "[::1]:0", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", tt.listen)
			if err != nil && strings.HasPrefix(tt.listen, "[") {
				t.Logf("no IPv6 here: %v", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c := &collector{t: t, decode: decodePost}
			serveGRPC(t, l, c)
			endpoint := tt.scheme + l.Addr().String()
			if strings.Contains(tt.name, "path") {
				endpoint += "/some/path"
			}
			q := open(t, common(new(logBook)), grpcSection(endpoint, tt.insecure))
			enqueue(q, 0, 3)
			flush(t, q)
			if len(c.spans()) != 3 || q.Stats().Delivered != 3 {
				t.Errorf("%d spans stored, %+v", len(c.spans()), q.Stats())
			}
			if got := c.metadata[0].Get("user-agent"); len(got) != 1 || !strings.HasPrefix(got[0], "spanroute/") {
				t.Errorf("user-agent %q", got)
			}
		})
	}
}

func TestGRPCSplitsTenMegabytes(t *testing.T) {
	t.Parallel()
	l := listenAt(t, "127.0.0.1:0")
	c := &collector{t: t, decode: decodePost}
	serveGRPC(t, l, c)
	s := grpcSection(l.Addr().String(), true)
	s["username"], s["password"] = "u", "p"
	patient := common(new(logBook))
	patient.Delivery.Timeout = time.Minute // an attempt that times out delivers twice
	q := open(t, patient, s)
	text := strings.Repeat("x", 20<<10)
	for i := range 500 {
		q.Enqueue(numbered(i, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("k", text)} }).Snapshot())
	}
	flush(t, q)
	if len(c.spans()) != 500 {
		t.Errorf("%d spans stored, want 500; %+v", len(c.spans()), q.Stats())
	}
	for _, size := range c.sizes {
		if size > 4<<20 {
			t.Errorf("a request of %d bytes", size)
		}
	}
	if got := c.metadata[0].Get("authorization"); len(got) != 1 || got[0] != "Basic dTpw" {
		t.Errorf("authorization %q, want Basic u:p", got)
	}
}

func TestGRPCResourceExhausted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		sizes int
	}{{"busy", 2}, {"grpc: received message larger than max (5000000 vs. 4194304)", 3}} {
		t.Run(tt.text, func(t *testing.T) {
			l := listenAt(t, "127.0.0.1:0")
			c := &collector{t: t, decode: decodePost, script: []answer{{code: codes.ResourceExhausted, body: tt.text}}}
			serveGRPC(t, l, c)
			cm := common(new(logBook))
			cm.Delivery.BatchDelay = time.Minute
			q := open(t, cm, grpcSection(l.Addr().String(), true))
			enqueue(q, 0, 20)
			flush(t, q)
			if len(c.spans()) != 20 || q.Stats().Delivered != 20 {
				t.Errorf("%d spans stored, %+v", len(c.spans()), q.Stats())
			}
			if len(c.sizes) != tt.sizes {
				t.Errorf("%d requests, want %d", len(c.sizes), tt.sizes)
			}
		})
	}
}

func TestGRPCServerComesLater(t *testing.T) {
	t.Parallel()
	addr := freePort(t)
	q := open(t, common(new(logBook)), grpcSection(addr, true))
	enqueue(q, 0, 3)
	eventually(t, "a failed attempt", func() bool { return q.Stats().LastError != "" })
	c := &collector{t: t, decode: decodePost}
	serveGRPC(t, listenAt(t, addr), c)
	flush(t, q)
	if len(c.spans()) != 3 {
		t.Errorf("%d spans stored, want 3", len(c.spans()))
	}
}
