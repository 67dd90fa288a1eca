package schema_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

type login struct {
	Headers settings.Pairs `koanf:"headers" format:"headers" doc:"for all"`
	HTTP    struct {
		User    string         `koanf:"user" with:"password" doc:"name"`
		Pass    string         `koanf:"password" with:"user" secret:"true" doc:"password"`
		Headers settings.Pairs `koanf:"headers" overrides:"headers" format:"headers" doc:"for HTTP"`
	} `koanf:"http"`
}

func TestKeysThatBelongTogether(t *testing.T) {
	s, err := schema.Of[login](nil)
	if err != nil {
		t.Fatal(err)
	}
	user, _, _ := s.Lookup("http.user")
	headers, _, _ := s.Lookup("http.headers")
	if user.With != "http.password" || headers.Overrides != "headers" {
		t.Errorf("with %q, overrides %q", user.With, headers.Overrides)
	}
	var l login
	l.HTTP.Pass = "s3cret"
	err = errors.Join(s.Unpaired(l)...)
	if err == nil || err.Error() != "http.user: password is set without it; set both or neither" || !errors.Is(err, settings.ErrMissing) {
		t.Errorf("Unpaired = %v", err)
	}
	l.HTTP.User = "u"
	if faults := s.Unpaired(l); faults != nil {
		t.Errorf("a pair is refused: %v", faults)
	}
}

func TestTagsWithAnUnknownKey(t *testing.T) {
	for want, of := range map[string]func() error{
		`a: "b" is not another key of its type`: func() error {
			_, err := schema.Of[struct {
				A string `koanf:"a" with:"b"`
				B int    `koanf:"b"`
			}](nil)
			return err
		},
		`a: "a" is not another key of its type`: func() error {
			_, err := schema.Of[struct {
				A string `koanf:"a" overrides:"a"`
			}](nil)
			return err
		},
		`b.a: "b.c" is not another key of its type`: func() error {
			_, err := schema.Of[struct {
				B struct {
					A string `koanf:"a" with:"c"`
				} `koanf:"b"`
				C string `koanf:"c"`
			}](nil)
			return err
		},
		`format tag "headers" on a string`: func() error {
			_, err := schema.Of[struct {
				A string `koanf:"a" format:"headers"`
			}](nil)
			return err
		},
	} {
		if err := of(); !errors.Is(err, schema.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("Of = %v, want %s", err, want)
		}
	}
}

func TestGivenUsesCanonicalPaths(t *testing.T) {
	got := sampleSchema(t).Given(map[string]any{"url": "u", "port": 5, "thrift": map[string]any{"size": 1, "rate": nil}, "stray": 1})
	want := map[string]any{"endpoint": "u", "thrift.agent_port": 5, "thrift.size": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("given (-want +got):\n%s", diff)
	}
}

func TestCopySharesNoMemory(t *testing.T) {
	yes := true
	before := defaults()
	before.Headers, before.Labels, before.Insecure = settings.Pairs{{Name: "a", Value: "b"}}, map[string]string{"k": "v"}, &yes
	c := sampleSchema(t).Copy(before).(sample)
	c.Headers[0].Name, c.Labels["k"], c.Names[0], *c.Insecure, c.Thrift.Port = "x", "x", "x", false, 1
	if before.Headers[0].Name != "a" || before.Labels["k"] != "v" || before.Names[0] != "a" || !yes || before.Thrift.Port != 6831 {
		t.Errorf("the original changed: %+v", before)
	}
}
