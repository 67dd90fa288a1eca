package jaeger_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/jaeger"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/registrytest"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestKeepsTheRulesOfExporters(t *testing.T) {
	for name, section := range map[string]map[string]any{
		"agent": {"protocol": "udp/thrift.binary", "thrift": map[string]any{"client_stats": true}},
		"http":  {"collector_endpoint": "http://127.0.0.1:1/api/traces", "username": "u", "password": "s3cr3t-word"},
		"grpc":  {"protocol": "grpc", "collector_endpoint": "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) { registrytest.Run(t, jaeger.Factory, section) })
	}
}

func TestSettingsFaults(t *testing.T) {
	t.Parallel()
	thrift := func(key string, value any) map[string]any {
		return map[string]any{"thrift": map[string]any{key: value}}
	}
	tests := []struct {
		name    string
		section map[string]any
		want    string
	}{
		{"unknown key", map[string]any{"endpont": "x"}, "endpont: unknown key"},
		{"protocol", map[string]any{"protocol": "udp"}, `protocol: "udp" is unknown, want`},
		{"port 0", thrift("agent_port", 0), "thrift.agent_port: 0 is out of range, want 1 to 65535"},
		{"port 70000", map[string]any{"port": 70000}, "port: 70000 is out of range"},
		{"packet too small", thrift("max_packet_size", 511), "thrift.max_packet_size: 511 is out of range, want 512 to 65000"},
		{"packet too large", thrift("max_packet_size", 65001), "thrift.max_packet_size: 65001 is out of range"},
		{"rate", thrift("max_bytes_per_second", -1), "thrift.max_bytes_per_second: -1 is out of range"},
		{"oversize", thrift("oversize", "cut"), `thrift.oversize: "cut" is unknown, want`},
		{"interval", thrift("resolve_interval", "-1s"), "thrift.resolve_interval: "},
		{"host", thrift("agent_host_name", "http://agent"), "thrift.agent_host_name: "},
		{"endpoint", map[string]any{"collector_endpoint": "ftp://h/"}, "collector_endpoint: "},
		{"endpoint of grpc", map[string]any{"protocol": "grpc", "collector_endpoint": "h:0"}, "collector_endpoint: "},
		{"password alone", map[string]any{"password": "s3cr3t"}, "username: password is set without it"},
		{"username alone", map[string]any{"username": "u"}, "password: username is set without it"},
		{"client certificate alone", thrift("client_certificate_file", "/c.pem"), "thrift.client_key_file: "},
		{"client key alone, grpc", map[string]any{"grpc": map[string]any{"client_key_file": "/k.pem"}}, "grpc.client_certificate_file: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := registry.Default().Prepare("jaeger", tt.section)
			var fault *settings.KeyError
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Prepare: %v, want %s", err, tt.want)
			}
			if strings.Contains(fmt.Sprint(err), "s3cr3t") {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}

func TestSettingsThatAreFine(t *testing.T) {
	t.Parallel()
	for name, section := range map[string]map[string]any{
		"nothing":        nil,
		"BentoML thrift": {"protocol": "thrift", "collector_endpoint": "http://localhost:14268/api/traces?format=jaeger.thrift", "thrift": map[string]any{"agent_host_name": "localhost", "agent_port": 6831, "udp_split_oversized_batches": true}},
		"BentoML grpc":   {"protocol": "grpc", "grpc": map[string]any{"endpoint": "http://localhost:14250", "insecure": true}},
		"aliases":        {"address": "jaeger.example.org", "port": 6832},
		"letter case":    {"protocol": "GRPC", "collector_endpoint": "[::1]:14250"},
		"IPv6 agent":     {"address": "2001:db8::1"},
	} {
		if _, err := registry.Default().Prepare("jaeger", section); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDescription(t *testing.T) {
	t.Parallel()
	d, err := registry.Default().Describe("jaeger")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"protocol": "thrift", "collector_endpoint": "", "username": "", "password": "<nil>", "link_logs": "false",
		"thrift.agent_host_name": "localhost", "thrift.agent_port": "6831", "thrift.udp_split_oversized_batches": "true",
		"thrift.max_packet_size": "65000", "thrift.max_bytes_per_second": "8000000", "thrift.oversize": "truncate",
		"thrift.resolve_interval": "30s", "thrift.client_stats": "false", "thrift.certificate_file": "",
		"thrift.client_certificate_file": "", "thrift.client_key_file": "", "grpc.certificate_file": "", "grpc.client_certificate_file": "", "grpc.client_key_file": "", "grpc.insecure": "<nil>",
		"grpc.keepalive_time": "<nil>", "grpc.keepalive_timeout": "20s",
	}
	for _, k := range d.Keys {
		if got, known := want[k.Path]; !known || fmt.Sprint(k.Default) != got {
			t.Errorf("%s: default %v, want %s", k.Path, k.Default, got)
		}
		delete(want, k.Path)
	}
	for path := range want {
		t.Errorf("no key %s", path)
	}
}

func TestCollectorTarget(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	tests := []struct {
		endpoint string
		insecure *bool
		target   string
		secure   bool
	}{
		{"", nil, "localhost:14250", false},
		{"", &yes, "localhost:14250", false},
		{"", &no, "localhost:14250", true},
		{"h:4000", nil, "h:4000", true},
		{"h:4000", &yes, "h:4000", false},
		{"h:4000", &no, "h:4000", true},
		{"h", &yes, "h:14250", false},
		{"[::1]", nil, "[::1]:14250", true},
		{"http://h:14250/path", &no, "h:14250", false},
		{"https://h:14250", &yes, "h:14250", true},
		{"https://h", nil, "h:443", true},
	}
	for _, tt := range tests {
		target, secure, err := jaeger.CollectorTarget(tt.endpoint, tt.insecure)
		if err != nil || target != tt.target || secure != tt.secure {
			t.Errorf("%q: %q, TLS %v, %v, want %q, %v", tt.endpoint, target, secure, err, tt.target, tt.secure)
		}
	}
}

func TestCollectorURL(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"":                                 "http://localhost:14268/api/traces",
		"h:14268":                          "http://h:14268/api/traces",
		"[::1]:14268/":                     "http://[::1]:14268/api/traces",
		"h:1/api/traces/":                  "http://h:1/api/traces",
		"https://h?format=jaeger.thrift":   "https://h/api/traces?format=jaeger.thrift",
		"http://h/x/?format=jaeger.thrift": "http://h/x?format=jaeger.thrift",
		"http://u:p%40@h/x":                "http://u:p%40@h/x",
	} {
		if got, err := jaeger.CollectorURL(endpoint); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", endpoint, got, err, want)
		}
	}
	for _, bad := range []string{"h:0", "h:70000", "::1", "ftp://h", "http://", "http://h/#x", "http://u:s3cret@h:0"} {
		if _, err := jaeger.CollectorURL(bad); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want a fault", bad, err)
		}
	}
}

// What an operator's section becomes, and what is noted about it.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, destination, notes string
		section, want            map[string]any
	}{
		{"the agent", "localhost:6831 over UDP", "", nil, map[string]any{}},
		{"the agent by the binary protocol", "localhost:6832 over UDP", "", map[string]any{"protocol": "udp/thrift.binary"},
			map[string]any{"protocol": "udp/thrift.binary", "thrift": map[string]any{"agent_port": 6832}}},
		{"the port of gRPC", "http://h:14250 over gRPC", "inferred collector_endpoint", map[string]any{"collector_endpoint": "http://h:14250"},
			map[string]any{"protocol": "grpc", "collector_endpoint": "http://h:14250"}},
		{"a collector beside an agent", "http://h:14268/api/traces over HTTP", "ignored thrift.agent_port, inferred collector_endpoint",
			map[string]any{"collector_endpoint": "h", "thrift": map[string]any{"agent_port": 1}},
			map[string]any{"collector_endpoint": "http://h:14268/api/traces", "thrift": map[string]any{"agent_port": 1}}},
	} {
		p, err := registry.Default().Complete("jaeger", tt.section, nil)
		var notes []string
		for _, n := range p.Notices {
			notes = append(notes, string(n.Kind)+" "+n.Key)
		}
		if err != nil || p.Destination != tt.destination || strings.Join(notes, ", ") != tt.notes || !reflect.DeepEqual(p.Settings(), tt.want) {
			t.Errorf("%s: to %q, %q, %v, %v\nwant %q, %q, %v", tt.name, p.Destination, notes, p.Settings(), err, tt.destination, tt.notes, tt.want)
		}
	}
}

// Every key of the agent is noted where the collector takes its place.
func TestAgentKeysAreIgnoredBesideACollector(t *testing.T) {
	t.Parallel()
	d, err := registry.Default().Describe("jaeger")
	if err != nil {
		t.Fatal(err)
	}
	thrift, want := map[string]any{}, 0
	for _, k := range d.Keys {
		if name, ok := strings.CutPrefix(k.Path, "thrift."); ok && k.Format == "" {
			thrift[name] = k.Default
			want++
		}
	}
	p, err := registry.Default().Complete("jaeger", map[string]any{"protocol": "grpc", "thrift": thrift}, nil)
	if err != nil || len(p.Notices) != want {
		t.Errorf("%d notices, %v, want one for each of %d keys: %v", len(p.Notices), err, want, p.Notices)
	}
}
