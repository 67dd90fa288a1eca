package jaeger_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A collector that repeats what it was sent puts nothing of it into log and statistics.
func TestEchoedCredentialsAreMasked(t *testing.T) {
	t.Parallel()
	basic := "Authorization"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte("denied: " + r.Header.Get(basic) + " with " + password))
	}))
	t.Cleanup(srv.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveGRPC(t, l, new(collector), grpc.StreamInterceptor(func(_ any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
		md, _ := metadata.FromIncomingContext(stream.Context())
		return status.Error(codes.PermissionDenied, "denied: "+strings.Join(md.Get(basic), "")+" with hunter2hunter2")
	}))
	for name, s := range map[string]map[string]any{"http": collectorSection(srv.URL), "grpc": grpcSection("http://"+l.Addr().String(), nil)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBook
			s["username"], s["password"] = "shop", "hunter2hunter2"
			q := open(t, common(&log), s)
			enqueue(q, 0, 1)
			flush(t, q)
			text := log.wait(t, "denied")
			all := text + q.Stats().LastError + q.Stats().Hint
			if strings.Contains(all, "hunter2") || strings.Contains(all, "c2hvcDpodW50ZXIy") || !strings.Contains(all, "with ***") {
				t.Errorf("error %q, log %s", q.Stats().LastError, text)
			}
		})
	}
}
