package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestHeadersForAllProtocols(t *testing.T) {
	const variable = "OTEL_EXPORTER_OTLP_HEADERS=X-Env=v"
	all := "headers: {X-All: a}"
	runAll(t, []situation{
		{name: "over gRPC, the default", file: onOTLP + "otlp: {" + all + "}", want: values{"otlp.headers": "X-All=***", "otlp.grpc.headers": "x-all=***", "otlp.http.headers": ""}},
		{name: "over HTTP", file: onOTLP + "otlp: {protocol: http, " + all + "}", want: values{"otlp.headers": "X-All=***", "otlp.http.headers": "X-All=***", "otlp.grpc.headers": ""}},
		{name: "as pairs", file: onOTLP + "otlp: {headers: [[X-All, a]]}", want: values{"otlp.grpc.headers": "x-all=***"}},
		{name: "as text", file: onOTLP + "otlp: {headers: 'X-All=a,x-b=c'}", want: values{"otlp.grpc.headers": "x-all=***,x-b=***"}},
		{name: "the protocol's own in the same file", file: onOTLP + "otlp: {" + all + ", grpc: {headers: {X-Own: o}}}", want: values{"otlp.grpc.headers": "x-own=***"}},
		{name: "from a variable", file: onOTLP, env: []string{variable}, want: values{"otlp.headers": "X-Env=***", "otlp.grpc.headers": "x-env=***"}},
		{name: "from the variable for traces", file: onOTLP, env: []string{variable, "OTEL_EXPORTER_OTLP_TRACES_HEADERS=X-Traces=v"}, want: values{"otlp.grpc.headers": "x-traces=***"}},
		{name: "a variable over the file's own for the protocol", file: onOTLP + "otlp: {grpc: {headers: {X-Own: o}}}", env: []string{variable}, want: values{"otlp.grpc.headers": "x-env=***"}},
		{name: "a SPANROUTE_* variable over an OTEL_* variable", file: onOTLP, env: []string{variable, "SPANROUTE_OTLP_HEADERS=X-Kit=k"}, kinds: only(config.WarnHidden), want: values{"otlp.grpc.headers": "x-kit=***"}},
		{name: "the protocol's own in a higher layer", file: onOTLP + "otlp: {" + all + "}", env: []string{"SPANROUTE_OTLP_GRPC_HEADERS=X-Own=o"}, want: values{"otlp.grpc.headers": "x-own=***"}},
		{
			name: "of HTTP while gRPC is used", file: onOTLP + "otlp: {http: {headers: {X-Own: o}}}", kinds: only(config.WarnIgnored),
		},
		{
			name: "of gRPC while HTTP is used", file: onOTLP + "otlp: {protocol: http/json, grpc: {headers: {X-Own: o}}}", kinds: only(config.WarnIgnored), want: values{"otlp.http.headers": ""},
		},
		{name: "of HTTP, exporter not selected", file: onZipkin + "otlp: {http: {headers: {X-Own: o}}}"},
		{name: "reserved over HTTP", file: onOTLP + "otlp: {protocol: http, headers: {Host: h, X-A: a}}", kinds: only(config.WarnIgnored), want: values{"otlp.http.headers": "X-A=***"}},
		{name: "reserved over gRPC", file: onOTLP + "otlp: {headers: {grpc-timeout: 1S, X-A: a}}", kinds: only(config.WarnIgnored), want: values{"otlp.grpc.headers": "x-a=***"}},
		{name: "gzip", file: onOTLP + "otlp: {headers: {Grpc-Encoding: gzip}}", kinds: only(config.WarnInferred), want: values{"otlp.compression": "gzip", "otlp.grpc.headers": ""}},
		{name: "a name that gRPC cannot send", file: onOTLP + "otlp: {headers: {x~y: s3cret}}", kinds: only(config.ErrHeader)},
		{name: "that name over HTTP", file: onOTLP + "otlp: {protocol: http, headers: {x~y: v}}", want: values{"otlp.http.headers": "x~y=***"}},
		{name: "that name in a variable", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_HEADERS=x~y=s3cret,x-a=b"}, kinds: only(config.ErrHeader), want: values{"otlp.grpc.headers": "x-a=***"}},
		{name: "a line break", file: onOTLP + `otlp: {headers: {A: "s3cret\nw"}}`, kinds: only(config.ErrHeader)},
		{name: "a name twice", file: onOTLP + "otlp: {headers: {X-A: 1, x-a: 2}}", kinds: only(config.ErrHeader)},
	})
}

// What the exporter gets, and that a configuration which is printed and loaded again gives it once more.
func TestHeadersForAllProtocolsReachTheExporter(t *testing.T) {
	t.Parallel()
	for protocol, want := range map[string]settings.Pairs{"grpc": {{Name: "x-all", Value: "s3cret"}}, "http": {{Name: "X-All", Value: "s3cret"}}} {
		cfg, ds := check(t, section(onOTLP+"otlp: {protocol: "+protocol+", headers: {X-All: s3cret}}"))
		wantKinds(t, ds)
		if diff := cmp.Diff(any(want), headers(cfg, protocol)); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", protocol, diff)
		}
		x, _ := cfg.Explain("otlp." + protocol + ".headers")
		if place := x.Origin.String(); !strings.HasSuffix(place, "tracing.yaml:4:35") {
			t.Errorf("%s: set at %s, want the place of otlp.headers", protocol, place)
		}
		var b strings.Builder
		if err := cfg.WriteYAML(&b, true); err != nil {
			t.Fatal(err)
		}
		again, _ := check(t, b.String())
		if diff := cmp.Diff(headers(cfg, protocol), headers(again, protocol)); diff != "" {
			t.Errorf("%s: headers after printing (-before +after):\n%s\n%s", protocol, diff, b.String())
		}
	}
}

func TestEndpointsThatLeaveTLSOpen(t *testing.T) {
	runAll(t, []situation{
		{name: "host and port", file: onOTLP + "otlp: {endpoint: 'collector:4317'}", kinds: only(config.WarnInferred), at: []string{"tracing.yaml:4:20: tracing.otlp.endpoint:"}},
		{name: "in a variable", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317"}, kinds: only(config.WarnInferred), at: []string{"OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint:"}},
		{
			name: "a host alone", file: onOTLP + "otlp: {endpoint: collector}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "collector:4317"},
		},
		{name: "IPv6", file: onOTLP + "otlp: {endpoint: '[::1]:4317'}", kinds: only(config.WarnInferred)},
		{name: "a resolver", file: onOTLP + "otlp: {endpoint: 'dns:///h:4317'}", kinds: only(config.WarnInferred)},
		{name: "jaeger", file: onJaeger + "jaeger: {protocol: grpc, collector_endpoint: 'h:14250'}", kinds: only(config.WarnInferred)},
		{name: "insecure: true decides", file: onOTLP + "otlp: {endpoint: 'collector:4317', grpc: {insecure: true}}"},
		{name: "insecure: false decides", file: onOTLP + "otlp: {endpoint: 'collector:4317', grpc: {insecure: false}}"},
		{name: "insecure in a variable decides", file: onOTLP + "otlp: {endpoint: 'collector:4317'}", env: []string{"OTEL_EXPORTER_OTLP_INSECURE=true"}},
		{name: "a host alone, insecure", file: onOTLP + "otlp: {endpoint: collector, grpc: {insecure: true}}", kinds: only(config.WarnInferred)},
		{name: "a scheme decides", file: onOTLP + "otlp: {endpoint: 'https://collector:4317'}"},
		{name: "the default", file: onOTLP},
		{name: "not selected", file: onZipkin + "otlp: {endpoint: 'collector:4317'}"},
	})
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
