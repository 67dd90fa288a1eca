package examples_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestKubernetesFiles(t *testing.T) {
	var kinds []string
	maps, selected := map[string]bool{}, map[string]bool{}
	var pods []map[string]any
	for _, file := range glob(t, "kubernetes/*.yaml") { // in the order in which kubectl applies them
		for _, doc := range documents(t, file) {
			kind, name := text(doc["kind"]), text(path(doc, "metadata", "name"))
			if text(doc["apiVersion"]) == "" || kind == "" || name == "" {
				t.Errorf("%s: a document without apiVersion, kind or name: %v", file, doc)
			}
			checkNamespace(t, file, kinds, doc)
			kinds = append(kinds, kind)
			switch kind {
			case "ConfigMap":
				maps[name] = true
				checkConfigMap(t, file, doc)
			case "NetworkPolicy":
				selected[text(path(doc, "spec", "podSelector", "matchLabels", "app"))] = true
				checkPolicy(t, file, doc)
			}
			if pod := path(doc, "spec", "template", "spec"); pod != nil {
				pods = append(pods, doc)
				checkPod(t, file, pod)
				if !gocmp.Equal(path(doc, "spec", "selector", "matchLabels"), path(doc, "spec", "template", "metadata", "labels")) {
					t.Errorf("%s: %s selects other labels than its pods have", file, name)
				}
			}
		}
	}
	slices.Sort(kinds)
	want := []string{
		"ConfigMap", "ConfigMap", "ConfigMap", "DaemonSet", "Deployment", "Deployment", "Namespace",
		"NetworkPolicy", "NetworkPolicy", "NetworkPolicy", "NetworkPolicy", "Service", "Service",
	}
	if !gocmp.Equal(kinds, want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	for _, name := range []string{"quickstart-tracing", "collector-agent", "collector-gateway"} {
		if !maps[name] {
			t.Errorf("no ConfigMap %s", name)
		}
	}
	for _, pod := range pods {
		if app := text(path(pod, "spec", "template", "metadata", "labels", "app")); !selected[app] {
			t.Errorf("no NetworkPolicy selects the pods of %s", app)
		}
	}
	if !selected[""] {
		t.Error("no NetworkPolicy selects all pods")
	}
}

// checkNamespace: the namespace comes before what is in it, and admits restricted pods only.
func checkNamespace(t *testing.T, file string, before []string, doc map[string]any) {
	t.Helper()
	if text(doc["kind"]) == "Namespace" {
		if len(before) > 0 || path(doc, "metadata", "labels", "pod-security.kubernetes.io/enforce") != "restricted" {
			t.Errorf("%s: the namespace comes after %v or admits any pod", file, before)
		}
	} else if path(doc, "metadata", "namespace") != "tracing" || len(before) == 0 {
		t.Errorf("%s: %v is not in the namespace, or comes before it", file, path(doc, "metadata", "name"))
	}
}

// checkPolicy: both directions are restricted, and what is allowed names peers and ports.
func checkPolicy(t *testing.T, file string, doc map[string]any) {
	t.Helper()
	if !gocmp.Equal(path(doc, "spec", "policyTypes"), []any{"Ingress", "Egress"}) {
		t.Errorf("%s: %v restricts %v only", file, path(doc, "metadata", "name"), path(doc, "spec", "policyTypes"))
	}
	for _, direction := range [][2]string{{"ingress", "from"}, {"egress", "to"}} {
		for _, rule := range list(path(doc, "spec", direction[0])) {
			if len(list(path(rule, direction[1]))) == 0 || len(list(path(rule, "ports"))) == 0 {
				t.Errorf("%s: %v allows %s without peers or ports: %v", file, path(doc, "metadata", "name"), direction[0], rule)
			}
		}
	}
}

// checkConfigMap loads the tracing.yaml in a ConfigMap as the service would, and parses a Collector's.
func checkConfigMap(t *testing.T, file string, doc map[string]any) {
	t.Helper()
	for name, content := range path(doc, "data").(map[string]any) {
		extracted := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(extracted, []byte(text(content)), 0o600); err != nil {
			t.Fatal(err)
		}
		if name == "tracing.yaml" {
			cfg := load(t, extracted, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector-agent.tracing:4317", "OTEL_SERVICE_NAME=quickstart")
			if cfg.Sampling.SampleRate != 1 { // the Collector samples by errors and duration, which are known at the end of a trace
				t.Errorf("%s: the service keeps %v of its traces, so that the gateway cannot choose among them", file, cfg.Sampling.SampleRate)
			}
			continue
		}
		collector := documents(t, extracted)[0]
		for _, used := range list(path(collector, "service", "extensions")) {
			if path(collector, "extensions") == nil || !has(path(collector, "extensions"), text(used)) {
				t.Errorf("%s: the Collector uses the extension %v, which nothing defines", file, used)
			}
		}
		pipeline := path(collector, "service", "pipelines", "traces")
		for _, part := range []string{"receivers", "processors", "exporters"} {
			for _, used := range list(path(pipeline, part)) {
				if path(collector, part) == nil || !has(path(collector, part), text(used)) {
					t.Errorf("%s: the pipeline uses %s %v, which nothing defines", file, part, used)
				}
			}
		}
	}
}

func has(m any, key string) bool { _, ok := m.(map[string]any)[key]; return ok }

// podFields and containerFields are required by the restricted Pod Security Standard, or stricter.
var (
	podFields = map[string]any{
		"automountServiceAccountToken":        false,
		"securityContext.runAsNonRoot":        true,
		"securityContext.seccompProfile.type": "RuntimeDefault",
		"hostNetwork":                         nil, "hostPID": nil, "hostIPC": nil,
	}
	containerFields = map[string]any{
		"securityContext.allowPrivilegeEscalation": false,
		"securityContext.readOnlyRootFilesystem":   true,
		"securityContext.capabilities.drop":        []any{"ALL"},
		"securityContext.capabilities.add":         nil,
		"securityContext.privileged":               nil,
	}
	// The fields that every container must have, with any value.
	filled = []string{"resources.requests.cpu", "resources.requests.memory", "resources.limits.cpu", "resources.limits.memory", "readinessProbe.httpGet", "livenessProbe.httpGet"}
)

func checkFields(t *testing.T, file string, object any, want map[string]any) {
	t.Helper()
	for field, value := range want {
		if got := path(object, strings.Split(field, ".")...); !gocmp.Equal(got, value) {
			t.Errorf("%s: %s is %v, want %v", file, field, got, value)
		}
	}
}

func checkPod(t *testing.T, file string, pod any) {
	t.Helper()
	checkFields(t, file, pod, podFields)
	if user, _ := path(pod, "securityContext", "runAsUser").(int); user == 0 {
		t.Errorf("%s: the pod names no user", file)
	}
	if len(list(path(pod, "containers"))) == 0 || path(pod, "initContainers") != nil {
		t.Errorf("%s: a pod without containers, or with containers that nothing checks", file)
	}
	for _, container := range list(path(pod, "containers")) {
		if image := text(path(container, "image")); !pinned.MatchString(image) {
			t.Errorf("%s: image %q is not pinned", file, image)
		}
		checkMajor(t, file, text(path(container, "image")))
		checkContainer(t, file, container)
		var environ []string
		for _, variable := range list(path(container, "env")) {
			if name := text(path(variable, "name")); strings.HasPrefix(name, "OTEL_") {
				environ = append(environ, name+"="+strings.ReplaceAll(text(path(variable, "value")), "$(POD_NAME)", "p"))
			}
		}
		if len(environ) == 0 {
			continue
		}
		cfg := load(t, "collector/tracing.yaml", environ...)
		if cfg.Exporters["otlp"].Settings["endpoint"] != "http://collector-agent.tracing:4317" || cfg.ServiceName != "quickstart" {
			t.Errorf("%s: the variables lead to %v and service %q", file, cfg.Exporters["otlp"].Settings, cfg.ServiceName)
		}
	}
}

func checkContainer(t *testing.T, file string, container any) {
	t.Helper()
	checkFields(t, file, container, containerFields)
	for _, field := range filled {
		if path(container, strings.Split(field, ".")...) == nil {
			t.Errorf("%s: a container without %s", file, field)
		}
	}
	ports := map[any]bool{}
	for _, port := range list(path(container, "ports")) {
		ports[path(port, "containerPort")] = true
		if opened := path(port, "hostPort"); opened != nil {
			t.Errorf("%s: port %v of the node is open", file, opened)
		}
	}
	for _, probe := range []string{"readinessProbe", "livenessProbe"} {
		if port := path(container, probe, "httpGet", "port"); !ports[port] {
			t.Errorf("%s: %s uses port %v, want one of %v", file, probe, port, ports)
		}
	}
	for _, mount := range list(path(container, "volumeMounts")) {
		if path(mount, "readOnly") != true {
			t.Errorf("%s: %v can be written", file, path(mount, "mountPath"))
		}
	}
}
