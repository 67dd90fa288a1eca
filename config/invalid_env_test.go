package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/spanroute/spanroute/config"
)

// Invalid values in all OTEL_* variables change nothing that a file sets.
func TestInvalidOTelVariablesChangeNothing(t *testing.T) {
	t.Parallel()
	var invalid []string
	for _, k := range config.Table(builtin) {
		for _, name := range k.OTel {
			switch k.Type {
			case "string", "map":
				if len(k.Enum) == 0 && name != "OTEL_RESOURCE_ATTRIBUTES" && k.Type != "map" {
					continue // any text will do there; the test below has those
				}
			}
			invalid = append(invalid, name+"=\x01 %zz ] garbage")
		}
	}
	for name, file := range map[string]string{
		"zipkin": onZipkin, "jaeger": onJaeger + "jaeger: {collector_endpoint: 'http://h:14268/api/traces'}",
		"otlp":      onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318/v1/traces', http: {headers: {a: b}}}",
		"otlp grpc": onOTLP + "otlp: {endpoint: 'http://h:4317', grpc: {headers: {a: b}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ds := wantUnchanged(t, file, invalid)
			if len(ds) < 20 {
				t.Errorf("%d warnings, want one for each variable:\n%s", len(ds), lines(ds))
			}
		})
	}
}

// Endpoints, hosts and files that cannot be used change nothing either.
func TestInvalidOTelEndpointsChangeNothing(t *testing.T) {
	t.Parallel()
	invalid := []string{
		"OTEL_EXPORTER_ZIPKIN_ENDPOINT=ftp://x", "OTEL_EXPORTER_JAEGER_ENDPOINT=http://", "OTEL_EXPORTER_JAEGER_AGENT_HOST=a:b:c",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h:99999", "OTEL_EXPORTER_OTLP_ENDPOINT=::::",
		"OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere", "OTEL_EXPORTER_OTLP_CLIENT_KEY=/nowhere", "OTEL_EXPORTER_JAEGER_USER=u",
		"OTEL_EXPORTER_JAEGER_CERTIFICATE=/nowhere", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE=/nowhere",
	}
	for name, file := range map[string]string{
		"zipkin":      onZipkin + "zipkin: {endpoint: 'https://h/x'}",
		"jaeger":      onJaeger + "jaeger: {collector_endpoint: 'https://h:14268/api/traces'}",
		"jaeger grpc": onJaeger + "jaeger: {protocol: grpc, collector_endpoint: 'https://h:14250'}",
		"agent":       onJaeger + "jaeger: {thrift: {agent_host_name: h}}",
		"otlp":        onOTLP + "otlp: {protocol: http, endpoint: 'https://h:4318/v1/traces'}",
		"otlp grpc":   onOTLP + "otlp: {endpoint: 'https://h:4317'}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantUnchanged(t, file, invalid)
		})
	}
}

// wantUnchanged checks that invalid variables change nothing of the configuration in file, and returns the diagnostics.
func wantUnchanged(t *testing.T, file string, invalid []string) config.Diagnostics {
	t.Helper()
	clean, _ := check(t, section(file))
	dirty, ds := check(t, section(file), invalid...)
	if dirty == nil {
		t.Fatalf("invalid variables stop the program:\n%s", lines(ds))
	}
	opts := cmp.Options{cmpopts.IgnoreFields(config.Config{}, "Warnings"), cmpopts.IgnoreUnexported(config.Config{}, config.Exporter{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(*clean, *dirty, opts); diff != "" {
		t.Errorf("invalid variables change the configuration (-clean +dirty):\n%s\n%s", diff, lines(ds))
	}
	return ds
}
