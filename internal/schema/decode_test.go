package schema_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

type m = map[string]any

func TestDecodeKeepsOtherFields(t *testing.T) {
	yes := true
	for _, tt := range []struct {
		name    string
		section m
		change  func(*sample)
	}{
		{"nothing", nil, func(*sample) {}},
		{"null is not set, at every depth", m{"endpoint": nil, "thrift": nil, "http": m{"endpoint": nil}}, func(*sample) {}},
		{"null in a section", m{"thrift": m{"agent_port": nil, "split": true}}, func(s *sample) { s.Thrift.Split = true }},
		{"empty text is not set", m{"endpoint": ""}, func(*sample) {}},
		{"alias", m{"url": "http://x", "port": 1}, func(s *sample) { s.Endpoint = "http://x"; s.Thrift.Port = 1 }},
		{"nested alias", m{"http": m{"endpoint": "http://x"}}, func(s *sample) { s.Endpoint = "http://x" }},
		{"alias that agrees", m{"thrift": m{"agent_port": 7}, "port": 7.0}, func(s *sample) { s.Thrift.Port = 7 }},
		{"tri-state", m{"insecure": true}, func(s *sample) { s.Insecure = &yes }},
		{"whole float", m{"thrift": m{"agent_port": 6832.0, "inner": m{"small": int64(5)}}}, func(s *sample) { s.Thrift.Port = 6832; s.Thrift.Inner.Small = 5 }},
		{"typed values of config", m{"thrift": m{"delay": 2 * time.Second}, "headers": settings.Pairs{{Name: "a", Value: "b"}}, "names": []string{"x"}},
			func(s *sample) {
				s.Thrift.Delay = 2 * time.Second
				s.Headers = settings.Pairs{{Name: "a", Value: "b"}}
				s.Names = []string{"x"}
			}},
		{"seconds and text for a duration", m{"thrift": m{"delay": 2.5, "wait": "500ms"}}, func(s *sample) {
			s.Thrift.Delay = 2500 * time.Millisecond
			s.Thrift.Wait = 500 * time.Millisecond
		}},
		{"an empty list replaces", m{"names": []any{}}, func(s *sample) { s.Names = []string{} }},
		{"enumerations are normalised", m{"protocol": "HTTP/Protobuf", "modes": "ON,off"}, func(s *sample) { s.Protocol = "http"; s.Modes = []string{"on", "off"} }},
		{"packed address", m{"ip": 3232235521}, func(s *sample) { s.IP = "3232235521" }},
		{"packed address from JSON", m{"ip": 3232235521.0}, func(s *sample) { s.IP = "3232235521" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, want := defaults(), defaults()
			tt.change(&want)
			if err := sampleSchema(t).Decode(tt.section, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(sample{}, "Skipped")); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	var texts goldentext.Rows
	for _, tt := range []struct {
		name    string
		section m
		kind    settings.Kind
	}{
		{"misspelt key", m{"endpont": 1}, settings.ErrUnknownKey},
		{"misspelt in a section", m{"thrift": m{"agent_prt": 1}}, settings.ErrUnknownKey},
		{"misspelt section", m{"thrit": m{"agent_port": 1}}, settings.ErrUnknownKey},
		{"misspelt alias", m{"prt": 1}, settings.ErrUnknownKey},
		{"letter case", m{"ENDPOINT": "x"}, settings.ErrUnknownKey},
		{"in the wrong place", m{"agent_port": 1}, settings.ErrUnknownKey},
		{"dotted", m{"thrift.agent_port": 1}, settings.ErrUnknownKey},
		{"nothing near", m{"zzzzzzzzzz": 1}, settings.ErrUnknownKey},
		{"unknown and null", m{"nonsense": nil}, settings.ErrUnknownKey},
		{"skipped field", m{"skipped": nil}, settings.ErrUnknownKey},
		{"text for a number", m{"thrift": m{"agent_port": "x"}}, settings.ErrWrongType},
		{"quoted number", m{"thrift": m{"agent_port": "6831"}}, settings.ErrWrongType},
		{"quoted bool", m{"insecure": "true"}, settings.ErrWrongType},
		{"yes", m{"insecure": "yes"}, settings.ErrWrongType},
		{"one for a bool", m{"insecure": 1}, settings.ErrWrongType},
		{"bool for a number", m{"thrift": m{"rate": true}}, settings.ErrWrongType},
		{"fraction", m{"thrift": m{"agent_port": 6831.5}}, settings.ErrWrongType},
		{"zero port", m{"thrift": m{"agent_port": 0}}, settings.ErrOutOfRange},
		{"high port", m{"port": 70000}, settings.ErrOutOfRange},
		{"rate", m{"thrift": m{"rate": 1.5}}, settings.ErrOutOfRange},
		{"NaN", m{"thrift": m{"rate": math.NaN()}}, settings.ErrOutOfRange},
		{"infinity", m{"thrift": m{"delay": math.Inf(1)}}, settings.ErrOutOfRange},
		{"zero duration", m{"thrift": m{"delay": 0}}, settings.ErrOutOfRange},
		{"long duration", m{"thrift": m{"wait": "2m"}}, settings.ErrOutOfRange},
		{"endless duration", m{"thrift": m{"delay": 1e300}}, settings.ErrOutOfRange},
		{"32 bits", m{"thrift": m{"inner": m{"small": 1 << 40}}}, settings.ErrOutOfRange},
		{"64 bits", m{"thrift": m{"size": uint64(math.MaxUint64)}}, settings.ErrOutOfRange},
		{"enumeration", m{"protocol": "htp"}, settings.ErrUnknownValue},
		{"known, not supported", m{"protocol": "TCP"}, settings.ErrUnsupported},
		{"enumerated list", m{"modes": []any{"on", "maybe"}}, settings.ErrUnknownValue},
		{"number for a text", m{"endpoint": 5}, settings.ErrWrongType},
		{"list for a text", m{"endpoint": []any{"a"}}, settings.ErrWrongType},
		{"map for a list", m{"names": m{}}, settings.ErrWrongType},
		{"number for a list", m{"names": 5}, settings.ErrWrongType},
		{"item that is no text", m{"names": []any{"a", 5, nil}}, settings.ErrWrongType},
		{"text for a section", m{"thrift": "x"}, settings.ErrWrongType},
		{"list for a section", m{"thrift": []any{}}, settings.ErrWrongType},
		{"no duration", m{"thrift": m{"wait": "soon"}}, settings.ErrWrongType},
		{"base 60", m{"thrift": m{"wait": "1:30"}}, settings.ErrWrongType},
		{"function", m{"names": func() {}}, settings.ErrWrongType},
		{"time for a duration", m{"thrift": m{"split": time.Second}}, settings.ErrWrongType},
		{"alias that disagrees", m{"endpoint": "http://a", "url": "http://b"}, settings.ErrConflict},
		{"null value in a map", m{"labels": m{"a": nil}}, settings.ErrWrongType},
		{"nested value in a map", m{"labels": m{"a": m{}}}, settings.ErrWrongType},
		{"no pair", m{"labels": []any{[]any{"a", "b", "c"}}}, settings.ErrHeader},
		{"one-item pair and no list", m{"labels": []any{[]any{"a"}, "x"}}, settings.ErrHeader},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := defaults()
			err := sampleSchema(t).Decode(tt.section, &got)
			texts.AddError(t, tt.name, err)
			if !errors.Is(err, tt.kind) {
				t.Errorf("Decode = %v, want kind %s", err, tt.kind)
			}
			var key *settings.KeyError
			if !errors.As(err, &key) {
				t.Errorf("Decode = %T, want a *KeyError in it", err)
			}
		})
	}
	texts.Check(t)
}

func TestDecodeReportsEveryFault(t *testing.T) {
	s := defaults()
	err := sampleSchema(t).Decode(m{"endpont": "x", "thrift": m{"agent_port": 0, "rate": true, "x": 1}, "modes": 1}, &s)
	var keys []string
	for _, e := range settings.KeyErrors(err) {
		keys = append(keys, e.Key)
	}
	if diff := cmp.Diff([]string{"endpont", "modes", "thrift.agent_port", "thrift.rate", "thrift.x"}, keys); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestDecodeNeedsItsStruct(t *testing.T) {
	for _, into := range []any{sample{}, (*sample)(nil), &struct{}{}, nil} {
		if err := sampleSchema(t).Decode(nil, into); !errors.Is(err, schema.ErrInvalid) {
			t.Errorf("Decode into %T = %v, want ErrInvalid", into, err)
		}
	}
}

func TestSecretsAreInNoFault(t *testing.T) {
	type secrets struct {
		Text   string            `koanf:"text" secret:"true" enum:"a,b"`
		Number int               `koanf:"number" secret:"true" range:"1..5"`
		Float  float64           `koanf:"float" secret:"true"`
		Bool   bool              `koanf:"bool" secret:"true"`
		Wait   time.Duration     `koanf:"wait" secret:"true"`
		List   []string          `koanf:"list" secret:"true"`
		Map    map[string]string `koanf:"map" secret:"true"`
	}
	s, err := schema.Of[secrets](nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range s.Keys() {
		for _, v := range []any{"87654321x", 87654321, "87654321", true, []any{87654321, "87654321"}, m{"name": []any{87654321}}, "a=%zz87654321,87654321", 8765.4321} {
			_, coerced, err := schema.FromValue(k, v)
			leaks(t, k, coerced, err)
			var into secrets
			leaks(t, k, "", s.Decode(m{k.Path: v}, &into))
			if text, ok := v.(string); ok {
				_, err := schema.FromText(k, text)
				leaks(t, k, "", err)
				_, coerced, err = schema.FromYAML(k, text, false)
				leaks(t, k, coerced, err)
			}
		}
	}
}

func leaks(t *testing.T, k settings.Key, coerced string, err error) {
	t.Helper()
	text := coerced
	if err != nil {
		text += err.Error()
	}
	if strings.Contains(text, "87654321") || strings.Contains(text, "8765.4321") {
		t.Errorf("%s: the secret is in %q", k.Path, text)
	}
}
