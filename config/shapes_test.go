package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

func TestCodeLayerShapes(t *testing.T) {
	t.Parallel()
	load := func(section map[string]any) (*config.Config, config.Diagnostics) {
		return config.Diagnose(config.Sources{Environ: []string{}, Registry: builtin, Overrides: section})
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

func TestOddShapes(t *testing.T) {
	runAll(t, []situation{
		{name: "a key that is a list", file: "[a]: b\nsample_rate: 1", kinds: only(config.ErrWrongType)},
		{name: "a key without a name", raw: "tracing: {'': {sample_rate: 1}}", kinds: only(config.ErrUnknownKey)},
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
