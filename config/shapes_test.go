package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

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

func TestCodeLayerShapes(t *testing.T) {
	t.Parallel()
	load := func(section map[string]any) (*config.Config, config.Diagnostics) {
		return config.Diagnose(config.Sources{Environ: []string{}, Registry: kit, Overrides: section})
	}
	cfg, ds := load(map[string]any{
		"type": "zipkin", "sample_rate": "0.5", "timeout": 3 * time.Second, "excluded_urls": "a,b",
		"zipkin": map[any]any{"headers": map[string]any{"A": 1}, "local_node_ipv4": 3232235521},
		"stdout": map[string]any{"pretty": true}, "jaeger": nil,
	})
	wantKinds(t, ds, config.WarnAlias, config.WarnAlias, config.WarnCoerced)
	if cfg == nil || cfg.Timeout != 3*time.Second || cfg.Exporters["zipkin"].Settings["local_node_ipv4"] != "192.168.0.1" {
		t.Errorf("loaded %v", cfg)
	}
	_, ds = load(map[string]any{
		"smaple_rate": 1, "zipkin.endpoint": "x", "batch": 5, "otlp": map[any]any{5: 6}, "excluded_urls": "a{1,2}", "timeout": true,
		"service_name": []string{"a"}, "enabled": "perhaps",
	})
	wantKinds(t, ds, config.ErrUnknownKey, config.ErrUnknownKey, config.ErrWrongType, config.ErrWrongType, config.ErrPattern,
		config.ErrWrongType, config.ErrWrongType, config.ErrWrongType)
	for _, d := range ds {
		if !strings.HasPrefix(d.Error(), "override: ") {
			t.Errorf("%s does not name its layer", d.Error())
		}
	}
}

func TestBareHosts(t *testing.T) {
	runAll(t, []situation{
		{name: "zipkin", file: onZipkin + "zipkin: {endpoint: h}", kinds: only(config.WarnInferred), want: values{"zipkin.endpoint": "http://h:9411/api/v2/spans"}},
		{name: "jaeger", file: onJaeger + "jaeger: {collector_endpoint: h}", kinds: only(config.WarnInferred), want: values{"jaeger.collector_endpoint": "http://h:14268/api/traces"}},
		{name: "jaeger grpc", file: onJaeger + "jaeger: {protocol: grpc, collector_endpoint: h}", kinds: only(config.WarnInferred), want: values{"jaeger.collector_endpoint": "h:14250"}},
		{name: "otlp http", file: onOTLP + "otlp: {protocol: http/json, endpoint: h}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "http://h:4318/v1/traces"}},
		{name: "escaped path", file: onOTLP + "otlp: {protocol: http}", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318/a%2Fb"}, want: values{"otlp.endpoint": "http://h:4318/a%2Fb/v1/traces"}},
		{name: "otlp unix socket", file: onOTLP + "otlp: {endpoint: 'unix:///run/otel.sock', grpc: {insecure: true}}", want: values{"otlp.endpoint": "unix:///run/otel.sock"}},
	})
}

func TestOddShapes(t *testing.T) {
	runAll(t, []situation{
		{name: "a key that is a list", file: "[a]: b\nsample_rate: 1", kinds: only(config.ErrWrongType)},
		{name: "a section that is a list", file: "batch: [a]", kinds: only(config.ErrWrongType)},
		{name: "a section that is null", file: "batch: ~\nsample_rate: 1"},
		{name: "resource attributes as bad pairs", file: "resource_attributes: [[a]]", kinds: only(config.ErrWrongType)},
		{name: "a list for a number", file: "max_tag_value_length: [1]", kinds: only(config.ErrWrongType)},
		{name: "a map for a bool", file: "enabled: {a: b}", kinds: only(config.ErrWrongType)},
		{name: "a list for a section of headers", file: "zipkin: {headers: 5}", kinds: only(config.ErrWrongType)},
		{name: "yes", file: "enabled: yes", kinds: only(config.WarnCoerced), want: values{"enabled": "true"}},
		{name: "whole float", file: "max_tag_value_length: 10.0", kinds: only(config.WarnCoerced), want: values{"max_tag_value_length": "10"}},
		{name: "a tag inside a list", file: "excluded_paths: [!x /a]", kinds: only(config.ErrWrongType)},
		{name: "a tag inside a map", file: "resource_attributes: {a: !x b}", kinds: only(config.ErrWrongType)},
		{name: "a variable inside a list", file: "excluded_paths: ['${P}']", env: []string{"P=/a"}, want: values{"excluded_paths": "/a"}},
		{name: "a bad variable inside a map", file: "resource_attributes: {a: '${1}'}", kinds: only(config.ErrSyntax)},
		{name: "an open variable", file: "service_name: a${b", kinds: only(config.ErrSyntax)},
		{name: "merge of a list", raw: "a: &a {timeout: 1}\nb: &b {timeout: 2, sample_rate: 1}\ntracing: {<<: [*a, *b]}\n", want: values{"timeout": "1s", "sample_rate": "1"}},
	})
}

func TestIgnoredAndWarnings(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, "", "OTEL_TRACES_SAMPLER_ARG=1", "OTEL_BSP_MAX_QUEUE_SIZE=x", "SPANROUTE_MAX_TAG_VALUE_LENGTH=0")
	if got := len(cfg.Ignored()); got != 2 {
		t.Errorf("ignored %v, want two variables", cfg.Ignored())
	}
	if got := len(cfg.Warnings.Warnings()); got != 3 || len(cfg.Warnings.Errors()) != 0 {
		t.Errorf("warnings %v, want three", cfg.Warnings)
	}
	data, err := json.Marshal(cfg.Warnings)
	if err != nil || !strings.Contains(string(data), `"source":"OTEL_BSP_MAX_QUEUE_SIZE"`) {
		t.Errorf("JSON %s, %v", data, err)
	}
	if cfg.Registry() != kit {
		t.Error("Registry is not the one that was given")
	}
}
