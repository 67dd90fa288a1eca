package otlp_test

import (
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/registry/settings"
)

// A receiver that repeats what it was sent puts nothing of it into log and statistics.
func TestEchoedCredentialsAreMasked(t *testing.T) {
	t.Parallel()
	const token = "hunter2hunter2"
	partial := func(text string) *coltracepb.ExportTraceServiceResponse {
		return &coltracepb.ExportTraceServiceResponse{PartialSuccess: &coltracepb.ExportTracePartialSuccess{RejectedSpans: 1, ErrorMessage: text}}
	}
	httpEcho := func(code int) func(int, http.ResponseWriter, *http.Request) {
		return func(_ int, w http.ResponseWriter, r *http.Request) {
			text := "denied: " + r.Header.Get("Authorization") + " " + r.RequestURI
			if code != 200 {
				w.Header().Set("Location", "http://other/?sent="+r.Header.Get("Authorization"))
				w.WriteHeader(code)
				w.Write([]byte(text))
				return
			}
			w.Header().Set("Content-Type", "application/x-protobuf")
			raw, _ := proto.Marshal(partial(text))
			w.Write(raw)
		}
	}
	grpcEcho := func(code codes.Code) func(int, context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
		return func(_ int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error) {
			md, _ := metadata.FromIncomingContext(ctx)
			text := "denied: " + strings.Join(md.Get("authorization"), "")
			if code == codes.OK {
				return partial(text), nil
			}
			return nil, status.Error(code, text)
		}
	}
	headers := map[string]any{"headers": settings.Pairs{{Name: "Authorization", Value: "Bearer " + token}}}
	viaHTTP := func(code int) map[string]any {
		return map[string]any{"protocol": "http", "endpoint": exportertest.Receive(t, httpEcho(code)).URL + "/v1/traces?api_key=" + token, "http": headers}
	}
	for name, section := range map[string]map[string]any{
		"403":             viaHTTP(403),
		"a redirect":      viaHTTP(302),
		"partial success": viaHTTP(200),
		"user information": {
			"protocol": "http", "endpoint": strings.Replace(exportertest.Receive(t, httpEcho(403)).URL, "://", "://user:"+token+"@", 1),
		},
		"grpc, denied":          {"endpoint": "http://" + receiveGRPC(t, grpcEcho(codes.PermissionDenied)).target, "grpc": headers},
		"grpc, partial success": {"endpoint": "http://" + receiveGRPC(t, grpcEcho(codes.OK)).target, "grpc": headers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			x := exporter.Open(t, section, exportertest.LogTo(&log))
			s := exportertest.Flush(t, x, exportertest.Spans(2)...)
			if err := x.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := s.LastError + s.Hint + log.String()
			for _, secret := range []string{"hunter2", base64.RawStdEncoding.EncodeToString([]byte("user:" + token))} {
				if strings.Contains(all, secret) {
					t.Errorf("%q is kept: %q, %q\n%s", secret, s.LastError, s.Hint, log.String())
				}
			}
			if name != "a redirect" && !strings.Contains(all, "denied: ***") && !strings.Contains(all, "denied: Bearer ***") {
				t.Errorf("the rest of the text is gone: %q", s.LastError)
			}
		})
	}
}

func TestHintWhenNothingListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	for protocol, section := range map[string]map[string]any{
		"grpc": {"endpoint": "http://" + free}, "http": {"protocol": "http", "endpoint": "http://" + free + "/v1/traces"},
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			x := exporter.Open(t, section)
			if err := x.ExportSpans(context.Background(), exportertest.Spans(1)); err != nil {
				t.Fatal(err)
			}
			want := "nothing listens on " + free + "; start the receiver or change otlp.endpoint (app.yaml:3:5)"
			if s := exportertest.Failing(t, x); s.Hint != want {
				t.Errorf("hint %q, want %q; %s", s.Hint, want, s.LastError)
			}
		})
	}
}
