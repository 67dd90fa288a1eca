package zipkin_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestSettingsFaults(t *testing.T) {
	for _, section := range []map[string]any{
		{},
		nil,
	} {
		if _, err := exporter.Prepare(section); err != nil {
			t.Errorf("%v: %v, want no error", section, err)
		}
	}
	var texts goldentext.Rows
	for _, section := range []map[string]any{
		{"endpont": "x"},
		{"local_node_port": 70000},
		{"local_node_port": 0},
		{"local_node_port": "x"},
		{"local_node_ipv4": "2001:db8::1"},
		{"local_node_ipv6": "10.0.0.1"},
		{"local_node_ipv4": "here"},
		{"local_node_ipv4": "4294967296"},
		{"endpoint": "ftp://h"},
		{"endpoint": "http://h:0"},
		{"headers": settings.Pairs{{Name: "a b", Value: "s3cret"}}},
		{"headers": settings.Pairs{{Name: "a", Value: "s3cret\r\nb: c"}}},
		{"headers": settings.Pairs{{Name: "a", Value: "s3cret"}, {Name: "A", Value: "s3cret"}}},
		{"client_key_file": "k.pem"},
		{"client_certificate_file": "c.pem"},
	} {
		_, err := exporter.Prepare(section)
		texts.AddError(t, fmt.Sprintf("%q", section), err)
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v: %v shows a secret", section, err)
		}
	}
	texts.Check(t)
}

func TestURL(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                       "http://localhost:9411/api/v2/spans",
		"h":                      "http://h:9411/api/v2/spans",
		"h:1/":                   "http://h:1/api/v2/spans",
		"h/x/":                   "http://h:9411/x/",
		"[::1]":                  "http://[::1]:9411/api/v2/spans",
		"[::1]:1":                "http://[::1]:1/api/v2/spans",
		"http://h":               "http://h/api/v2/spans",
		"https://h/?q=%2F":       "https://h/api/v2/spans?q=%2F",
		"https://u:p%40@[::1]/x": "https://u:p%40@[::1]/x",
	} {
		if got, err := zipkin.URL(endpoint); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", endpoint, got, err, want)
		}
	}
	for _, bad := range []string{"h:0", "h:70000", "h:", "::1", "http://", "http://h/#x", "http://u:s3cret@h:0", "http://h:0/?token=s3cret"} {
		if _, err := zipkin.URL(bad); err == nil || !strings.HasPrefix(err.Error(), "endpoint: ") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want a fault of the endpoint", bad, err)
		}
	}
}

func TestLocalNode(t *testing.T) {
	tests := []struct {
		section map[string]any
		want    node
	}{
		{map[string]any{"local_node_ipv4": "192.168.0.1", "local_node_ipv6": "2001:db8::c001", "local_node_port": 31313}, node{ServiceName: "MySvc", IPv4: "192.168.0.1", IPv6: "2001:db8::c001", Port: 31313}},
		{map[string]any{"local_node_ipv4": 3232235521}, node{ServiceName: "MySvc", IPv4: "192.168.0.1"}},
		{map[string]any{"local_node_ipv6": "42540766411282592856903984951653875713"}, node{ServiceName: "MySvc", IPv6: "2001:db8::c001"}},
		{map[string]any{"local_node_port": 1}, node{ServiceName: "MySvc", Port: 1}},
		{nil, node{ServiceName: "MySvc"}},
	}
	for _, tt := range tests {
		rc := exportertest.Receive(t, exportertest.Accept)
		section := map[string]any{"endpoint": rc.URL}
		for k, v := range tt.section {
			section[k] = v
		}
		exportertest.Flush(t, exporter.Open(t, section), exportertest.Span())
		if diff := cmp.Diff(&tt.want, decode(t, rc.Requests()[0].Content)[0].LocalEndpoint); diff != "" {
			t.Errorf("%v: local endpoint (-want +got):\n%s", tt.section, diff)
		}
	}
}

func TestFilesAreReadWhenBuilt(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.pem")
	tests := []struct {
		section map[string]any
		want    string
	}{
		{map[string]any{"certificate_file": missing}, "certificate_file: open " + missing + ": no such file or directory"},
		{map[string]any{"certificate_file": empty}, "certificate_file: " + empty + " holds no certificate"},
		{map[string]any{"client_certificate_file": missing, "client_key_file": empty}, "client_certificate_file: open " + missing},
		{map[string]any{"client_certificate_file": empty, "client_key_file": empty}, "client_certificate_file: " + empty + " and " + empty + " are not a pair"},
	}
	for _, tt := range tests {
		tt.section["endpoint"] = "https://localhost:9411"
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

func TestKeys(t *testing.T) {
	var r registry.Registry
	if err := r.Register(zipkin.Factory); err != nil {
		t.Fatal(err)
	}
	d, err := r.Describe("zipkin")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range d.Keys {
		got = append(got, k.Path)
	}
	want := []string{"endpoint", "local_node_ipv4", "local_node_ipv6", "local_node_port", "headers", "certificate_file", "client_certificate_file", "client_key_file"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
