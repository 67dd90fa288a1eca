package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestCasesHeaderVariables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, text string
		want             settings.Pairs
		kinds            []config.Kind
	}{
		{"34 whole value", "otlp: {protocol: http, http: {headers: {Keep-Alive: 'timeout=5, max=1000'}}}", "", settings.Pairs{{Name: "Keep-Alive", Value: "timeout=5, max=1000"}}, only(config.WarnSuspicious)},
		{"37 decoded", "otlp: {protocol: http}", "api-key=a%2Cb%20c,x=1", settings.Pairs{{Name: "api-key", Value: "a,b c"}, {Name: "x", Value: "1"}}, nil},
		{"38 the good pair", "otlp: {protocol: http}", "novalue,k=v,b=%zz", settings.Pairs{{Name: "k", Value: "v"}}, only(config.ErrHeader, config.ErrHeader)},
		{"39 the variable's map only", "otlp: {protocol: http, http: {headers: {A: s3cret, B: two}}}", "k=v", settings.Pairs{{Name: "k", Value: "v"}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, ds := check(t, section(onOTLP+tt.file), "OTEL_EXPORTER_OTLP_HEADERS="+tt.text)
			wantKinds(t, ds, tt.kinds...)
			if diff := cmp.Diff(any(tt.want), headers(cfg, "http")); diff != "" {
				t.Errorf("headers differ (-want +got):\n%s", diff)
			}
			for _, secret := range []string{"zz", "s3cret"} {
				if strings.Contains(lines(ds), secret) {
					t.Errorf("a value shows in %s", lines(ds))
				}
			}
			if tt.name[:2] == "39" {
				x, _ := cfg.Explain("otlp.http.headers")
				if want := "A=***,B=***"; len(x.Hides) != 1 || x.Hides[0].Value != want {
					t.Errorf("hides %v, want %s", x.Hides, want)
				}
			}
		})
	}
}

func TestCasesOpenTelemetryVariables(t *testing.T) {
	runAll(t, []situation{
		{name: "48 agent host", file: onJaeger + "jaeger: {thrift: {agent_host_name: localhost}}", env: []string{"OTEL_EXPORTER_JAEGER_AGENT_HOST=jaeger"}, want: values{"jaeger.thrift.agent_host_name": "jaeger"}},
		{name: "49 argument alone", env: []string{"OTEL_TRACES_SAMPLER_ARG=0.5"}, kinds: only(config.WarnIgnored), lines: []string{"OTEL_TRACES_SAMPLER_ARG: has no effect: OTEL_TRACES_SAMPLER is not set, or not valid, set it to parentbased_traceidratio"}, want: values{"sample_rate": "0"}},
		{name: "50 sampler over a file's rate", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio"}, want: values{"sample_rate": "0.1", "sampling.sampler": "traceidratio"}},
		{name: "50 sampler without a rate", env: []string{"OTEL_TRACES_SAMPLER=traceidratio"}, kinds: only(config.WarnInferred), want: values{"sample_rate": "1"}},
		{name: "51 bogus", file: "sampling: {sampler: always_on}", env: []string{"OTEL_TRACES_SAMPLER=bogus"}, kinds: only(config.ErrUnknownValue), want: values{"sampling.sampler": "always_on"}},
		{name: "51 capitals", env: []string{"OTEL_TRACES_SAMPLER=ALWAYS_ON"}, want: values{"sampling.sampler": "always_on"}},
		{name: "51 empty", file: "sampling: {sampler: always_on}", env: []string{"OTEL_TRACES_SAMPLER="}, want: values{"sampling.sampler": "always_on"}},
		{name: "51 remote", file: "sample_rate: 0.5", env: []string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote"}, kinds: only(config.ErrUnsupported), want: values{"sampling.sampler": "parentbased_traceidratio"}},
		{name: "52 NaN", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=NaN"}, kinds: only(config.ErrWrongType), want: values{"sample_rate": "0.1"}},
		{name: "52 1.5", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=1.5"}, kinds: only(config.ErrOutOfRange), want: values{"sample_rate": "0.1"}},
		{name: "52 -1", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=-1"}, kinds: only(config.ErrOutOfRange), want: values{"sample_rate": "0.1"}},
		{name: "52 0.1x", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1x"}, kinds: only(config.ErrWrongType, config.WarnInferred), want: values{"sample_rate": "1"}},
		{name: "52 a good one", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG= 0.25 "}, want: values{"sample_rate": "0.25"}},
		{name: "53 10", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=10"}, kinds: only(config.WarnSuspicious), want: values{"otlp.timeout": "10ms"}},
		{name: "53 with unit", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=5s"}, kinds: only(config.ErrWrongType), want: values{"otlp.timeout": "10s"}},
		{name: "53 negative", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=-1"}, kinds: only(config.ErrOutOfRange), want: values{"otlp.timeout": "10s"}},
		{name: "53 zero", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=0"}, want: values{"otlp.timeout": "no limit"}},
		{name: "53 bad specific, good generic", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=x", "OTEL_EXPORTER_OTLP_TIMEOUT=2000"}, kinds: only(config.ErrWrongType), want: values{"otlp.timeout": "2s"}},
		{name: "54 two", file: "sample_rate: 1", env: []string{"OTEL_TRACES_EXPORTER=otlp,console"}, want: values{"exporter_type": "otlp,console"}},
		{name: "54 none wins", file: onZipkin, env: []string{"OTEL_TRACES_EXPORTER=otlp,none"}, kinds: only(config.ErrConflict), want: values{"exporter_type": ""}},
		{name: "54 bogus", file: onZipkin, env: []string{"OTEL_TRACES_EXPORTER=bogus"}, kinds: only(config.ErrUnknownValue), want: values{"exporter_type": "zipkin"}},
		{name: "54 logging", file: "sample_rate: 1", env: []string{"OTEL_TRACES_EXPORTER=logging"}, want: values{"exporter_type": "console"}},
		{name: "55 queue", env: []string{"OTEL_BSP_MAX_QUEUE_SIZE=-1"}, kinds: only(config.ErrOutOfRange), want: values{"batch.max_queue_size": "2048"}},
		{name: "55 delay with unit", env: []string{"OTEL_BSP_SCHEDULE_DELAY=5s"}, kinds: only(config.ErrWrongType), lines: []string{`OTEL_BSP_SCHEDULE_DELAY: batch.schedule_delay: "5s" is not a number of milliseconds, ignored`}},
		{name: "55 export timeout zero", env: []string{"OTEL_BSP_EXPORT_TIMEOUT=0"}, want: values{"batch.export_timeout": "no limit"}},
		{name: "56 true", env: []string{"OTEL_SDK_DISABLED=true"}, want: values{"enabled": "false"}},
		{name: "56 TRUE", env: []string{"OTEL_SDK_DISABLED=TRUE"}, want: values{"enabled": "false"}},
		{name: "56 1", env: []string{"OTEL_SDK_DISABLED=1"}, kinds: only(config.ErrWrongType), want: values{"enabled": "true"}},
		{name: "57 one bad pair", env: []string{"OTEL_RESOURCE_ATTRIBUTES=a=1,b"}, kinds: only(config.ErrHeader), want: values{"resource_attributes": ""}},
		{name: "57 service name", env: []string{"OTEL_RESOURCE_ATTRIBUTES=service.name=b,x=1", "OTEL_SERVICE_NAME=a"}, want: values{"service_name": "a", "resource_attributes": "x=1"}},
		{name: "57 service name among attributes", file: "service_name: f\nresource_attributes: {y: 2}", env: []string{"OTEL_RESOURCE_ATTRIBUTES=service.name=b,x=1"}, want: values{"service_name": "b", "resource_attributes": "y=2,x=1"}},
		{name: "58 endpoint without exporter", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317"}, kinds: only(config.WarnSuspicious), want: values{"exporter_type": ""}},
		{name: "59 their file", env: []string{"OTEL_CONFIG_FILE=x.yaml"}, kinds: only(config.WarnIgnored)},
		{name: "length zero cuts to nothing", env: []string{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=0"}, want: values{"max_tag_value_length": "0"}},
		{name: "port out of range", file: onJaeger, env: []string{"OTEL_EXPORTER_JAEGER_AGENT_PORT=70000"}, kinds: only(config.ErrOutOfRange), want: values{"jaeger.thrift.agent_port": "6831"}},
		{name: "propagators none wins", env: []string{"OTEL_PROPAGATORS=tracecontext,none"}, want: values{"propagators": ""}},
		{name: "propagators unsupported", env: []string{"OTEL_PROPAGATORS=b3,baggage"}, kinds: only(config.ErrUnsupported), want: values{"propagators": "baggage"}},
		{name: "O2 bare endpoint, grpc", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317"}, kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "collector:4317"}},
		{name: "O2 bare endpoint, http", file: onOTLP + "otlp: {protocol: http}", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}, kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "http://collector:4318/v1/traces"}},
		{name: "generic endpoint is joined", file: onOTLP + "otlp: {protocol: http}", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318/x/"}, want: values{"otlp.endpoint": "http://h:4318/x/v1/traces"}},
		{name: "specific endpoint stays", file: onOTLP + "otlp: {protocol: http}", env: []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h:4318"}, want: values{"otlp.endpoint": "http://h:4318/"}},
		{name: "unusable endpoint", file: onOTLP + "otlp: {endpoint: 'http://f:4317'}", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:99999"}, kinds: only(config.ErrURL), want: values{"otlp.endpoint": "http://f:4317"}},
		{name: "O3 headers", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_HEADERS=x-a=v%201%2C2, bad header=1,noeq"}, kinds: only(config.ErrHeader, config.ErrHeader), want: values{"otlp.grpc.headers": "x-a=***"}},
		{name: "O4 certificate with plain text", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere.pem"}, kinds: only(config.WarnIgnored)},
	})
}

func TestCasesKitVariables(t *testing.T) {
	runAll(t, []situation{
		{name: "60 empty", file: onZipkin, env: []string{"SPANROUTE_EXPORTER_TYPE="}, want: values{"exporter_type": "zipkin"}},
		{
			name: "61 port", env: []string{"SPANROUTE_JAEGER_THRIFT_AGENT_PORT=x"}, kinds: only(config.ErrWrongType),
			lines: []string{`SPANROUTE_JAEGER_THRIFT_AGENT_PORT: jaeger.thrift.agent_port: "x" is not a whole number, want 1 to 65535`},
		},
		{name: "62 JSON", env: []string{`SPANROUTE_EXCLUDED_URLS=["a{1,3}"]`}, want: values{"excluded_urls": "a{1,3}"}},
		{name: "62 two", env: []string{"SPANROUTE_EXCLUDED_URLS=a,b"}, want: values{"excluded_urls": "a,b"}},
		{name: "62 cleared", file: "excluded_urls: [x]", env: []string{"SPANROUTE_EXCLUDED_URLS=[]"}, want: values{"excluded_urls": ""}},
		{
			name: "63 alias and key", env: []string{"SPANROUTE_TYPE=zipkin", "SPANROUTE_EXPORTER_TYPE=otlp"},
			kinds: only(config.ErrConflict, config.WarnAlias), lines: []string{`SPANROUTE_TYPE: exporter_type: "zipkin" conflicts with SPANROUTE_EXPORTER_TYPE, keep one`},
		},
		{name: "unknown variable", env: []string{"SPANROUTE_SMAPLE_RATE=1"}, kinds: only(config.ErrUnknownKey), lines: []string{`did you mean "SPANROUTE_SAMPLE_RATE"?`}},
		{name: "unknown variable with the section", env: []string{"SPANROUTE_TRACING_SAMPLE_RATE=1"}, kinds: only(config.ErrUnknownKey), lines: []string{`SPANROUTE_TRACING_SAMPLE_RATE: unknown key, did you mean "SPANROUTE_SAMPLE_RATE"?`}},
		{name: "rules are for files", env: []string{"SPANROUTE_SAMPLING_RULES=x"}, kinds: only(config.ErrUnsupported)},
		{name: "hidden", env: []string{"SPANROUTE_TIMEOUT=3", "SPANROUTE_OTLP_ENDPOINT=http://a:4317", "OTEL_EXPORTER_OTLP_ENDPOINT=http://b:4317", "SPANROUTE_EXPORTER_TYPE=otlp", "SPANROUTE_SAMPLE_RATE=1"}, kinds: only(config.WarnHidden), want: values{"otlp.endpoint": "http://a:4317"}},
		{name: "no UTF-8", env: []string{"SPANROUTE_SERVICE_NAME=\xff"}, kinds: only(config.ErrEncoding)},
	})
}

func TestCaseCodeDefaults(t *testing.T) {
	t.Parallel()
	port := func(v any) map[string]any {
		return map[string]any{"jaeger": map[string]any{"thrift": map[string]any{"agent_port": v}}}
	}
	cfg, ds := config.Check(config.Sources{Environ: []string{}, Registry: kit, Defaults: port(6831.0)})
	wantKinds(t, ds)
	if x, _ := cfg.Explain("jaeger.thrift.agent_port"); x.Value != "6831" || x.Source.String() != "default" {
		t.Errorf("64 float64 6831.0: %v", x)
	}
	_, ds = config.Check(config.Sources{Environ: []string{}, Registry: kit, Defaults: port(6831.5)})
	wantKinds(t, ds, config.ErrWrongType)
}

func TestLayersInOrder(t *testing.T) {
	t.Parallel()
	file := write(t, "tracing: {timeout: 2, service_name: file}")
	cfg, err := config.Load(config.Sources{
		Files:     []string{file},
		Registry:  kit,
		Environ:   []string{"SPANROUTE_TIMEOUT=3", "OTEL_SERVICE_NAME=otel", "SPANROUTE_SERVICE_NAME=kit"},
		Defaults:  map[string]any{"timeout": 1},
		Overrides: map[string]any{"service_name": "code"},
		Flags: func(yield func(string, string) bool) {
			_ = yield("tracing.timeout", "4s") && yield("verbose", "true") && yield("tracing.service-name", "flag")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Timeout != 4*time.Second || cfg.ServiceName != "code" {
		t.Errorf("timeout %v, service name %q, want 4s and code", cfg.Timeout, cfg.ServiceName)
	}
	want := "timeout = 4s\n  from  --tracing.timeout\n  hides SPANROUTE_TIMEOUT = 3s\n  hides " + file + ":1:20 = 2s\n  hides default = 1s\n"
	if x, _ := cfg.Explain("timeout"); x.String() != want {
		t.Errorf("70 explain:\n%swant\n%s", x, want)
	}
	want = "service_name = code\n  from  override\n  hides --tracing.service-name = flag\n  hides SPANROUTE_SERVICE_NAME = kit\n  hides OTEL_SERVICE_NAME = otel\n  hides " + file + ":1:37 = file\n"
	if x, _ := cfg.Explain("service_name"); x.String() != want {
		t.Errorf("70 explain:\n%swant\n%s", x, want)
	}
}
