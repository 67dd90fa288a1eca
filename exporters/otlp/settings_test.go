package otlp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"

	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/registrytest"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestSettingsFaults(t *testing.T) {
	headers := func(section string, pairs ...settings.Pair) map[string]any {
		return map[string]any{"protocol": section, section: map[string]any{"headers": settings.Pairs(pairs)}}
	}
	for _, section := range []map[string]any{
		nil,
		{"protocol": "http/protobuf"},
		{"protocol": "HTTP"},
		headers("http", settings.Pair{Name: "a~b", Value: "s3cret"}),
	} {
		if _, err := exporter.Prepare(section); err != nil {
			t.Errorf("%v: %v, want no error", section, err)
		}
	}
	var texts goldentext.Rows
	for _, section := range []map[string]any{
		{"protocol": "tcp"},
		{"compression": "deflate"},
		{"endpoint": "ftp://h"},
		{"endpoint": "h:70000"},
		{"protocol": "http", "endpoint": "http://h/#x"},
		{"grpc": map[string]any{"insecur": true}},
		{"grpc": map[string]any{"insecure": 1}},
		headers("grpc", settings.Pair{Name: "a b", Value: "s3cret"}),
		headers("grpc", settings.Pair{Name: "a~b", Value: "s3cret"}),
		headers("http", settings.Pair{Name: "a", Value: "s3crét"}),
		{"grpc": map[string]any{"client_key_file": "k"}},
		{"protocol": "http", "http": map[string]any{"client_certificate_file": "c"}},
	} {
		_, err := exporter.Prepare(section)
		texts.AddError(t, fmt.Sprintf("%q", section), err)
		if err != nil && strings.Contains(err.Error(), "s3cr") {
			t.Errorf("%v: %v shows a secret", section, err)
		}
	}
	texts.Check(t)
}

func TestTargetOfGRPC(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		endpoint string
		insecure *bool
		address  string
		secure   bool
	}{
		{"", nil, "localhost:4317", false},
		{"", &yes, "localhost:4317", false},
		{"", &no, "localhost:4317", true},
		{"h:4000", nil, "h:4000", true},
		{"h:4000", &yes, "h:4000", false},
		{"h:4000", &no, "h:4000", true},
		{"h", &yes, "h:4317", false},
		{"[::1]", nil, "[::1]:4317", true},
		{"[::1]:4000", &yes, "[::1]:4000", false},
		{"http://[::1]:4000/", nil, "[::1]:4000", false},
		{"http://h:4000/path?q=1", &no, "h:4000", false},
		{"http://h", nil, "h:80", false},
		{"https://h", &yes, "h:443", true},
		{"https://h:4000", nil, "h:4000", true},
		{"dns:///h:4000", nil, "dns:///h:4000", true},
	}
	for _, tt := range tests {
		address, secure, err := otlp.Target(tt.endpoint, tt.insecure)
		if err != nil || address != tt.address || secure != tt.secure {
			t.Errorf("%q: %q, TLS %t, %v, want %q, %t", tt.endpoint, address, secure, err, tt.address, tt.secure)
		}
	}
	for _, bad := range []string{"h:0", "h:70000", "h:", "::1", "ftp://h", "http://", "http://u:s3cret@h:1", "http://h#x", "h h", ":4317"} {
		if _, _, err := otlp.Target(bad, nil); err == nil || !strings.HasPrefix(err.Error(), "endpoint: ") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want a fault of the endpoint", bad, err)
		}
	}
}

func TestURLOfHTTP(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                          "http://localhost:4318/v1/traces",
		"h":                         "http://h:4318/",
		"h:4000/x/":                 "http://h:4000/x/",
		"[::1]":                     "http://[::1]:4318/",
		"[::1]:4000/v1/traces":      "http://[::1]:4000/v1/traces",
		"http://h":                  "http://h/",
		"https://h/v1/traces?q=%2F": "https://h/v1/traces?q=%2F",
		"https://u:p%40@h":          "https://u:p%40@h/",
	} {
		if got, err := otlp.URL(endpoint); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", endpoint, got, err, want)
		}
	}
	for _, bad := range []string{"h:0", "h:70000", "::1", "grpc://h", "http://", "http://h/#x", "http://u:s3cret@h:0", "http://h:0/?token=s3cret"} {
		if _, err := otlp.URL(bad); err == nil || !strings.HasPrefix(err.Error(), "endpoint: ") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want a fault of the endpoint", bad, err)
		}
	}
}

// Every variable that upstream's clients read is invalid or, worse, plausible. The traffic follows the configuration.
func TestEnvironmentChangesNothing(t *testing.T) {
	trap := exportertest.Receive(t, exportertest.OK)
	dir := t.TempDir()
	pem := filepath.Join(dir, "invalid.pem")
	if err := os.WriteFile(pem, []byte("invalid"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := exportertest.NewAuthority(t)
	plausible := map[string]string{"CERTIFICATE": a.CA, "CLIENT_CERTIFICATE": a.Cert, "CLIENT_KEY": a.Key, "ENDPOINT": "https://127.0.0.1:1", "INSECURE": "false", "COMPRESSION": "gzip", "PROTOCOL": "http/json", "HEADERS": "x-trap=1", "TIMEOUT": "1"}
	invalid := map[string]string{"CERTIFICATE": pem, "CLIENT_CERTIFICATE": pem, "CLIENT_KEY": "/no/such", "ENDPOINT": trap.URL, "INSECURE": "maybe", "COMPRESSION": "zip", "PROTOCOL": "smoke", "HEADERS": "==,\x01=%zz", "TIMEOUT": "never"}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	for name, values := range map[string]map[string]string{"plausible": plausible, "invalid": invalid} {
		t.Run(name, func(t *testing.T) {
			for k, v := range values {
				t.Setenv("OTEL_EXPORTER_OTLP_"+k, v)
				t.Setenv("OTEL_EXPORTER_OTLP_TRACES_"+k, v)
			}
			viaHTTP, viaGRPC := exportertest.Receive(t, exportertest.OK), receiveGRPC(t, nil)
			for _, section := range []map[string]any{
				{"endpoint": "http://" + viaGRPC.target},
				{"protocol": "http", "endpoint": viaHTTP.URL + "/v1/traces?q=1"},
			} {
				if s := exportertest.Flush(t, exporter.Open(t, section), exportertest.Spans(2)...); s.Delivered != 2 || s.Retries != 0 {
					t.Errorf("%v: stats %+v, want 2 delivered at once", section, s)
				}
			}
			r := viaHTTP.Last()
			checkBody(t, "application/x-protobuf", r.Content)
			if r.RequestURI != "/v1/traces?q=1" || r.Header.Get("X-Trap") != "" || r.Header.Get("Content-Encoding") != "" || r.Header.Get("Content-Type") != "application/x-protobuf" {
				t.Errorf("request %s with headers %v, want what was configured", r.RequestURI, r.Header)
			}
			if md := viaGRPC.calls[0]; len(md.Get("x-trap")) != 0 || viaGRPC.packed {
				t.Errorf("call with %v, want what was configured", md)
			}
		})
	}
	if trap.Count() != 0 {
		t.Errorf("%d requests went to the endpoint of the environment", trap.Count())
	}
}

func TestConformance(t *testing.T) {
	secret := settings.Pairs{{Name: "x-api-key", Value: "s3cret-value"}}
	for protocol, section := range map[string]map[string]any{
		"grpc":      {"endpoint": "http://" + receiveGRPC(t, nil).target, "grpc": map[string]any{"headers": secret}},
		"http":      {"protocol": "http", "endpoint": exportertest.Receive(t, exportertest.OK).URL, "http": map[string]any{"headers": secret}},
		"http/json": {"protocol": "http/json", "endpoint": exportertest.Receive(t, exportertest.OK).URL},
	} {
		t.Run(protocol, func(t *testing.T) { registrytest.Run(t, otlp.Factory, section) })
	}
}

// The path that an HTTP endpoint gets depends on who set it.
func TestPathOfAnEndpointDependsOnItsSource(t *testing.T) {
	var r registry.Registry
	if err := r.Register(otlp.Factory); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ variable, endpoint, want, kinds string }{
		{"", "http://h:4318", "http://h:4318/v1/traces", "inferred"},
		{"", "http://h:4318/x/", "http://h:4318/x/", ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318/x/", "http://h:4318/x/v1/traces", ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4317", "http://h:4317/v1/traces", "suspicious"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://h:4318", "http://h:4318/", ""},
	} {
		p, err := r.Complete("otlp", map[string]any{"protocol": "http", "endpoint": tt.endpoint}, map[string]string{"endpoint": tt.variable})
		kinds := ""
		for _, n := range p.Notices {
			kinds += string(n.Kind)
		}
		if got := p.Settings()["endpoint"]; err != nil || got != tt.want || kinds != tt.kinds || p.Destination != tt.want+" over HTTP" {
			t.Errorf("%s=%s: %v to %q, %q, %v, want %s, %q", tt.variable, tt.endpoint, got, p.Destination, kinds, err, tt.want, tt.kinds)
		}
	}
}
