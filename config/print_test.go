package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/spanroute/spanroute/config"
)

// What is printed loads to the same configuration and prints the same text.
func TestPrintLoadsBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file string
		env  []string
	}{
		"defaults":        {file: "{}"},
		"zipkin":          {file: onZipkin + "zipkin: {endpoint: 'localhost:1', local_node_ipv4: 3232235521, headers: {X-Key: s}}"},
		"jaeger grpc":     {file: onJaeger + "jaeger: {collector_endpoint: 'http://localhost:14250', timeout: 3}"},
		"jaeger agent":    {file: onJaeger + "jaeger: {thrift: {udp_split_oversized_batches: false}}"},
		"otlp grpc":       {file: onOTLP + "otlp: {grpc: {insecure: false, headers: [[grpc-encoding, gzip], [a, 'true']]}}"},
		"otlp http":       {file: onOTLP, env: []string{"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=h:1/x", "OTEL_EXPORTER_OTLP_HEADERS=a=b%2Cc"}},
		"odd texts":       {file: "service_name: \"a: #b ${x\\\"'\"\nresource_attributes: {'yes': 'no', n: 1, e: '', u: 'é\U0001F600', l: \"a\\nb\"}", env: []string{"SPANROUTE_SERVICE_NAME=$${HOME} ${X} 007"}},
		"lists":           {file: "excluded_urls: ['a{1,3}', '5', 'true', '~', '.*x']\nexcluded_paths: [/a/*]\nexcluded_rpcs: /a.B/*\npropagators: none"},
		"sampler":         {file: onZipkin + "sampling: {sampler: always_on, dropped: record}"},
		"rules":           {file: onZipkin + "sampling: {rules: [{name: a, path: '/$${x}/*', rate: 0}, {header: {x: '1'}, slower_than: 1.5s, limit: 0.5}], force: {header: x, networks: ['::1']}}"},
		"batch and limit": {file: "batch: {max_queue_size: 10}\nlimits: {attribute_count: -1}\ndelivery: {retry: {max_elapsed: 0}}\nmax_tag_value_length: 7\nenabled: false\ntimeout: 1.5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "odd texts" {
				tt.file = strings.ReplaceAll(tt.file, "${x", "$${x")
			}
			first, ds := check(t, section(tt.file), tt.env...)
			if first == nil {
				t.Fatal(lines(ds))
			}
			text := printed(t, first)
			second, ds := check(t, text)
			if second == nil {
				t.Fatalf("what was printed does not load:\n%s\n%s", text, lines(ds))
			}
			opts := cmp.Options{cmpopts.IgnoreFields(config.Config{}, "Warnings"), cmpopts.IgnoreUnexported(config.Config{}, config.Exporter{}), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(*first, *second, opts); diff != "" {
				t.Errorf("printed and loaded differ (-first +second):\n%s", diff)
			}
			if again := printed(t, second); again != text {
				t.Errorf("printed twice:\n%s\nand\n%s", text, again)
			}
		})
	}
}

func printed(t *testing.T, c *config.Config) string {
	t.Helper()
	var b strings.Builder
	if err := c.WriteYAML(&b, true); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Values that only OTEL_* variables can set are comments.
func TestPrintNoLimit(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, section(onOTLP), "OTEL_EXPORTER_OTLP_TIMEOUT=0", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=0")
	text := printed(t, cfg)
	for _, want := range []string{"# otlp.timeout: no limit", "# max_tag_value_length: 0, cut to nothing"} {
		if !strings.Contains(text, want) {
			t.Errorf("printed\n%swant %s", text, want)
		}
	}
	if _, ds := check(t, text); len(ds.Errors()) > 0 {
		t.Errorf("what was printed does not load: %s", lines(ds))
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	loaded, err := config.Load(config.Sources{Environ: []string{}, Registry: builtin})
	if err != nil {
		t.Fatal(err)
	}
	opts := cmp.Options{cmpopts.IgnoreUnexported(config.Config{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(*config.Default(), *loaded, opts); diff != "" {
		t.Errorf("Default and an empty Load differ:\n%s", diff)
	}
	if got := config.Default().Source("sample_rate"); got != "built-in" {
		t.Errorf("Source(sample_rate) = %s, want built-in", got)
	}
}

// Every text that is printed loads back, as YAML and as JSON, whatever it looks like.
func TestPrintLoadsBackOddTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"true", "1.0", "~", "${X}", "$${X}", "${", "a: b", "# c", "'", "\"", "\\", "a\nb", "\ta", "<<", "!foo", "*a", "1:30", "2024-01-01",
		"[a]", "{a: b}", "%zz", " a ", "|", "@", "\u0085", "\u2028", "\x01", "\x7f", "\ufeff", "a\r\nb",
	} {
		cfg, err := config.Load(config.Sources{Environ: []string{"X=boo"}, Registry: builtin, Overrides: map[string]any{
			"service_name": text + ".", "exporter_type": "jaeger", "sample_rate": 1,
			"resource_attributes": map[string]any{"k": text}, "jaeger": map[string]any{"username": "u", "password": text + "."},
		}})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var asYAML, asJSON, again strings.Builder
		if err := errors.Join(cfg.WriteYAML(&asYAML, true), cfg.WriteJSON(&asJSON, true)); err != nil {
			t.Fatal(err)
		}
		for _, printed := range []string{asYAML.String(), asJSON.String()} {
			loaded, ds := check(t, printed, "X=boo")
			if loaded == nil {
				t.Errorf("%q: %s\n%s", text, lines(ds), printed)
				continue
			}
			again.Reset()
			if err := loaded.WriteYAML(&again, true); err != nil || again.String() != asYAML.String() || loaded.ServiceName != text+"." {
				t.Errorf("%q: printed\n%swant\n%s", text, again.String(), asYAML.String())
			}
		}
	}
}
