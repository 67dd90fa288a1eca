package oracle_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/config/oracle"
	_ "github.com/spanroute/spanroute/exporters/all"
	_ "github.com/spanroute/spanroute/registry/propagators/all"
)

// compile returns the schema of the files that config.Load reads from sources. Its own schema is that of the draft.
func compile(t testing.TB, sources config.Sources) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema(sources)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// builtIn is the schema with the exporters of spanroute.
var builtIn = sync.OnceValue(func() *jsonschema.Schema { return compile(panics{}, config.Sources{}) })

// panics makes compile usable outside of a test.
type panics struct{ testing.TB }

func (panics) Helper()          {}
func (panics) Fatal(err ...any) { panic(err) }

// dir returns the directory of the file that is judged.
var dir = sync.OnceValue(func() string {
	name, err := os.MkdirTemp("", "oracle")
	if err != nil {
		panic(err)
	}
	return name
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(dir())
	os.Exit(code)
}

// A verdict is what the two make of one file.
type verdict struct {
	text        string
	instance    error // the file has no JSON value
	schema      error // of the validator
	diagnostics config.Diagnostics
}

// judge passes a file to the validator and to config.Diagnose.
func judge(t testing.TB, s *jsonschema.Schema, sources config.Sources, text []byte) verdict {
	t.Helper()
	file := filepath.Join(dir(), "tracing.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	sources.Files = []string{file}
	v := verdict{text: string(text)}
	if sources.Environ == nil {
		sources.Environ = []string{}
	}
	_, v.diagnostics = config.Diagnose(sources)
	value, err := oracle.Instance(text)
	if v.instance = err; err == nil {
		v.schema = s.Validate(value)
	}
	return v
}

// check reports a difference that is not an exception. It returns the exception of each difference, for a count.
func (v verdict) check(t testing.TB) (exceptions []string) {
	t.Helper()
	errs := v.diagnostics.Errors()
	switch {
	case v.instance != nil && len(errs) == 0:
		t.Errorf("config.Load accepts what is not JSON, %v:\n%s", v.instance, v.text)
	case v.instance != nil:
		return []string{notJSON}
	case v.schema == nil:
		return v.checkAccepted(t)
	case len(errs) == 0:
		name := stricter(v.text, v.diagnostics)
		if name == "" {
			t.Errorf("the schema refuses what config.Load accepts, %v: %v\n%s", v.diagnostics, v.schema, v.text)
		}
		exceptions = append(exceptions, name)
	}
	return exceptions
}

// checkAccepted reports that the schema accepts what config.Load refuses, apart from the exceptions, which it returns.
func (v verdict) checkAccepted(t testing.TB) (exceptions []string) {
	t.Helper()
	if v.instance != nil || v.schema != nil {
		return nil
	}
	for _, d := range v.diagnostics.Errors() {
		name := inexpressible(v.text, d)
		if name == "" {
			t.Errorf("the schema accepts what config.Load refuses, %s: %v\n%s", d.Kind, d, v.text)
		}
		exceptions = append(exceptions, name)
	}
	return exceptions
}
