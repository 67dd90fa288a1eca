package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/spanroute/spanroute/config"
)

// With every variable of OpenTelemetry set to rubbish, the configuration is what the file says.
func TestInvalidOTelVariablesChangeNothing(t *testing.T) {
	t.Parallel()
	var rubbish []string
	for _, k := range config.Table(kit) {
		for _, name := range k.OTel {
			switch k.Type {
			case "string", "map":
				if len(k.Enum) == 0 && name != "OTEL_RESOURCE_ATTRIBUTES" && k.Type != "map" {
					continue // any text will do there; the test below has those
				}
			}
			rubbish = append(rubbish, name+"=\x01 %zz ] rubbish")
		}
	}
	for name, file := range map[string]string{
		"zipkin": onZipkin, "jaeger": onJaeger + "jaeger: {collector_endpoint: 'http://h:14268/api/traces'}",
		"otlp":      onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318/v1/traces', http: {headers: {a: b}}}",
		"otlp grpc": onOTLP + "otlp: {endpoint: 'http://h:4317', grpc: {headers: {a: b}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean, _ := check(t, section(file))
			dirty, ds := check(t, section(file), rubbish...)
			if dirty == nil {
				t.Fatalf("rubbish stops the program:\n%s", lines(ds))
			}
			opts := cmp.Options{cmpopts.IgnoreFields(config.Config{}, "Warnings"), cmpopts.IgnoreUnexported(config.Config{}, config.Exporter{}), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(*clean, *dirty, opts); diff != "" {
				t.Errorf("rubbish changes the configuration (-clean +dirty):\n%s", diff)
			}
			if len(ds) < 20 {
				t.Errorf("%d warnings, want one for each variable:\n%s", len(ds), lines(ds))
			}
		})
	}
}

// Endpoints, hosts and files that cannot be used are rubbish too.
func TestInvalidOTelEndpointsChangeNothing(t *testing.T) {
	t.Parallel()
	rubbish := []string{
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
			clean, _ := check(t, section(file))
			dirty, ds := check(t, section(file), rubbish...)
			if dirty == nil {
				t.Fatalf("rubbish stops the program:\n%s", lines(ds))
			}
			opts := cmp.Options{cmpopts.IgnoreFields(config.Config{}, "Warnings"), cmpopts.IgnoreUnexported(config.Config{}, config.Exporter{}), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(*clean, *dirty, opts); diff != "" {
				t.Errorf("rubbish changes the configuration (-clean +dirty):\n%s\n%s", diff, lines(ds))
			}
		})
	}
}
