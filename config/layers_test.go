package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestHeaderVariables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, text string
		want             settings.Pairs
		kinds            []config.Kind
	}{
		{"whole value", "otlp: {protocol: http, http: {headers: {Keep-Alive: 'timeout=5, max=1000'}}}", "", settings.Pairs{{Name: "Keep-Alive", Value: "timeout=5, max=1000"}}, only(config.WarnSuspicious)},
		{"decoded", "otlp: {protocol: http}", "api-key=a%2Cb%20c,x=1", settings.Pairs{{Name: "api-key", Value: "a,b c"}, {Name: "x", Value: "1"}}, nil},
		{"the good pair", "otlp: {protocol: http}", "novalue,k=v,b=%zz", settings.Pairs{{Name: "k", Value: "v"}}, only(config.ErrHeader, config.ErrHeader)},
		{"the variable's map only", "otlp: {protocol: http, http: {headers: {A: s3cret, B: two}}}", "k=v", settings.Pairs{{Name: "k", Value: "v"}}, nil},
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
			if strings.Contains(tt.file, "s3cret") {
				x, _ := cfg.Explain("otlp.http.headers")
				if want := "A=***,B=***"; len(x.Hides) != 1 || x.Hides[0].Value != want {
					t.Errorf("hides %v, want %s", x.Hides, want)
				}
			}
		})
	}
}

func TestOTelVariables(t *testing.T) {
	runAll(t, []situation{
		{name: "agent host", file: onJaeger + "jaeger: {thrift: {agent_host_name: localhost}}", env: []string{"OTEL_EXPORTER_JAEGER_AGENT_HOST=jaeger"}, want: values{"jaeger.thrift.agent_host_name": "jaeger"}},
		{name: "argument alone", env: []string{"OTEL_TRACES_SAMPLER_ARG=0.5"}, kinds: only(config.WarnIgnored), want: values{"sample_rate": "0"}},
		{name: "sampler over a file's rate", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio"}, want: values{"sample_rate": "0.1", "sampling.sampler": "traceidratio"}},
		{name: "sampler without a rate", env: []string{"OTEL_TRACES_SAMPLER=traceidratio"}, kinds: only(config.WarnInferred), want: values{"sample_rate": "1"}},
		{name: "0 means no limit for timeouts only", file: "sample_rate: 1", env: []string{"OTEL_BSP_SCHEDULE_DELAY=0"}, kinds: only(config.ErrOutOfRange), want: values{"batch.schedule_delay": "5s"}},
		{name: "a sampler that does not exist", file: "sampling: {sampler: always_on}", env: []string{"OTEL_TRACES_SAMPLER=bogus"}, kinds: only(config.ErrUnknownValue), want: values{"sampling.sampler": "always_on"}},
		{name: "capitals", env: []string{"OTEL_TRACES_SAMPLER=ALWAYS_ON"}, want: values{"sampling.sampler": "always_on"}},
		{name: "empty", file: "sampling: {sampler: always_on}", env: []string{"OTEL_TRACES_SAMPLER="}, want: values{"sampling.sampler": "always_on"}},
		{name: "remote", file: "sample_rate: 0.5", env: []string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote"}, kinds: only(config.WarnIgnored), want: values{"sampling.sampler": "parentbased_jaeger_remote"}},
		{name: "NaN", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=NaN"}, kinds: only(config.ErrWrongType), want: values{"sample_rate": "0.1"}},
		{name: "1.5", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=1.5"}, kinds: only(config.ErrOutOfRange), want: values{"sample_rate": "0.1"}},
		{name: "-1", file: "sample_rate: 0.1", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=-1"}, kinds: only(config.ErrOutOfRange), want: values{"sample_rate": "0.1"}},
		{name: "0.1x", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1x"}, kinds: only(config.ErrWrongType, config.WarnInferred), want: values{"sample_rate": "1"}},
		{name: "a good one", env: []string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG= 0.25 "}, want: values{"sample_rate": "0.25"}},
		{name: "10", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=10"}, kinds: only(config.WarnSuspicious), want: values{"otlp.timeout": "10ms"}},
		{name: "with unit", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=5s"}, kinds: only(config.ErrWrongType), want: values{"otlp.timeout": "10s"}},
		{name: "negative", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=-1"}, kinds: only(config.ErrOutOfRange), want: values{"otlp.timeout": "10s"}},
		{name: "zero", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=0"}, want: values{"otlp.timeout": "no limit"}},
		{name: "bad specific, good generic", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=x", "OTEL_EXPORTER_OTLP_TIMEOUT=2000"}, kinds: only(config.ErrWrongType), want: values{"otlp.timeout": "2s"}},
		{name: "two", file: "sample_rate: 1", env: []string{"OTEL_TRACES_EXPORTER=otlp,console"}, want: values{"exporter_type": "otlp,console"}},
		{name: "none wins", file: onZipkin, env: []string{"OTEL_TRACES_EXPORTER=otlp,none"}, kinds: only(config.ErrConflict), want: values{"exporter_type": ""}},
		{name: "an exporter that does not exist", file: onZipkin, env: []string{"OTEL_TRACES_EXPORTER=bogus"}, kinds: only(config.ErrUnknownValue), want: values{"exporter_type": "zipkin"}},
		{name: "logging", file: "sample_rate: 1", env: []string{"OTEL_TRACES_EXPORTER=logging"}, want: values{"exporter_type": "console"}},
		{name: "queue", env: []string{"OTEL_BSP_MAX_QUEUE_SIZE=-1"}, kinds: only(config.ErrOutOfRange), want: values{"batch.max_queue_size": "2048"}},
		{name: "delay with unit", env: []string{"OTEL_BSP_SCHEDULE_DELAY=5s"}, kinds: only(config.ErrWrongType)},
		{name: "export timeout zero", env: []string{"OTEL_BSP_EXPORT_TIMEOUT=0"}, want: values{"batch.export_timeout": "no limit"}},
		{name: "true", env: []string{"OTEL_SDK_DISABLED=true"}, want: values{"enabled": "false"}},
		{name: "TRUE", env: []string{"OTEL_SDK_DISABLED=TRUE"}, want: values{"enabled": "false"}},
		{name: "1", env: []string{"OTEL_SDK_DISABLED=1"}, kinds: only(config.ErrWrongType), want: values{"enabled": "true"}},
		{name: "one bad pair", env: []string{"OTEL_RESOURCE_ATTRIBUTES=a=1,b"}, kinds: only(config.ErrHeader), want: values{"resource_attributes": ""}},
		{name: "service name", env: []string{"OTEL_RESOURCE_ATTRIBUTES=service.name=b,x=1", "OTEL_SERVICE_NAME=a"}, want: values{"service_name": "a", "resource_attributes": "x=1"}},
		{name: "service name among attributes", file: "service_name: f\nresource_attributes: {y: 2}", env: []string{"OTEL_RESOURCE_ATTRIBUTES=service.name=b,x=1"}, want: values{"service_name": "b", "resource_attributes": "y=2,x=1"}},
		{name: "endpoint without exporter", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317"}, kinds: only(config.WarnSuspicious), want: values{"exporter_type": ""}},
		{name: "their file", env: []string{"OTEL_CONFIG_FILE=x.yaml"}, kinds: only(config.WarnIgnored)},
		{name: "length zero cuts to nothing", env: []string{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=0"}, want: values{"max_tag_value_length": "0"}},
		{name: "port out of range", file: onJaeger, env: []string{"OTEL_EXPORTER_JAEGER_AGENT_PORT=70000"}, kinds: only(config.ErrOutOfRange), want: values{"jaeger.thrift.agent_port": "6831"}},
		{name: "propagators none wins", env: []string{"OTEL_PROPAGATORS=tracecontext,none"}, want: values{"propagators": ""}},
		{name: "propagators unsupported", env: []string{"OTEL_PROPAGATORS=b3,baggage"}, kinds: only(config.ErrUnsupported), want: values{"propagators": "baggage"}},
		{name: "bare endpoint, grpc", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317"}, kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "collector:4317"}},
		{name: "bare endpoint, http", file: onOTLP + "otlp: {protocol: http}", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}, kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "http://collector:4318/v1/traces"}},
		{name: "generic endpoint is joined", file: onOTLP + "otlp: {protocol: http}", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318/x/"}, want: values{"otlp.endpoint": "http://h:4318/x/v1/traces"}},
		{name: "specific endpoint stays", file: onOTLP + "otlp: {protocol: http}", env: []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h:4318"}, want: values{"otlp.endpoint": "http://h:4318/"}},
		{name: "unusable endpoint", file: onOTLP + "otlp: {endpoint: 'http://f:4317'}", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:99999"}, kinds: only(config.ErrURL), want: values{"otlp.endpoint": "http://f:4317"}},
		{name: "headers", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_HEADERS=x-a=v%201%2C2, bad header=1,noeq"}, kinds: only(config.ErrHeader, config.ErrHeader), want: values{"otlp.grpc.headers": "x-a=***"}},
		{name: "certificate with plain text", file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere.pem"}, kinds: only(config.WarnIgnored)},
	})
}

func TestSpanrouteVariables(t *testing.T) {
	runAll(t, []situation{
		{name: "empty", file: onZipkin, env: []string{"SPANROUTE_EXPORTER_TYPE="}, want: values{"exporter_type": "zipkin"}},
		{
			name: "port", env: []string{"SPANROUTE_JAEGER_THRIFT_AGENT_PORT=x"}, kinds: only(config.ErrWrongType),
		},
		{name: "JSON", env: []string{`SPANROUTE_EXCLUDED_URLS=["a{1,3}"]`}, want: values{"excluded_urls": "a{1,3}"}},
		{name: "two", env: []string{"SPANROUTE_EXCLUDED_URLS=a,b"}, want: values{"excluded_urls": "a,b"}},
		{name: "cleared", file: "excluded_urls: [x]", env: []string{"SPANROUTE_EXCLUDED_URLS=[]"}, want: values{"excluded_urls": ""}},
		{
			name: "alias and key", env: []string{"SPANROUTE_TYPE=zipkin", "SPANROUTE_EXPORTER_TYPE=otlp"},
			kinds: only(config.ErrConflict, config.WarnAlias),
		},
		{name: "unknown variable", env: []string{"SPANROUTE_SMAPLE_RATE=1"}, kinds: only(config.ErrUnknownKey)},
		{name: "unknown variable with the section", env: []string{"SPANROUTE_TRACING_SAMPLE_RATE=1"}, kinds: only(config.ErrUnknownKey)},
		{name: "rules are JSON", env: []string{`SPANROUTE_SAMPLING_RULES=[{"path":"/x","drop":true}]`}, want: values{"sampling.rules": `{"drop":true,"path":["/x"]}`}},
		{name: "rules are not JSON", env: []string{"SPANROUTE_SAMPLING_RULES=x"}, kinds: only(config.ErrWrongType)},
		{name: "hidden", env: []string{"SPANROUTE_TIMEOUT=3", "SPANROUTE_OTLP_ENDPOINT=http://a:4317", "OTEL_EXPORTER_OTLP_ENDPOINT=http://b:4317", "SPANROUTE_EXPORTER_TYPE=otlp", "SPANROUTE_SAMPLE_RATE=1"}, kinds: only(config.WarnHidden), want: values{"otlp.endpoint": "http://a:4317"}},
		{name: "no UTF-8", env: []string{"SPANROUTE_SERVICE_NAME=\xff"}, kinds: only(config.ErrEncoding)},
	})
}

func TestDefaultsInCode(t *testing.T) {
	t.Parallel()
	port := func(v any) map[string]any {
		return map[string]any{"jaeger": map[string]any{"thrift": map[string]any{"agent_port": v}}}
	}
	cfg, ds := config.Diagnose(config.Sources{Environ: []string{}, Registry: builtin, Defaults: port(6831.0)})
	wantKinds(t, ds)
	if x, _ := cfg.Explain("jaeger.thrift.agent_port"); x.Value != "6831" || x.Origin.String() != "default" {
		t.Errorf("float64 6831.0: %v", x)
	}
	_, ds = config.Diagnose(config.Sources{Environ: []string{}, Registry: builtin, Defaults: port(6831.5)})
	wantKinds(t, ds, config.ErrWrongType)
}

func TestLayersInOrder(t *testing.T) {
	t.Parallel()
	file := write(t, "tracing: {timeout: 2, service_name: file}")
	cfg, err := config.Load(config.Sources{
		Files:     []string{file},
		Registry:  builtin,
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
		t.Errorf("explain:\n%swant\n%s", x, want)
	}
	want = "service_name = code\n  from  override\n  hides --tracing.service-name = flag\n  hides SPANROUTE_SERVICE_NAME = kit\n  hides OTEL_SERVICE_NAME = otel\n  hides " + file + ":1:37 = file\n"
	if x, _ := cfg.Explain("service_name"); x.String() != want {
		t.Errorf("explain:\n%swant\n%s", x, want)
	}
}

// A common timeout in a SPANROUTE_* variable overrides an OTEL_* timeout of one exporter.
func TestHiddenTimeoutOfOneExporter(t *testing.T) {
	runAll(t, []situation{
		{name: "common over one exporter's", file: "sample_rate: 1\nexporter_type: otlp", env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=7000", "SPANROUTE_TIMEOUT=5"},
			kinds: only(config.WarnHidden), want: values{"otlp.timeout": "5s"},
			at: []string{"SPANROUTE_TIMEOUT: timeout:"}},
		{name: "the same value", file: "sample_rate: 1\nexporter_type: otlp", env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=5000", "SPANROUTE_TIMEOUT=5"}},
		{name: "a file hides nothing", file: "sample_rate: 1\nexporter_type: otlp\ntimeout: 5", env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=7000"},
			want: values{"otlp.timeout": "7s"}},
	})
}

// Load keeps nothing of the maps that code gives it.
func TestCodeLayersAreCopied(t *testing.T) {
	t.Parallel()
	attributes := map[string]any{"a": "1"}
	list := []string{"/x"}
	s := config.Sources{Environ: []string{}, Registry: builtin, Defaults: map[string]any{"resource_attributes": attributes, "excluded_paths": list}}
	first, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	first.ExcludedPaths[0], first.ResourceAttributes[0].Value = "/polluted", "polluted"
	second, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	if second.ExcludedPaths[0] != "/x" || second.ResourceAttributes[0].Value != "1" || list[0] != "/x" {
		t.Errorf("the second load sees %v and %v", second.ExcludedPaths, second.ResourceAttributes)
	}
}

func TestResourceAttributesMerge(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, section("resource_attributes: {a: 1, b: 2}"), "OTEL_RESOURCE_ATTRIBUTES=b=3", "SPANROUTE_RESOURCE_ATTRIBUTES=c=4")
	want := settings.Pairs{{Name: "a", Value: "1"}, {Name: "b", Value: "3"}, {Name: "c", Value: "4"}}
	if !slices.Equal(cfg.ResourceAttributes, want) {
		t.Errorf("attributes %v, want %v", cfg.ResourceAttributes, want)
	}
}

// Loads run side by side, with one registry or another.
func TestLoadConcurrently(t *testing.T) {
	t.Parallel()
	s := []config.Sources{
		{Files: []string{write(t, tenLines)}, Environ: []string{}, Registry: builtin},
		{Files: []string{write(t, section("lines: {path: x}"))}, Environ: []string{}, Registry: withPlugin(t)},
	}
	done := make(chan error)
	for i := range 8 {
		go func() {
			_, err := config.Load(s[i%2])
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// A conflict within a map of the program names both keys.
func TestConflictInCode(t *testing.T) {
	t.Parallel()
	_, ds := config.Diagnose(config.Sources{Environ: []string{}, Registry: builtin, Overrides: map[string]any{"type": "otlp", "exporter_type": "zipkin"}})
	if want := `type: "otlp" conflicts with exporter_type; keep one`; !strings.Contains(lines(ds), want) {
		t.Errorf("diagnosed %s, want %s", lines(ds), want)
	}
}

// Text that is not valid UTF-8, which no exporter can send, is refused in every layer.
func TestTextThatIsNotValidUTF8(t *testing.T) {
	runAll(t, []situation{
		{name: "OpenTelemetry's name", env: []string{"OTEL_SERVICE_NAME=\xff"}, kinds: only(config.ErrEncoding), want: values{"service_name": ""}},
		{name: "OpenTelemetry's attributes", env: []string{"OTEL_RESOURCE_ATTRIBUTES=a=\xff"}, kinds: only(config.ErrEncoding), want: values{"resource_attributes": ""}},
		{name: "behind percent signs", env: []string{"OTEL_RESOURCE_ATTRIBUTES=a=%ff,b=c"}, kinds: only(config.ErrEncoding), want: values{"resource_attributes": ""}},
		{name: "in a file", file: "resource_attributes: \"a=%ff\"", kinds: only(config.ErrEncoding)},
		{name: "spanroute's name", env: []string{"SPANROUTE_SERVICE_NAME=\xff"}, kinds: only(config.ErrEncoding)},
	})
}
