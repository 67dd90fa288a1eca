package spanroute_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	module  = "github.com/spanroute/spanroute"
	otelSDK = "go.opentelemetry.io/otel/sdk"
)

// floor is where a package lives. Imports inside the kit may only go to a lower floor, and only to what mayUse
// names; sdk says whether the package may depend on the OpenTelemetry SDK, directly or through others.
type floor struct {
	level  int
	mayUse []string // path.Match patterns relative to the module
	sdk    bool
}

// floors is the house: every package of the root module stands here once.
var floors = map[string]floor{
	"internal/version":  {0, nil, false},
	"mw/tracing":        {0, nil, false},
	"internal/guard":    {0, nil, false},
	"internal/secret":   {0, nil, false},
	"internal/escape":   {0, nil, false},
	"internal/settings": {0, []string{"internal/secret"}, false},
	"internal/endpoint": {0, []string{"internal/settings", "internal/secret"}, false},
	"internal/policy":   {0, []string{"internal/settings"}, false},
	"internal/semattr":  {0, []string{"internal/version", "internal/secret"}, false},
	"internal/spantest": {1, []string{"mw/tracing", "internal/*"}, true}, // for tests only

	"exporters/delivery":          {1, []string{"internal/*"}, true},
	"exporters/internal/spantext": {1, []string{"internal/*"}, true},
	"internal/forwarded":          {1, []string{"internal/semattr"}, false},
	"internal/instrumentation":    {1, []string{"mw/tracing", "internal/guard", "internal/semattr", "internal/version"}, false},
	"sampling":                    {1, []string{"internal/policy"}, true},

	"registry":                     {2, []string{"exporters/delivery", "internal/settings"}, true},
	"registry/registrytest":        {2, []string{"registry", "exporters/delivery", "internal/settings", "internal/secret"}, true},
	"exporters/internal/transport": {2, []string{"exporters/delivery", "registry", "internal/*"}, true},

	"config":            {3, []string{"registry", "sampling", "internal/secret", "internal/settings", "internal/policy", "internal/endpoint"}, true},
	"mw":                {3, []string{"mw/tracing", "internal/forwarded", "internal/instrumentation", "internal/guard", "internal/policy", "internal/secret", "internal/semattr"}, false},
	"grpcmw":            {3, []string{"mw/tracing", "internal/instrumentation", "internal/guard", "internal/policy", "internal/secret", "internal/semattr"}, false},
	"exporters/console": {3, exporterMayUse, true},
	"exporters/jaeger":  {3, exporterMayUse, true},
	"exporters/memory":  {3, exporterMayUse, true},
	"exporters/otlp":    {3, exporterMayUse, true},
	"exporters/zipkin":  {3, exporterMayUse, true},
	"exporters/all":     {3, []string{"exporters/*"}, true},

	".": {4, []string{"config", "mw/tracing", "registry", "sampling", "exporters/delivery", "internal/*"}, true},

	"cli": {5, []string{".", "config", "registry", "sampling", "internal/*"}, true},

	"cmd/spanroute":       {6, everything, true},
	"examples":            {6, everything, true},
	"examples/chi":        {6, everything, true},
	"examples/grpc":       {6, everything, true},
	"examples/quickstart": {6, everything, true},
}

var (
	exporterMayUse = []string{"registry", "exporters/delivery", "exporters/internal/*", "internal/*"}
	everything     = []string{".", "*", "*/*"}
)

// kitPackage is what go list says about a package.
type kitPackage struct {
	ImportPath    string
	Imports, Deps []string
}

// judge returns a sentence for each package without a floor, each import that does not go down, and each
// dependency on the SDK where there must be none.
func judge(packages []kitPackage) (faults []string) {
	for _, p := range packages {
		from := relative(p.ImportPath)
		home, placed := floors[from]
		if !placed {
			faults = append(faults, fmt.Sprintf("%s stands on no floor: put it into the table of floors_test.go, on the lowest floor that its imports allow", from))
			continue
		}
		faults = append(faults, judgeImports(from, home, p.Imports)...)
		if !home.sdk {
			faults = append(faults, judgeSDK(from, p)...)
		}
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "base", "core", "types", "misc"}, path.Base(from)) {
			faults = append(faults, fmt.Sprintf("%s: the name does not say what is in it", from))
		}
	}
	return faults
}

func judgeImports(from string, home floor, imports []string) (faults []string) {
	for _, imported := range imports {
		if imported != module && !strings.HasPrefix(imported, module+"/") {
			continue
		}
		to := relative(imported)
		switch target, placed := floors[to]; {
		case !placed: // reported where it is listed
		case target.level > home.level:
			faults = append(faults, fmt.Sprintf("%s (floor %d) imports %s (floor %d): an import may only go down", from, home.level, to, target.level))
		case !allowed(home.mayUse, to):
			faults = append(faults, fmt.Sprintf("%s imports %s, which is not among what it may use (%s): the two are strangers, let the root package introduce them", from, to, strings.Join(home.mayUse, ", ")))
		}
	}
	return faults
}

func judgeSDK(from string, p kitPackage) []string {
	if slices.ContainsFunc(p.Imports, isSDK) {
		return []string{from + " imports the OpenTelemetry SDK: it must work with any tracer provider, use the API"}
	}
	if i := slices.IndexFunc(p.Deps, isSDK); i >= 0 {
		return []string{fmt.Sprintf("%s depends on %s through one of its imports: it must work with any tracer provider", from, p.Deps[i])}
	}
	return nil
}

// isSDK takes in the SDK's behaviour; its package of pure semantic constants is not part of it.
func isSDK(p string) bool { return p == otelSDK || strings.HasPrefix(p, otelSDK+"/") }

func allowed(patterns []string, to string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, to)
		return ok
	})
}

func relative(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

func TestFloors(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []kitPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p kitPackage
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages, the house has more", len(packages))
	}
	for _, fault := range judge(packages) {
		t.Error(fault)
	}
}

func TestFloorsCheckerSeesFaults(t *testing.T) {
	in := func(from string, imports ...string) kitPackage {
		return kitPackage{ImportPath: module + "/" + from, Imports: imports}
	}
	through := in("grpcmw", module+"/internal/policy")
	through.Deps = []string{otelSDK + "/trace"}
	tests := []struct {
		name string
		p    kitPackage
		want string
	}{
		{"the middleware imports the SDK", in("mw", otelSDK+"/trace"), "mw imports the OpenTelemetry SDK"},
		{"the SDK through another package", through, "grpcmw depends on go.opentelemetry.io/otel/sdk/trace through"},
		{"an import goes up", in("registry", module+"/config"), "registry (floor 2) imports config (floor 3): an import may only go down"},
		{"strangers meet", in("config", module+"/mw"), "config imports mw, which is not among what it may use"},
		{"exporters meet", in("exporters/zipkin", module+"/exporters/jaeger"), "exporters/zipkin imports exporters/jaeger"},
		{"somebody imports the root", in("mw", module), "mw (floor 3) imports . (floor 4)"},
		{"a package without a floor", in("telemetry"), "telemetry stands on no floor"},
		{"allowed", in("mw", module+"/internal/policy", "net/http"), ""},
	}
	for _, tt := range tests {
		got := strings.Join(judge([]kitPackage{tt.p}), "\n")
		if tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: judged %q, want %q", tt.name, got, tt.want)
		}
	}
}
