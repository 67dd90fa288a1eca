package oracle_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry/settings"
)

// values are texts that some key accepts, in YAML's flow style.
var values = []string{
	"true", "yes", "'no'", "5", "'5'", "-1", "0", "1.0", "'0.25'", "1e-3", "65536", "500ms", "1m30s", "'5'", "0s", "24h0m0s", "100ms", "~", "''", "null",
	"grpc", "GRPC", "http/protobuf", "deflate", "[a, b]", "a, b,", "[]", "{}", "[[a, b]]", "{a: 1, b: true}", "a=1,b=%C3%A9", "'a b'", "[~]", "{a: ~}", "{a: {b: c}}",
	"http://h:1/x?y=z", "h:4317", "unix:///run/a", "dns:///h:1", "grpcs://h", "http://u:p@h/", "::1", "10.0.0.0/8", "1.2.3.4", "999.1.1.1", "3232235521",
	"/a/*", "/a.B/C", "/**", "(", "[otlp, none]", "none", "ZIPKIN", "[console, stdout]", "b3", "${X}", "$${X}", "${", "always", "0x10", "007", ".5", "+1", "1e400", ".inf",
	"{client_key_file: a, client_certificate_file: b}", "[{path: /a, keep: true}]", "[{rate: 1}]", "[{path: '', header: {}, keep: true}]", "{header: x, networks: [1.2.3.4]}",
	"[{path: /a, drop: true, limit: 1}]", "[{path: a, rate: 1.5}]", "[{slower_than: 0, keep: true}]", "[{kind: [Server, client], status: OK, keep: false, limit: 0.5}]",
}

// FuzzKeys sets one key, by its name or an alias, to any value.
func FuzzKeys(f *testing.F) {
	paths := keyPaths()
	for i, value := range values {
		f.Add(uint16(i*37), value)
	}
	for i := range paths {
		f.Add(uint16(i), values[i%len(values)])
	}
	f.Fuzz(func(t *testing.T, n uint16, value string) {
		if strings.ContainsAny(value, "\n\r") {
			return
		}
		path := paths[int(n)%len(paths)]
		text := "tracing: {" + strings.ReplaceAll(path, ".", ": {") + ": " + value + strings.Repeat("}", 1+strings.Count(path, "."))
		judge(t, builtIn(), config.Sources{}, []byte(text)).checkAccepted(t)
	})
}

// TestEveryValueForEveryKey sets each key to each of the values.
func TestEveryValueForEveryKey(t *testing.T) {
	for _, path := range keyPaths() {
		for _, value := range values {
			text := "tracing: {" + strings.ReplaceAll(path, ".", ": {") + ": " + value + strings.Repeat("}", 1+strings.Count(path, "."))
			judge(t, builtIn(), config.Sources{}, []byte(text)).check(t)
		}
	}
}

// keyPaths returns the names of all keys and sections, aliases too.
func keyPaths() (paths []string) {
	for _, k := range config.Table(nil) {
		for _, path := range append([]string{k.Path}, k.Aliases...) {
			paths = append(paths, path)
			if section, _, nested := strings.Cut(path, "."); nested {
				paths = append(paths, section)
			}
		}
	}
	return paths
}

// FuzzFiles compares the verdicts about any text.
func FuzzFiles(f *testing.F) {
	for _, text := range []string{
		"", "tracing: ~", "tracing: {}", "foo: 1", "api_server: {tracing: {type: zipkin}}", "services: 5", "tracng: {}", "tracing.x: 1\ntracing: {}", "sample_rate: 1\ntracing: {}",
		"tracing: {exporter_type: [otlp, console], otlp: {protocol: HTTP, endpoint: h, headers: {a: b}, grpc: {headers: {x~y: 1}}}}",
		"tracing: {jaeger: {protocol: grpc, grpc: {endpoint: 'unix:///a'}, thrift: {agent_host_name: '[::1]', agent_port: 1}}}",
		"a: &a {sample_rate: 1}\ntracing: {<<: *a, timeout: 1}", "tracing: {stdout: {pretty: 1}}", "tracing: {sampling: {force: {header: x, networks: 10.0.0.0/8}}}",
		`{"tracing": {"exporter_type": "zipkin", "sample_rate": 1, "zipkin": {"endpoint": "http:\/\/h"}}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		judge(t, builtIn(), config.Sources{}, text).checkAccepted(t)
	})
}

// The default of each key is a value that the schema accepts.
func TestDefaultsAreAccepted(t *testing.T) {
	checked := 0
	for _, k := range config.Table(nil) {
		var value string
		switch d := k.Default.(type) {
		case nil, settings.Pairs:
			continue
		case []string:
			value = "[" + strings.Join(d, ", ") + "]"
		default:
			value = fmt.Sprint(d)
		}
		text := "tracing: {" + strings.ReplaceAll(k.Path, ".", ": {") + ": " + value + strings.Repeat("}", 1+strings.Count(k.Path, "."))
		if v := judge(t, builtIn(), config.Sources{}, []byte(text)); v.schema != nil {
			t.Errorf("%s: %v", text, v.schema)
		}
		checked++
	}
	if checked < 50 {
		t.Errorf("%d defaults, want at least 50", checked)
	}
}
