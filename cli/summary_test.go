package cli_test

import (
	"strings"
	"testing"
)

// The last line of validate describes what a service with the configuration does.
func TestSummary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		environ    []string
		want       string // FILE is the path of the file
	}{
		{"a share, gRPC, patterns", "{exporter_type: otlp, sample_rate: 0.01, excluded_paths: [/a, /b, /c, /d/*]}", nil,
			"traces 1 in 100 new requests, sends to otlp at http://localhost:4317 over gRPC, excludes 4 path patterns"},
		{"all, HTTP, patterns of each kind", "{exporter_type: otlp, sample_rate: 1, otlp: {protocol: http}, excluded_urls: readyz, excluded_paths: [/a, /b], excluded_rpcs: [/a.B/*]}", nil,
			"traces all new requests, sends to otlp at http://localhost:4318/v1/traces over HTTP, excludes 1 URL pattern, 2 path patterns and 1 method pattern"},
		{"a share without a round number", "{exporter_type: zipkin, sample_rate: 0.3}", nil,
			"traces 30 % of new requests, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"Jaeger's agent", "{exporter_type: jaeger, sample_rate: 0.5}", nil, "traces 1 in 2 new requests, sends to jaeger at localhost:6831 over UDP"},
		{"Jaeger's agent, in spite of a collector", "{exporter_type: jaeger, sample_rate: 1, jaeger: {protocol: udp/thrift.binary, collector_endpoint: 'http://c:14268', thrift: {agent_host_name: '::1', agent_port: 1}}}", nil,
			"traces all new requests, sends to jaeger at [::1]:1 over UDP"},
		{"Jaeger's agent in brackets", "{exporter_type: jaeger, sample_rate: 1, jaeger: {thrift: {agent_host_name: '[::1]'}}}", nil,
			"traces all new requests, sends to jaeger at [::1]:6831 over UDP"},
		{"callers do not decide", "{exporter_type: zipkin, sample_rate: 0.1, sampling: {remote_parent: ignore}}", nil,
			"traces 1 in 10 requests, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"callers do not decide, rate 0", "{exporter_type: zipkin, sampling: {remote_parent: ignore}}", nil, "traces nothing: sample_rate is 0 (built-in)"},
		{"callers do not decide, on", "{exporter_type: zipkin, sampling: {remote_parent: ignore, sampler: parentbased_always_on}}", nil,
			"traces all requests, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"callers do not decide, off", "{exporter_type: zipkin, sampling: {remote_parent: ignore, sampler: parentbased_always_off}}", nil,
			"traces nothing: sampling.sampler is parentbased_always_off (FILE:1:77)"},
		{"all excluded", "{exporter_type: zipkin, sample_rate: 1, excluded_urls: 'a,/'}", nil,
			"traces nothing: excluded_urls excludes everything (FILE:1:65)"},
		{"all paths excluded", "{exporter_type: zipkin, sample_rate: 1, excluded_paths: [/a, /*], excluded_rpcs: /a.B/*}", nil,
			"traces all new requests, sends to zipkin at http://localhost:9411/api/v2/spans, excludes all HTTP requests and 1 method pattern"},
		{"all methods excluded", "{exporter_type: zipkin, sample_rate: 1, excluded_rpcs: /*}", nil,
			"traces all new requests, sends to zipkin at http://localhost:9411/api/v2/spans, excludes all gRPC calls"},
		{"Jaeger's agent, binary", "{exporter_type: jaeger, sample_rate: 1, jaeger: {protocol: udp/thrift.binary}}", nil,
			"traces all new requests, sends to jaeger at localhost:6832 over UDP"},
		{"Jaeger's collector", "{exporter_type: jaeger, sample_rate: 1, jaeger: {collector_endpoint: 'http://c:14268'}}", nil,
			"traces all new requests, sends to jaeger at http://c:14268/api/traces over HTTP"},
		{"Jaeger over gRPC", "{exporter_type: jaeger, sample_rate: 1, jaeger: {protocol: grpc}}", nil,
			"traces all new requests, sends to jaeger at http://localhost:14250 over gRPC"},
		{"two exporters, one without an address", "{exporter_type: [console, zipkin], sample_rate: 1}", nil,
			"traces all new requests, sends to console and zipkin at http://localhost:9411/api/v2/spans"},
		{"a password in a URL", "{exporter_type: zipkin, sample_rate: 1, zipkin: {endpoint: 'http://u:hunter2@h/api/v2/spans'}}", nil,
			"traces all new requests, sends to zipkin at http://***@h/api/v2/spans"},
		{"a sampler that ignores callers", "{exporter_type: zipkin, sample_rate: 0.1, sampling: {sampler: traceidratio}}", nil,
			"traces 1 in 10 requests, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"everything", "{exporter_type: zipkin, sampling: {sampler: always_on}}", nil,
			"traces all requests, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"a sampling server", "{exporter_type: zipkin, sampling: {sampler: parentbased_jaeger_remote, remote: {endpoint: 'http://u:hunter2@h'}}}", nil,
			"traces new requests as the sampling server http://***@h/sampling decides, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"a sampling server for all requests", "{exporter_type: zipkin, sampling: {sampler: jaeger_remote, remote: {endpoint: 'grpc://h'}}}", nil,
			"traces requests as the sampling server grpc h:5779 decides, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"rate 0", "{exporter_type: zipkin, sample_rate: 0}", nil,
			"traces only requests of sampled callers: sample_rate is 0 (FILE:1:47), sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"no rate", "{exporter_type: zipkin}", nil,
			"traces only requests of sampled callers: sample_rate is 0 (built-in), sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"no new requests by the sampler", "{exporter_type: zipkin}", []string{"SPANROUTE_SAMPLING_SAMPLER=parentbased_always_off"},
			"traces only requests of sampled callers: sampling.sampler is parentbased_always_off (SPANROUTE_SAMPLING_SAMPLER), sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"errors too", "{exporter_type: zipkin, sample_rate: 0.01, sampling: {keep: {errors: true, slower_than: 2s}}}", nil,
			"traces 1 in 100 new requests, and those that fail or take longer than 2s, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"slow ones alone", "{exporter_type: zipkin, sampling: {sampler: always_off, keep: {slower_than: 300ms}}}", nil,
			"traces only requests that take longer than 300ms, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"by rules and on demand", "{exporter_type: zipkin, sampling: {sampler: always_off, rules: [{path: /x, drop: true}, {path: /y, keep: true}], force: {header: x-debug, secret: s}}}", nil,
			"traces only requests that match 1 rule or have the header x-debug, drops what matches 1 rule, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"other trace headers", "{exporter_type: zipkin, sample_rate: 1, propagators: [b3, baggage]}", nil,
			"traces all new requests, sends to zipkin at http://localhost:9411/api/v2/spans, reads and writes the headers of b3 and baggage"},
		{"no trace headers", "{exporter_type: zipkin, sample_rate: 1, excluded_paths: /a, propagators: none}", nil,
			"traces all new requests, sends to zipkin at http://localhost:9411/api/v2/spans, excludes 1 path pattern, reads and writes no trace headers"},
		{"the usual trace headers", "{exporter_type: zipkin, sample_rate: 1, propagators: 'tracecontext,baggage'}", nil,
			"traces all new requests, sends to zipkin at http://localhost:9411/api/v2/spans"},
		{"rate 0 for callers too", "{exporter_type: zipkin, sampling: {sampler: traceidratio}}", nil, "traces nothing: sample_rate is 0 (built-in)"},
		{"the sampler is off", "{exporter_type: zipkin, sampling: {sampler: always_off}}", nil, "traces nothing: sampling.sampler is always_off (FILE:1:54)"},
		{"disabled", "{exporter_type: zipkin, sample_rate: 1, enabled: false}", nil, "traces nothing: enabled is false (FILE:1:59)"},
		{"no exporter", "{sample_rate: 1}", nil, "traces nothing: exporter_type is not set"},
		{"the exporter none", "{sample_rate: 1}", []string{"SPANROUTE_EXPORTER_TYPE=none"}, `traces nothing: exporter_type is "none" (SPANROUTE_EXPORTER_TYPE)`},
		{"errors", "{exporter_type: zipkin, sample_rate: 2}", nil, "1 error, 0 warnings"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := write(t, "tracing: "+tt.file+"\n")
			_, stdout, stderr := spanroute(t, tt.environ, "validate", file)
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			if got, want := lines[len(lines)-1], strings.ReplaceAll(tt.want, "FILE", file); got != want || stdout != "" {
				t.Errorf("the last line is\n%s\nwant\n%s\nafter\n%s%s", got, want, stdout, stderr)
			}
		})
	}
}

func TestExporterThatIsNotLinkedIn(t *testing.T) {
	t.Parallel()
	const advice = "write a program that imports the plugin and calls cli.Main of github.com/spanroute/spanroute/cli, and run it instead of spanroute\n"
	plugin := "tracing: {exporter_type: lines, sample_rate: 1, lines: {path: x}}\n"
	for _, tt := range []struct {
		name, file string
		environ    []string
		args       []string
		want       int // times
	}{
		{"validate", plugin, nil, []string{"validate"}, 1},
		{"validate as JSON", plugin, nil, []string{"validate", "--format=json"}, 0},
		{"print", plugin, nil, []string{"print"}, 1},
		{"explain", plugin, nil, []string{"explain"}, 1},
		{"send", plugin, nil, []string{"send"}, 1},
		{"by its alias", "tracing: {type: [lines, dots]}\n", nil, []string{"validate"}, 1},
		{"in a variable", "tracing: {}\n", []string{"OTEL_TRACES_EXPORTER=lines"}, []string{"validate"}, 1},
		{"a flag", "tracing: {}\n", nil, []string{"validate", "--tracing.exporter-type=lines"}, 1},
		{"a misspelt name", "tracing: {exporter_type: zipkn}\n", nil, []string{"validate"}, 0},
		{"a name that the hint corrects", "tracing: {exporter_type: otlp/http}\n", nil, []string{"validate"}, 0},
		{"another unknown value", "tracing: {sampling: {sampler: lines}}\n", nil, []string{"validate"}, 0},
	} {
		_, stdout, stderr := spanroute(t, tt.environ, append(tt.args, write(t, tt.file))...)
		if got := strings.Count(stdout+stderr, advice); got != tt.want {
			t.Errorf("%s: the advice is printed %d times, want %d:\n%s%s", tt.name, got, tt.want, stdout, stderr)
		}
	}
}
