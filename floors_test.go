package spanroute_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/registry"
)

const (
	module  = "github.com/spanroute/spanroute"
	otelSDK = "go.opentelemetry.io/otel/sdk"
)

// A floor is where a package lives. A package imports only packages of lower floors, and only those that mayUse
// lists. If sdk is false, the package must not depend on the OpenTelemetry SDK, not even indirectly.
type floor struct {
	level  int
	mayUse []string // path.Match patterns relative to the module
	sdk    bool
}

// floors is the plan of the root module: each of its packages has one line here.
var floors = map[string]floor{
	"internal/corpus":        {0, nil, false}, // for tests only
	"internal/escape":        {0, nil, false},
	"internal/glob":          {0, nil, false},
	"internal/goldentext":    {0, nil, false}, // for tests only
	"internal/guard":         {0, nil, false},
	"internal/pattern":       {0, nil, false},
	"internal/requestheader": {0, nil, false},
	"internal/secret":        {0, nil, false},
	"internal/service":       {0, nil, false},
	"internal/spool":         {0, nil, false},
	"internal/spanrecord":    {0, nil, false},
	"internal/suppress":      {0, nil, false},
	"internal/tokens":        {0, nil, false},
	"internal/undecided":     {0, nil, true},
	"internal/version":       {0, nil, false},
	"mw/tracing":             {0, nil, false},
	"registry/settings":      {0, nil, false},

	"registry/propagators/internal/adapter":    {0, nil, false},
	"registry/propagators/internal/headertest": {0, nil, false}, // for tests only

	"internal/tlsfiles":           {1, []string{"registry/settings"}, false},
	"internal/phrase":             {1, []string{"registry/settings"}, false},
	"internal/recording":          {1, []string{"internal/spanrecord", "internal/undecided", "internal/version"}, true},
	"internal/redaction":          {1, []string{"internal/secret"}, false},
	"internal/semattr":            {1, []string{"internal/version", "internal/secret"}, false},
	"exporters/delivery":          {1, []string{"internal/escape", "internal/spool"}, true},
	"exporters/internal/spantext": {1, []string{"internal/escape", "internal/service"}, true},
	"sampling":                    {1, []string{"registry/settings", "internal/glob", "internal/requestheader", "internal/suppress", "internal/tokens", "internal/undecided"}, true},

	"internal/endpoint":        {2, []string{"registry/settings", "internal/pattern", "internal/phrase", "internal/secret"}, false},
	"internal/policy":          {2, []string{"registry/settings", "internal/glob", "internal/pattern", "internal/phrase"}, false},
	"internal/schema":          {2, []string{"registry/settings", "internal/phrase", "internal/secret"}, false},
	"internal/forwarded":       {2, []string{"internal/semattr"}, false},
	"internal/instrumentation": {2, []string{"mw/tracing", "internal/guard", "internal/semattr", "internal/spanrecord", "internal/version"}, false},

	"internal/spool/spooltest": {1, []string{"internal/spool"}, false},                                // for tests only
	"internal/spantest":        {3, []string{"exporters/delivery", "mw/tracing", "internal/*"}, true}, // for tests only
	"internal/keytable":        {3, []string{"registry/settings", "internal/phrase", "internal/policy", "internal/schema", "internal/secret"}, false},
	"sampling/jaegerremote":    {3, []string{"registry/settings", "internal/endpoint", "internal/escape", "internal/phrase", "internal/redaction", "internal/suppress", "internal/tokens", "internal/version"}, true},
	"registry":                 {3, []string{"exporters/delivery", "registry/settings", "internal/schema", "internal/phrase"}, true},
	"internal/jsonschema":      {3, []string{"registry/settings", "internal/pattern", "internal/schema"}, false},

	"internal/configfile":             {4, []string{"registry/settings", "internal/*"}, false},
	"registry/registrytest":           {4, []string{"registry", "registry/settings", "exporters/delivery", "internal/schema", "internal/phrase", "internal/secret"}, true},
	"exporters/internal/transport":    {4, []string{"exporters/delivery", "registry", "registry/settings", "internal/*"}, true},
	"exporters/internal/exportertest": {4, []string{"exporters/delivery", "registry"}, true}, // for tests only

	"registry/propagators/b3":      {4, propagatorMayUse, true},
	"registry/propagators/jaeger":  {4, propagatorMayUse, true},
	"registry/propagators/ottrace": {4, propagatorMayUse, true},
	"registry/propagators/xray":    {4, propagatorMayUse, true},

	"registry/propagators/all": {5, []string{"registry/propagators/*"}, true},

	"config":            {5, []string{"registry", "registry/settings", "sampling", "sampling/jaegerremote", "internal/*"}, true},
	"mw":                {5, []string{"mw/tracing", "internal/*"}, false},
	"grpcmw":            {5, []string{"mw/tracing", "internal/*"}, false},
	"exporters/console": {5, exporterMayUse, true},
	"exporters/jaeger":  {5, exporterMayUse, true},
	"exporters/memory":  {5, exporterMayUse, true},
	"exporters/otlp":    {5, exporterMayUse, true},
	"exporters/zipkin":  {5, exporterMayUse, true},

	"exporters/memory/tracepage": {6, append([]string{"exporters/memory"}, exporterMayUse...), true},
	"exporters/all":              {6, []string{"exporters/*"}, true},
	".":                          {6, []string{"config", "mw/tracing", "registry", "registry/settings", "sampling", "sampling/jaegerremote", "exporters/delivery", "internal/*"}, true},

	"cli": {7, []string{".", "config", "registry", "registry/settings", "sampling", "sampling/jaegerremote", "internal/*"}, true},

	"cmd/spanroute":       {8, everything, true},
	"examples":            {8, everything, true},
	"examples/chi":        {8, everything, true},
	"examples/grpc":       {8, everything, true},
	"examples/quickstart": {8, everything, true},
}

var (
	exporterMayUse   = []string{"registry", "registry/settings", "exporters/delivery", "exporters/internal/*", "internal/*"}
	propagatorMayUse = []string{"registry", "registry/propagators/internal/*"}
	everything       = []string{".", "*", "*/*", "*/*/*"}
)

// listedPackage is the part of the output of go list that the plan needs.
type listedPackage struct {
	ImportPath    string
	Imports, Deps []string
}

// judge returns a sentence for each package without a floor, each import that does not go down, and each
// forbidden dependency on the SDK.
func judge(packages []listedPackage) (faults []string) {
	for _, p := range packages {
		from := relative(p.ImportPath)
		home, placed := floors[from]
		if !placed {
			faults = append(faults, fmt.Sprintf("%s has no floor: add it to the table of floors_test.go, on the lowest floor that its imports allow", from))
			continue
		}
		faults = append(faults, judgeImports(from, home, p.Imports)...)
		if !home.sdk {
			faults = append(faults, judgeSDK(from, p)...)
		}
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "base", "core", "types", "misc"}, path.Base(from)) {
			faults = append(faults, fmt.Sprintf("%s: the name does not describe the contents", from))
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
			faults = append(faults, fmt.Sprintf("%s (floor %d) imports %s (floor %d): an import must go down", from, home.level, to, target.level))
		case !allowed(home.mayUse, to):
			faults = append(faults, fmt.Sprintf("%s imports %s, want only %s: let the root package connect the two", from, to, strings.Join(home.mayUse, ", ")))
		case target.level == home.level:
			faults = append(faults, fmt.Sprintf("%s imports %s on its own floor %d: an import must go down", from, to, home.level))
		}
	}
	return faults
}

func judgeSDK(from string, p listedPackage) []string {
	if slices.ContainsFunc(p.Imports, isSDK) {
		return []string{from + " imports the OpenTelemetry SDK: it must work with any tracer provider; use the API"}
	}
	if i := slices.IndexFunc(p.Deps, isSDK); i >= 0 {
		return []string{fmt.Sprintf("%s depends on %s through one of its imports: it must work with any tracer provider", from, p.Deps[i])}
	}
	return nil
}

// isSDK reports whether p is the SDK or one of its packages.
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

// list returns the packages of the module.
func list(t *testing.T) (packages []listedPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p listedPackage
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages, want more", len(packages))
	}
	return packages
}

func TestFloors(t *testing.T) {
	for _, fault := range judge(list(t)) {
		t.Error(fault)
	}
}

// A program gets the modules of a propagator only by importing the package that registers it.
func TestPropagatorsAreLinkedByTheirPackages(t *testing.T) {
	own := registry.PropagatorPackages()
	for _, p := range list(t) {
		linked := slices.ContainsFunc(p.Deps, func(dep string) bool {
			return strings.HasPrefix(dep, "go.opentelemetry.io/contrib/") || strings.HasPrefix(dep, "go.uber.org/multierr")
		})
		name := relative(p.ImportPath)
		want := name == "registry/propagators/all" || name == "cmd/spanroute" || slices.Contains(slices.Collect(maps.Values(own)), p.ImportPath)
		if linked != want {
			t.Errorf("%s depends on a module of a propagator: %t, want %t", name, linked, want)
		}
	}
}

func TestFloorsCheckerFindsFaults(t *testing.T) {
	in := func(from string, imports ...string) listedPackage {
		return listedPackage{ImportPath: module + "/" + from, Imports: imports}
	}
	through := in("grpcmw", module+"/internal/policy")
	through.Deps = []string{otelSDK + "/trace"}
	tests := []struct {
		name string
		p    listedPackage
		want string
	}{
		{"the middleware imports the SDK", in("mw", otelSDK+"/trace"), "mw imports the OpenTelemetry SDK"},
		{"the SDK through another package", through, "grpcmw depends on go.opentelemetry.io/otel/sdk/trace through"},
		{"an import goes up", in("registry", module+"/config"), "registry (floor 3) imports config (floor 5): an import must go down"},
		{"two independent packages", in("config", module+"/mw"), "config imports mw, want only"},
		{"an exporter imports another", in("exporters/zipkin", module+"/exporters/jaeger"), "exporters/zipkin imports exporters/jaeger"},
		{"an import on the same floor", in("internal/endpoint", module+"/internal/policy"), "internal/endpoint imports internal/policy, want only"},
		{"an allowed import on the same floor", in("internal/spantest", module+"/internal/spantest"), "internal/spantest imports internal/spantest on its own floor 3"},
		{"a package below imports the root", in("mw", module), "mw (floor 5) imports . (floor 6)"},
		{"a package without a floor", in("telemetry"), "telemetry has no floor"},
		{"allowed", in("mw", module+"/internal/policy", "net/http"), ""},
	}
	for _, tt := range tests {
		got := strings.Join(judge([]listedPackage{tt.p}), "\n")
		if tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: judged %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The table of floors in CONTRIBUTING.md lists every package on its floor, the highest floor first.
func TestContributingListsTheFloors(t *testing.T) {
	_, section, _ := strings.Cut(readText(t, "CONTRIBUTING.md"), "\n| floor | packages |\n")
	section, _, _ = strings.Cut(section, "\n\n")
	listed := map[string]int{}
	above := len(floors)
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		level, _ := strconv.Atoi(row[1])
		if level >= above {
			t.Errorf("floor %d is below floor %d in the table", level, above)
		}
		above = level
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			listed[name[1]] = level
		}
	}
	planned := map[string]int{}
	for name, f := range floors {
		planned[name] = f.level
	}
	if diff := cmp.Diff(planned, listed); diff != "" {
		t.Errorf("floors of packages (-floors_test.go +CONTRIBUTING.md):\n%s", diff)
	}
}
