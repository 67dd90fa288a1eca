package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

const (
	onZipkin = "exporter_type: zipkin\nsample_rate: 1\n"
	onJaeger = "exporter_type: jaeger\nsample_rate: 1\n"
	onOTLP   = "exporter_type: otlp\nsample_rate: 1\n"
)

func TestExporterKeys(t *testing.T) {
	runAll(t, []situation{
		{
			name: "zipkin endpoint, host and port", file: onZipkin + "zipkin: {endpoint: 'localhost:6881'}",
			kinds: only(config.WarnInferred), want: values{"zipkin.endpoint": "http://localhost:6881/api/v2/spans"},
		},
		{name: "zipkin endpoint, no path", file: onZipkin + "zipkin: {endpoint: 'http://h:9411'}", kinds: only(config.WarnInferred), want: values{"zipkin.endpoint": "http://h:9411/api/v2/spans"}},
		{name: "zipkin endpoint, slash", file: onZipkin + "zipkin: {endpoint: 'http://h:9411/'}", kinds: only(config.WarnInferred), want: values{"zipkin.endpoint": "http://h:9411/api/v2/spans"}},
		{name: "zipkin endpoint, path", file: onZipkin + "zipkin: {endpoint: 'http://h/custom'}", want: values{"zipkin.endpoint": "http://h/custom"}},
		{name: "zipkin endpoint, path with slash", file: onZipkin + "zipkin: {endpoint: 'http://h/custom/?a=b'}", want: values{"zipkin.endpoint": "http://h/custom?a=b"}},
		{name: "address, IPv6 in IPv4", file: `zipkin: {local_node_ipv4: "2001:db8::1"}`, kinds: only(config.ErrOutOfRange)},
		{name: "address, invalid", file: "zipkin: {local_node_ipv4: 999.1.1.1}", kinds: only(config.ErrOutOfRange)},
		{name: "address, packed", file: onZipkin + "zipkin: {local_node_ipv4: 3232235521}", want: values{"zipkin.local_node_ipv4": "192.168.0.1"}},
		{name: "address, packed IPv6", file: onZipkin + "zipkin: {local_node_ipv6: 1}", want: values{"zipkin.local_node_ipv6": "::1"}},
		{name: "address, IPv4 in IPv6", file: `zipkin: {local_node_ipv6: "1.2.3.4"}`, kinds: only(config.ErrOutOfRange)},
		{name: "port zero", file: "zipkin: {local_node_port: 0}", kinds: only(config.ErrOutOfRange)},
		{name: "port too high", file: "zipkin: {local_node_port: 70000}", kinds: only(config.ErrOutOfRange)},
		{
			name:  "agent and collector",
			file:  onJaeger + "jaeger:\n  collector_endpoint: http://h:14268/api/traces?format=jaeger.thrift\n  thrift:\n    agent_host_name: localhost\n    agent_port: 6831",
			kinds: only(config.WarnIgnored, config.WarnIgnored),
			want:  values{"jaeger.collector_endpoint": "http://h:14268/api/traces?format=jaeger.thrift"},
			at:    []string{"tracing.yaml:7:24: tracing.jaeger.thrift.agent_host_name:", "tracing.yaml:8:19: tracing.jaeger.thrift.agent_port"},
		},
		{
			name:  "grpc alias",
			file:  onJaeger + "jaeger: {protocol: grpc, grpc: {endpoint: 'http://localhost:14250', insecure: true}}",
			kinds: only(config.WarnAlias),
			want:  values{"jaeger.collector_endpoint": "http://localhost:14250", "jaeger.protocol": "grpc"},
		},
		{name: "jaeger, unknown protocol", file: "jaeger: {protocol: udp}", kinds: only(config.ErrUnknownValue)},
		{name: "jaeger, quoted port", file: onJaeger + `jaeger: {thrift: {agent_port: "6831"}}`, kinds: only(config.WarnCoerced), want: values{"jaeger.thrift.agent_port": "6831"}},
		{name: "jaeger, leading zero", file: "jaeger: {thrift: {agent_port: 06831}}", kinds: only(config.ErrWrongType)},
		{name: "jaeger, negative port", file: "jaeger: {thrift: {agent_port: -5}}", kinds: only(config.ErrOutOfRange)},
		{name: "host is a URL", file: onJaeger + `jaeger: {thrift: {agent_host_name: "http://h:1"}}`, kinds: only(config.ErrURL)},
		{name: "otlp alone", file: onOTLP, want: values{"otlp.protocol": "grpc", "otlp.endpoint": "http://localhost:4317"}},
		{name: "OTLP/HTTP endpoint without path", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318'}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "http://h:4318/v1/traces"}},
		{name: "OTLP/HTTP endpoint with path", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318/v1/traces'}", want: values{"otlp.endpoint": "http://h:4318/v1/traces"}},
		{name: "OTLP/HTTP endpoint with a slash", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318/v1/traces/'}", want: values{"otlp.endpoint": "http://h:4318/v1/traces/"}},
		{name: "OTLP/gRPC endpoint, https and insecure", file: onOTLP + "otlp: {endpoint: 'https://h:4317', grpc: {insecure: true}}", kinds: only(config.WarnSuspicious), want: values{"otlp.endpoint": "https://h:4317"}},
		{name: "OTLP/gRPC endpoint, bare", file: onOTLP + "otlp: {endpoint: 'h:4317'}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "h:4317", "otlp.grpc.insecure": ""}},
		{name: "OTLP/gRPC endpoint, bare and insecure", file: onOTLP + "otlp: {endpoint: 'h:4317', grpc: {insecure: true}}", want: values{"otlp.endpoint": "h:4317", "otlp.grpc.insecure": "true"}},
		{name: "OTLP/gRPC endpoint, the other port", file: onOTLP + "otlp: {endpoint: 'http://h:4318'}", kinds: only(config.WarnSuspicious)},
		{name: "OTLP/gRPC endpoint, default and insecure false", file: onOTLP + "otlp: {grpc: {insecure: false}}", want: values{"otlp.endpoint": "https://localhost:4317"}},
		{name: "OTLP/gRPC endpoint, no port", file: onOTLP + "otlp: {endpoint: h}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "h:4317"}},
		{name: "OTLP/gRPC endpoint, path", file: onOTLP + "otlp: {endpoint: 'http://h:4317/v1/traces'}", kinds: only(config.WarnIgnored)},
		{name: "compression, capitals", file: onOTLP + "otlp: {compression: GZIP}", want: values{"otlp.compression": "gzip"}},
		{name: "compression, deflate", file: "otlp: {compression: deflate}", kinds: only(config.ErrUnsupported)},
		{name: "compression, zstd", file: "otlp: {compression: zstd}", kinds: only(config.ErrUnknownValue)},
		{name: "a key of an exporter that is not selected", file: onOTLP + "zipkin: {local_node_port: x}", kinds: only(config.ErrWrongType)},
		{name: "an endpoint of an exporter that is not selected", file: onOTLP + "zipkin: {endpoint: 'localhost:6881'}"},
		{name: "an invalid endpoint of an exporter that is not selected", file: onOTLP + "zipkin: {endpoint: 'ftp://h'}", kinds: only(config.ErrURL)},
		{name: "a file of an exporter that is not selected", file: onZipkin + "otlp: {http: {certificate_file: /nowhere.pem}}"},
		{name: "misplaced key", file: onOTLP + "endpoint: x", kinds: only(config.ErrUnknownKey)},
	})
}

func TestExporterRules(t *testing.T) {
	runAll(t, []situation{
		{name: "http protocol", file: onJaeger + "jaeger: {protocol: http/thrift.binary}", want: values{"jaeger.collector_endpoint": "http://localhost:14268/api/traces"}},
		{name: "grpc protocol", file: onJaeger + "jaeger: {protocol: grpc}", want: values{"jaeger.collector_endpoint": "http://localhost:14250"}},
		{name: "udp and collector", file: onJaeger + "jaeger: {protocol: udp/thrift.compact, collector_endpoint: 'http://h:14268/api/traces'}", kinds: only(config.WarnIgnored)},
		{name: "port of gRPC", file: onJaeger + "jaeger: {collector_endpoint: 'http://localhost:14250'}", kinds: only(config.WarnInferred), want: values{"jaeger.protocol": "grpc", "jaeger.collector_endpoint": "http://localhost:14250"}},
		{
			name: "explicit thrift", file: onJaeger + "jaeger: {protocol: thrift, collector_endpoint: 'http://localhost:14250'}",
			kinds: only(config.WarnSuspicious, config.WarnInferred), want: values{"jaeger.protocol": "thrift"},
		},
		{name: "collector loses a slash", file: onJaeger + "jaeger: {collector_endpoint: 'http://h:14268/api/traces/'}", want: values{"jaeger.collector_endpoint": "http://h:14268/api/traces"}},
		{name: "collector without path", file: onJaeger + "jaeger: {collector_endpoint: 'http://h:14268'}", kinds: only(config.WarnInferred), want: values{"jaeger.collector_endpoint": "http://h:14268/api/traces"}},
		{name: "user without password", file: onJaeger + "jaeger: {username: u}", kinds: only(config.ErrMissing), at: []string{"tracing.yaml:4:22: tracing.jaeger.username:"}},
		{name: "from variables", file: onJaeger, env: []string{"OTEL_EXPORTER_JAEGER_USER=u"}, kinds: only(config.ErrMissing), want: values{"jaeger.username": ""}},
		{name: "client certificate alone", file: onZipkin + "zipkin: {endpoint: 'https://h/x', client_key_file: k.pem}", kinds: only(config.ErrMissing, config.ErrFile)},
		{name: "common timeout above", file: onJaeger + "timeout: 3\njaeger: {timeout: 4}", env: []string{"SPANROUTE_TIMEOUT=5"}, want: values{"jaeger.timeout": "5s"}},
		{name: "in one layer", file: onJaeger + "timeout: 3\njaeger: {timeout: 4}", want: values{"jaeger.timeout": "4s", "timeout": "3s"}},
		{name: "the other port", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4317/v1/traces'}", kinds: only(config.WarnSuspicious)},
		{name: "disabled", file: "enabled: false\nexporter_type: jaeger"},
		{name: "zipkin timeout in milliseconds", file: onZipkin, env: []string{"OTEL_EXPORTER_ZIPKIN_TIMEOUT=2500"}, want: values{"zipkin.timeout": "2.5s"}},
		{name: "a variable of OpenTelemetry over the file", file: onZipkin + "timeout: 3", env: []string{"OTEL_EXPORTER_ZIPKIN_TIMEOUT=2500"}, want: values{"zipkin.timeout": "2.5s", "timeout": "3s"}},
		{name: "section by an alias", file: "exporter_type: stdout\nsample_rate: 1\nstdout: {pretty: true}", kinds: only(config.WarnAlias, config.WarnAlias), want: values{"console.pretty": "true"}},
		{name: "batch above queue", file: "batch: {max_queue_size: 100, max_export_batch_size: 200}", kinds: only(config.WarnSuspicious), want: values{"batch.max_export_batch_size": "100"}},
		{name: "rate without use", file: onJaeger + "sampling: {sampler: always_on}", kinds: only(config.WarnIgnored)},
		{name: "always_off", file: "exporter_type: jaeger\nsampling: {sampler: always_off}", kinds: only(config.WarnNoTraces)},
	})
}

func TestCertificateFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, none := filepath.Join(dir, "text.pem"), filepath.Join(dir, "none.pem")
	if err := os.WriteFile(text, []byte("no certificate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, file, scheme string
		kind               config.Kind
		want               string
	}{
		{"missing", none, "https", config.ErrFile, "open " + none + ": no such file or directory"},
		{"not PEM", text, "https", config.ErrFile, text + " holds no certificate"},
		{"plain text", none, "http", config.WarnIgnored, "the connection is plain text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, ds := check(t, section(onOTLP+"otlp: {endpoint: '"+tt.scheme+"://h:4317', grpc: {certificate_file: "+tt.file+"}}"))
			wantKinds(t, ds, tt.kind)
			if !strings.Contains(lines(ds), tt.want) {
				t.Errorf("diagnosed %s, want %s", lines(ds), tt.want)
			}
			if cfg != nil && cfg.Exporters["otlp"].Settings["grpc"] != nil && len(cfg.Exporters["otlp"].Settings["grpc"].(map[string]any)) > 0 {
				t.Errorf("an ignored file is handed on: %v", cfg.Exporters["otlp"])
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	http := onOTLP + "otlp:\n  protocol: http\n  http:\n    headers: "
	grpc := onOTLP + "otlp:\n  grpc:\n    headers: "
	runAll(t, []situation{
		{name: "Keep-Alive", file: http + "{Keep-Alive: 'timeout=5, max=1000'}", kinds: only(config.WarnSuspicious)},
		{name: "three items", file: grpc + `[["a","b","c"]]`, kinds: only(config.ErrHeader), at: []string{"tracing.yaml:6:17:"}},
		{name: "a text", file: grpc + `["x"]`, kinds: only(config.ErrHeader), at: []string{"tracing.yaml:6:17:"}},
		{name: "one item", file: grpc + `[["a"]]`, kinds: only(config.ErrHeader)},
		{name: "null", file: http + "{A: ~}", kinds: only(config.ErrWrongType)},
		{name: "nested", file: http + "{A: {b: c}}", kinds: only(config.ErrWrongType)},
		{name: "bad name", file: http + `{"bad key": v}`, kinds: only(config.ErrHeader)},
		{name: "line break", file: http + `{A: "v\nw"}`, kinds: only(config.ErrHeader)},
		{name: "tab", file: http + `{A: "v\tw"}`, kinds: only(config.ErrHeader)},
		{name: "a name that gRPC cannot send", file: grpc + `{"x~y": v}`, kinds: only(config.ErrHeader)},
		{name: "twice", file: http + "{X-A: 1, x-a: 2}", kinds: only(config.ErrHeader)},
		{name: "grpc-encoding", file: grpc + `[["grpc-encoding","gzip"]]`, kinds: only(config.WarnInferred), want: values{"otlp.compression": "gzip", "otlp.grpc.headers": ""}},
		{name: "reserved", file: grpc + "{User-Agent: x, te: y, X-A: z}", kinds: only(config.WarnIgnored, config.WarnIgnored), want: values{"otlp.grpc.headers": "x-a=***"}},
		{name: "Host", file: http + "{Host: x, Content-Type: y}", kinds: only(config.WarnIgnored, config.WarnIgnored), want: values{"otlp.http.headers": ""}},
	})
}

// headers are the settings that an exporter would get.
func headers(cfg *config.Config, protocol string) any {
	section, _ := cfg.Exporters["otlp"].Settings[protocol].(map[string]any)
	return section["headers"]
}

func TestValidCertificates(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	tls := func(cert, key string) string {
		return section(onOTLP + "otlp: {endpoint: 'https://h:4317', grpc: {certificate_file: " + cert + ", client_certificate_file: " + cert + ", client_key_file: " + key + "}}")
	}
	cfg, ds := check(t, tls(cert, key))
	wantKinds(t, ds)
	if cfg == nil || cfg.Source("otlp.grpc.client_key_file") == "built-in" {
		t.Errorf("loaded %v", cfg)
	}
	_, ds = check(t, tls(cert, cert))
	wantKinds(t, ds, config.ErrFile)
	if !strings.Contains(lines(ds), "holds no key") {
		t.Errorf("diagnosed %s", lines(ds))
	}
}

// pair writes a certificate and its key.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
