package otlp_test

import (
	"testing"

	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/registry/settings"
)

var noPairs = settings.Pairs{}

func pairsOf(name, value string) settings.Pairs { return settings.Pairs{{Name: name, Value: value}} }

func (rc *grpcReceiver) lastCall() metadata.MD {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.calls[len(rc.calls)-1]
}

// The key for all protocols reaches each of them, and the protocol's own key takes precedence.
func TestHeadersForAllProtocols(t *testing.T) {
	t.Parallel()
	viaHTTP, viaGRPC := exportertest.Receive(t, exportertest.OK), receiveGRPC(t, nil)
	pairs := func(name, value string) map[string]any { return map[string]any{"headers": pairsOf(name, value)} }
	common := pairsOf("X-Tenant", "all")
	for name, tt := range map[string]struct {
		http, grpc map[string]any
		want       [2]string
	}{
		"common only":                 {nil, nil, [2]string{"all", "all"}},
		"HTTP has its own":            {pairs("X-Tenant", "http"), nil, [2]string{"http", "all"}},
		"gRPC has its own":            {nil, pairs("x-tenant", "grpc"), [2]string{"all", "grpc"}},
		"HTTP has its own, of others": {pairs("X-Other", "http"), nil, [2]string{"", "all"}},
		"HTTP has none":               {map[string]any{"headers": noPairs}, nil, [2]string{"", "all"}},
	} {
		section := func(protocol, endpoint string) map[string]any {
			s := map[string]any{"protocol": protocol, "endpoint": endpoint, "headers": common}
			if tt.http != nil {
				s["http"] = tt.http
			}
			if tt.grpc != nil {
				s["grpc"] = tt.grpc
			}
			return s
		}
		exportertest.Flush(t, exporter.Open(t, section("http", viaHTTP.URL+"/v1/traces")), exportertest.Span())
		r := viaHTTP.Last()
		exportertest.Flush(t, exporter.Open(t, section("grpc", "http://"+viaGRPC.target)), exportertest.Span())
		var got [2]string
		got[0] = r.Header.Get("X-Tenant")
		if md := viaGRPC.lastCall().Get("x-tenant"); len(md) > 0 {
			got[1] = md[0]
		}
		if got != tt.want {
			t.Errorf("%s: X-Tenant over HTTP and gRPC = %q, want %q", name, got, tt.want)
		}
	}
	if _, err := exporter.Prepare(map[string]any{"headers": pairsOf("x~y", "v")}); err == nil {
		t.Error("a name that gRPC cannot send is accepted over gRPC")
	}
	if _, err := exporter.Prepare(map[string]any{"protocol": "http", "headers": pairsOf("x~y", "v")}); err != nil {
		t.Errorf("a name that only HTTP can send is refused over HTTP: %v", err)
	}
}
