package examples_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// object returns the object of a kind and name among the manifests.
func object(t *testing.T, kind, name string) map[string]any {
	t.Helper()
	for _, file := range glob(t, "kubernetes/*.yaml") {
		for _, doc := range documents(t, file) {
			if doc["kind"] == kind && path(doc, "metadata", "name") == name {
				return doc
			}
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return nil
}

// collectorOf returns the Collector's configuration in a ConfigMap.
func collectorOf(t *testing.T, name string) (collector map[string]any) {
	t.Helper()
	text := text(path(object(t, "ConfigMap", name), "data", "config.yaml"))
	if err := yaml.Unmarshal([]byte(text), &collector); err != nil {
		t.Fatal(err)
	}
	return collector
}

// The agents send all spans of a trace to the same one of several gateways, which they find by the name of a Service without
// an address of its own. The gateways sample by the tail. That it works is tested in e2e.
func TestTailSamplingIsBehindLoadBalancing(t *testing.T) {
	agent, gateway := collectorOf(t, "collector-agent"), collectorOf(t, "collector-gateway")
	service, deployment := object(t, "Service", "collector-gateway"), object(t, "Deployment", "collector-gateway")
	for _, check := range []struct {
		name      string
		got, want any
	}{
		{"exporters of the agent", path(agent, "service", "pipelines", "traces", "exporters"), []any{"load_balancing"}},
		{"routing key", path(agent, "exporters", "load_balancing", "routing_key"), "traceID"},
		{"resolver", path(agent, "exporters", "load_balancing", "resolver"), map[string]any{
			"dns": map[string]any{"hostname": "collector-gateway.tracing", "port": "4317"},
		}},
		{"clusterIP of the gateways", path(service, "spec", "clusterIP"), "None"},
		{"selector of the gateways", path(service, "spec", "selector"), path(deployment, "spec", "selector", "matchLabels")},
		{"receiver of the gateways", path(gateway, "receivers", "otlp", "protocols", "grpc", "endpoint"), "0.0.0.0:4317"},
		{"processors of the gateways", path(gateway, "service", "pipelines", "traces", "processors"), []any{"memory_limiter", "tail_sampling", "batch"}},
	} {
		if !gocmp.Equal(check.got, check.want) {
			t.Errorf("%s: %v, want %v", check.name, check.got, check.want)
		}
	}
	if replicas, _ := path(deployment, "spec", "replicas").(int); replicas < 2 {
		t.Errorf("%d gateways, want several", replicas)
	}
	// The load balancer has no defaults for its retries: without an interval or a multiplier, it retries in a loop.
	retry := path(agent, "exporters", "load_balancing", "retry_on_failure")
	for _, key := range []string{"enabled", "initial_interval", "multiplier", "randomization_factor", "max_interval", "max_elapsed_time"} {
		if path(retry, key) == nil {
			t.Errorf("retry_on_failure of the load balancer lacks %s", key)
		}
	}
	var policies []any
	for _, policy := range list(path(gateway, "processors", "tail_sampling", "policies")) {
		policies = append(policies, path(policy, "type"))
	}
	if want := []any{"status_code", "latency", "probabilistic"}; !gocmp.Equal(policies, want) {
		t.Errorf("policies %v, want %v", policies, want)
	}
}

// TestCollectorVersion checks that the images of Collectors have the version with which e2e tests their configurations.
func TestCollectorVersion(t *testing.T) {
	module, err := os.ReadFile("../e2e/peers/otelcol/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	tested := regexp.MustCompile(`\n\tgo\.opentelemetry\.io/collector/otelcol v(\S+)\n`).FindSubmatch(module)
	if tested == nil {
		t.Fatal("the module of the Collector of e2e requires no version")
	}
	found := 0
	for _, file := range append(glob(t, "*/compose.yaml"), glob(t, "kubernetes/*.yaml")...) {
		content, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range regexp.MustCompile(`image: otel/\S+:(\S+)`).FindAllSubmatch(content, -1) {
			found++
			if !bytes.Equal(image[1], tested[1]) {
				t.Errorf("%s: version %s, want %s", file, image[1], tested[1])
			}
		}
	}
	if found != 3 {
		t.Errorf("%d images of Collectors, want 3", found)
	}
}
