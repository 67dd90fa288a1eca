package schema_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
	for _, tt := range []struct {
		name    string
		section m
		kind    settings.Kind
		want    string
	}{
		{"misspelt key", m{"endpont": 1}, settings.ErrUnknownKey, `endpont: unknown key, did you mean "endpoint"?`},
		{"misspelt in a section", m{"thrift": m{"agent_prt": 1}}, settings.ErrUnknownKey, `thrift.agent_prt: unknown key, did you mean "agent_port"?`},
		{"misspelt section", m{"thrit": m{"agent_port": 1}}, settings.ErrUnknownKey, `thrit: unknown key, did you mean "thrift"?`},
		{"misspelt alias", m{"prt": 1}, settings.ErrUnknownKey, `prt: unknown key, did you mean "port"?`},
		{"letter case", m{"ENDPOINT": "x"}, settings.ErrUnknownKey, `ENDPOINT: unknown key, did you mean "endpoint"?`},
		{"in the wrong place", m{"agent_port": 1}, settings.ErrUnknownKey, `agent_port: unknown key, it belongs in thrift.agent_port`},
		{"dotted", m{"thrift.agent_port": 1}, settings.ErrUnknownKey, `thrift.agent_port: unknown key, nest it`},
		{"nothing near", m{"zzzzzzzzzz": 1}, settings.ErrUnknownKey, `zzzzzzzzzz: unknown key`},
		{"unknown and null", m{"nonsense": nil}, settings.ErrUnknownKey, `nonsense: unknown key`},
		{"skipped field", m{"skipped": nil}, settings.ErrUnknownKey, `skipped: unknown key`},
		{"text for a number", m{"thrift": m{"agent_port": "x"}}, settings.ErrWrongType, `thrift.agent_port: "x" is not a whole number, want 1 to 65535`},
		{"quoted number", m{"thrift": m{"agent_port": "6831"}}, settings.ErrWrongType, `thrift.agent_port: "6831" is quoted, write it plain, want 1 to 65535`},
		{"quoted bool", m{"insecure": "true"}, settings.ErrWrongType, `insecure: "true" is read as true, write true`},
		{"yes", m{"insecure": "yes"}, settings.ErrWrongType, `insecure: "yes" is read as true, write true`},
		{"one for a bool", m{"insecure": 1}, settings.ErrWrongType, `insecure: 1 is neither true nor false`},
		{"bool for a number", m{"thrift": m{"rate": true}}, settings.ErrWrongType, `thrift.rate: true is not a number, want 0 to 1`},
		{"fraction", m{"thrift": m{"agent_port": 6831.5}}, settings.ErrWrongType, `thrift.agent_port: 6831.5 is not a whole number, want 1 to 65535`},
		{"zero port", m{"thrift": m{"agent_port": 0}}, settings.ErrOutOfRange, `thrift.agent_port: 0 is out of range, want 1 to 65535`},
		{"high port", m{"port": 70000}, settings.ErrOutOfRange, `port: 70000 is out of range, want 1 to 65535`},
		{"rate", m{"thrift": m{"rate": 1.5}}, settings.ErrOutOfRange, `thrift.rate: 1.5 is out of range, want 0 to 1`},
		{"NaN", m{"thrift": m{"rate": math.NaN()}}, settings.ErrOutOfRange, `thrift.rate: .nan is out of range, want 0 to 1`},
		{"infinity", m{"thrift": m{"delay": math.Inf(1)}}, settings.ErrOutOfRange, `thrift.delay: .inf is out of range`},
		{"zero duration", m{"thrift": m{"delay": 0}}, settings.ErrOutOfRange, `thrift.delay: 0 is out of range, want more than 0`},
		{"long duration", m{"thrift": m{"wait": "2m"}}, settings.ErrOutOfRange, `thrift.wait: "2m" is out of range, want 0 to 1m`},
		{"endless duration", m{"thrift": m{"delay": 1e300}}, settings.ErrOutOfRange, `thrift.delay: 1e+300 is out of range`},
		{"32 bits", m{"thrift": m{"inner": m{"small": 1 << 40}}}, settings.ErrOutOfRange, `thrift.inner.small: 1099511627776 is out of range`},
		{"64 bits", m{"thrift": m{"size": uint64(math.MaxUint64)}}, settings.ErrOutOfRange, `thrift.size: 18446744073709551615 is out of range`},
		{"enumeration", m{"protocol": "htp"}, settings.ErrUnknownValue, `protocol: "htp" is unknown, want grpc, http or http/json, did you mean "http"?`},
		{"known, not supported", m{"protocol": "TCP"}, settings.ErrUnsupported, `protocol: "TCP" is not supported, want grpc, http or http/json`},
		{"enumerated list", m{"modes": []any{"on", "maybe"}}, settings.ErrUnknownValue, `modes: "maybe" is unknown, want on or off`},
		{"number for a text", m{"endpoint": 5}, settings.ErrWrongType, `endpoint: 5 is not text, quote it`},
		{"list for a text", m{"endpoint": []any{"a"}}, settings.ErrWrongType, `endpoint: a list is not text`},
		{"map for a list", m{"names": m{}}, settings.ErrWrongType, `names: a map is not a list`},
		{"number for a list", m{"names": 5}, settings.ErrWrongType, `names: 5 is not a list`},
		{"item that is no text", m{"names": []any{"a", 5, nil}}, settings.ErrWrongType, "names: item 2 is not text, quote it\nnames: item 3 is not text, quote it"},
		{"text for a section", m{"thrift": "x"}, settings.ErrWrongType, `thrift: text is not a section, want a mapping with agent_port, size, rate, split, delay, wait or inner`},
		{"list for a section", m{"thrift": []any{}}, settings.ErrWrongType, `thrift: a list is not a section, want a mapping with agent_port, size, rate, split, delay, wait or inner`},
		{"no duration", m{"thrift": m{"wait": "soon"}}, settings.ErrWrongType, `thrift.wait: "soon" is not a duration, want seconds or a text like "500ms"`},
		{"base 60", m{"thrift": m{"wait": "1:30"}}, settings.ErrWrongType, `thrift.wait: "1:30" is not a duration, want 0 to 1m, YAML 1.1 reads base 60; write seconds`},
		{"function", m{"names": func() {}}, settings.ErrWrongType, `names: a func() is not a list`},
		{"time for a duration", m{"thrift": m{"split": time.Second}}, settings.ErrWrongType, `thrift.split: 1000000000 is neither true nor false`},
		{"alias that disagrees", m{"endpoint": "http://a", "url": "http://b"}, settings.ErrConflict, `url: conflicts with endpoint, keep one`},
		{"null value in a map", m{"labels": m{"a": nil}}, settings.ErrWrongType, `labels: "a" has no plain value`},
		{"nested value in a map", m{"labels": m{"a": m{}}}, settings.ErrWrongType, `labels: "a" has no plain value`},
		{"no pair", m{"labels": []any{[]any{"a", "b", "c"}}}, settings.ErrHeader, `labels: item 1 is not a pair, want [name, value]`},
		{"one-item pair and no list", m{"labels": []any{[]any{"a"}, "x"}}, settings.ErrHeader, "labels: item 1 is not a pair, want [name, value]\nlabels: item 2 is not a pair, want [name, value]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := defaults()
			err := sampleSchema(t).Decode(tt.section, &got)
			if err == nil || err.Error() != tt.want {
				t.Errorf("Decode = %v\nwant %s", err, tt.want)
			}
			if !errors.Is(err, tt.kind) {
				t.Errorf("Decode = %v, want kind %s", err, tt.kind)
			}
			var key *settings.KeyError
			if !errors.As(err, &key) {
				t.Errorf("Decode = %T, want a *KeyError in it", err)
			}
		})
	}
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
