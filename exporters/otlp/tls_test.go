package otlp_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/registry"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	a := exportertest.NewAuthority(t)
	oneWay, mutual := a.ServerTLS(), a.MutualTLS()
	viaHTTP, viaGRPC := exportertest.ReceiveTLS(t, exportertest.OK, oneWay), receiveGRPC(t, nil, grpc.Creds(credentials.NewTLS(oneWay.Clone())))
	mutualHTTP, mutualGRPC := exportertest.ReceiveTLS(t, exportertest.OK, mutual), receiveGRPC(t, nil, grpc.Creds(credentials.NewTLS(mutual.Clone())))
	plainHTTP, plainGRPC := exportertest.Receive(t, exportertest.OK), receiveGRPC(t, nil)
	ca := map[string]any{"certificate_file": a.CA}
	both := map[string]any{"certificate_file": a.CA, "client_certificate_file": a.Cert, "client_key_file": a.Key}
	tests := map[string]struct {
		section map[string]any
		hint    string // "": delivered
	}{
		"http, CA":                       {map[string]any{"protocol": "http", "endpoint": viaHTTP.URL, "http": ca}, ""},
		"grpc, CA":                       {map[string]any{"endpoint": "https://" + viaGRPC.target, "grpc": ca}, ""},
		"grpc, no scheme means TLS":      {map[string]any{"endpoint": viaGRPC.target, "grpc": ca}, ""},
		"http, client certificate":       {map[string]any{"protocol": "http", "endpoint": mutualHTTP.URL, "http": both}, ""},
		"grpc, client certificate":       {map[string]any{"endpoint": "https://" + mutualGRPC.target, "grpc": both}, ""},
		"http, client certificate lacks": {map[string]any{"protocol": "http", "endpoint": mutualHTTP.URL, "http": ca}, "client_certificate_file"},
		"grpc, client certificate lacks": {map[string]any{"endpoint": "https://" + mutualGRPC.target, "grpc": ca}, "client_certificate_file"},
		"http, unknown CA":               {map[string]any{"protocol": "http", "endpoint": viaHTTP.URL}, "set certificate_file to the CA"},
		"grpc, unknown CA":               {map[string]any{"endpoint": "https://" + viaGRPC.target}, "set certificate_file to the CA"},
		"http, TLS to plaintext":         {map[string]any{"protocol": "http", "endpoint": strings.Replace(plainHTTP.URL, "http:", "https:", 1)}, "use http://"},
		"grpc, TLS to plaintext":         {map[string]any{"endpoint": plainGRPC.target}, "insecure: true"},
		"http, plaintext to TLS":         {map[string]any{"protocol": "http", "endpoint": strings.Replace(viaHTTP.URL, "https:", "http:", 1)}, "use https://"},
		"grpc, plaintext to TLS":         {map[string]any{"endpoint": "http://" + viaGRPC.target}, "use https://"},
		"http, CA ignored in plaintext":  {map[string]any{"protocol": "http", "endpoint": plainHTTP.URL, "http": map[string]any{"certificate_file": "/no/such"}}, ""},
		"grpc, CA ignored in plaintext":  {map[string]any{"endpoint": "http://" + plainGRPC.target, "grpc": map[string]any{"certificate_file": "/no/such"}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := exporter.Open(t, tt.section)
			if tt.hint == "" {
				if s := exportertest.Flush(t, x, exportertest.Spans(2)...); s.Delivered != 2 {
					t.Errorf("stats %+v, want 2 delivered", s)
				}
				return
			}
			s := exportertest.FailsOnce(t, x, exportertest.Spans(2)...)
			if !strings.Contains(s.Hint, tt.hint) || s.Queued != 2 {
				t.Errorf("stats %+v, want 2 queued and %q in the hint", s, tt.hint)
			}
		})
	}
}

func TestFilesAreReadWhenBuilt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty, missing := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "missing.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		section map[string]any
		want    string
	}{
		{map[string]any{"protocol": "http", "endpoint": "https://h", "http": map[string]any{"certificate_file": missing}}, "http.certificate_file: open " + missing + ": no such file or directory"},
		{map[string]any{"endpoint": "https://h", "grpc": map[string]any{"certificate_file": empty}}, "grpc.certificate_file: " + empty + " holds no certificate"},
		{map[string]any{"endpoint": "h:4317", "grpc": map[string]any{"client_certificate_file": missing, "client_key_file": missing}}, "grpc.client_key_file: open " + missing},
	}
	for _, tt := range tests {
		open, err := exporter.Prepare(tt.section)
		if err != nil {
			t.Errorf("Prepare(%v) = %v, want nil", tt.section, err)
			continue
		}
		_, err = open(context.Background(), registry.BuildContext{Delivery: delivery.Options{Logger: slog.New(slog.DiscardHandler)}, Source: func(string) string { return "built-in" }})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("open(%v) = %v, want %s", tt.section, err, tt.want)
		}
	}
}
