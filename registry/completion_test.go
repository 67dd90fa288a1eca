package registry_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// endpoint is a plugin's settings with a completion.
type endpoint struct {
	Host    string         `koanf:"host" alias:"address" doc:"host"`
	Port    int            `koanf:"port" range:"1..65535" doc:"port"`
	Secure  bool           `koanf:"secure" doc:"TLS"`
	User    string         `koanf:"user" with:"password" doc:"name"`
	Pass    string         `koanf:"password" with:"user" secret:"true" doc:"password"`
	Headers settings.Pairs `koanf:"headers" format:"headers" secret:"true" doc:"headers"`
}

func (e endpoint) Validate() error {
	if e.Port == 25 {
		return &settings.KeyError{Key: "port", Err: errors.New("is for mail")}
	}
	return nil
}

func (e *endpoint) complete(c *registry.Completion) {
	switch {
	case e.Host == "panic":
		panic("with " + e.Pass)
	case e.Host == "bad":
		c.Refuse("host", errors.New("is bad"))
	case e.Host == "drop":
		e.Host = ""
	}
	if !c.IsSet("port") {
		e.Port = 80
		c.Note(settings.Inferred, "host", "no port", "80 is used")
	}
	if c.Variable("host") == "OTEL_HOST" {
		c.Note(settings.Suspicious, "host", "from the environment", "")
	}
	c.Note(settings.Ignored, "secure", "has no effect", "")
	if len(e.Headers) > 0 && !c.Direct() {
		c.NoteItem(settings.Ignored, "headers", 1, "is not sent", "")
		e.Headers = e.Headers[1:]
	}
	c.Show("host")
	c.Destination = e.Host
}

func withEndpoint(t *testing.T) (*registry.Registry, *[]endpoint) {
	t.Helper()
	var built []endpoint
	build := func(_ context.Context, _ registry.BuildContext, s endpoint) (sdktrace.SpanExporter, error) {
		built = append(built, s)
		return &exporter{}, nil
	}
	f := registry.NewFactory("endpoint", func() endpoint { return endpoint{Host: "localhost"} }, build,
		registry.WithCompletion((*endpoint).complete), registry.WithTimeoutVariables("OTEL_B", "OTEL_A"))
	return with(t, f), &built
}

func TestCompleteReturnsSettingsAndNotices(t *testing.T) {
	r, _ := withEndpoint(t)
	inferred := registry.Notice{Key: "host", Kind: settings.Inferred, Message: "no port", Hint: "80 is used"}
	for _, tt := range []struct {
		name      string
		section   m
		variables map[string]string
		want      m
		notices   []registry.Notice
		fault     string
	}{
		{"nothing is set", nil, nil, m{"host": "localhost", "port": 80}, nil, ""},
		{"a key by its alias", m{"address": "h"}, nil, m{"host": "h", "port": 80}, []registry.Notice{inferred}, ""},
		{"what is set stays as it is", m{"host": "h", "port": 1, "secure": false}, nil, m{"host": "h", "port": 1, "secure": false},
			[]registry.Notice{{Key: "secure", Kind: settings.Ignored, Message: "has no effect"}}, ""},
		{"from a variable", m{"host": "h", "port": 1}, map[string]string{"host": "OTEL_HOST"}, m{"host": "h", "port": 1},
			[]registry.Notice{{Key: "host", Kind: settings.Suspicious, Message: "from the environment"}}, ""},
		{"a key taken out", m{"host": "drop", "port": 1}, nil, m{"port": 1}, nil, ""},
		{"an item taken out", m{"port": 1, "headers": settings.Pairs{{Name: "a", Value: "b"}}}, nil, m{"host": "localhost", "port": 1, "headers": settings.Pairs{}},
			[]registry.Notice{{Key: "headers", Item: 1, Kind: settings.Ignored, Message: "is not sent"}}, ""},
		{"a fault of the hook and one of Validate", m{"host": "bad", "port": 25}, nil, m{"host": "bad", "port": 25}, nil, "host: is bad\nport: is for mail"},
		{"one of a pair", m{"port": 1, "user": "u"}, nil, m{"host": "localhost", "port": 1, "user": "u"}, nil, "password: user is set without it; set both or neither"},
		{"a section that cannot be decoded", m{"port": "x"}, nil, nil, nil, `port: "x" is not a whole number, want 1 to 65535`},
		{"a panic", m{"host": "panic", "user": "u", "password": "s3cret"}, nil, nil, nil, `exporter "endpoint": panic in completion: with ***`},
	} {
		p, err := r.Complete("endpoint", tt.section, tt.variables)
		if diff := cmp.Diff([]any{tt.want, tt.notices}, []any{p.Settings(), p.Notices}); diff != "" {
			t.Errorf("%s: settings and notices (-want +got):\n%s", tt.name, diff)
		}
		if text := errors.Join(err); (text == nil) != (tt.fault == "") || text != nil && text.Error() != tt.fault || (p.Open != nil) != (err == nil) {
			t.Errorf("%s: %v, want %q, and Open only without it", tt.name, err, tt.fault)
		}
	}
}

// Openings of one Prepared share nothing, and get what the hook completed.
func TestOpeningsOfOnePrepared(t *testing.T) {
	r, built := withEndpoint(t)
	p, err := r.Complete("endpoint", m{"headers": settings.Pairs{{Name: "a"}, {Name: "b"}}}, nil)
	if err != nil || p.Destination != "localhost" {
		t.Fatalf("Complete = %+v, %v", p, err)
	}
	for range 2 {
		if _, err := p.Open(context.Background(), registry.BuildContext{}); err != nil {
			t.Fatal(err)
		}
		last := (*built)[len(*built)-1]
		if last.Port != 80 || len(last.Headers) != 1 || last.Headers[0].Name != "b" {
			t.Errorf("built with %+v", last)
		}
		last.Headers[0].Name = "changed"
	}
	p.Settings()["host"] = "changed"
	if p.Settings()["host"] != "localhost" {
		t.Error("Settings shares its map")
	}
}

func TestCompletionOfAnotherType(t *testing.T) {
	var r registry.Registry
	err := r.Register(factory("lines", registry.WithCompletion((*endpoint).complete)))
	if !errors.Is(err, registry.ErrInvalid) || !strings.Contains(err.Error(), "WithCompletion has a func(*registry_test.endpoint, *registry.Completion), the settings are registry_test.lines") {
		t.Errorf("Register = %v", err)
	}
}

func TestTimeoutVariablesAndImportPaths(t *testing.T) {
	r, _ := withEndpoint(t)
	if d, err := r.Describe("endpoint"); err != nil || !cmp.Equal(d.TimeoutVariables, []string{"OTEL_B", "OTEL_A"}) {
		t.Errorf("Describe = %v, %v", d.TimeoutVariables, err)
	}
	for name, want := range map[string]string{"Stdout": "github.com/spanroute/spanroute/exporters/console", "endpoint": ""} {
		if got := registry.ImportPath(name); got != want {
			t.Errorf("ImportPath(%q) = %q, want %q", name, got, want)
		}
	}
}
