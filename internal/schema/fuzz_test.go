package schema_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

var goTypes = map[settings.Type]reflect.Type{
	settings.TypeBool:     reflect.TypeFor[bool](),
	settings.TypeInt:      reflect.TypeFor[int](),
	settings.TypeFloat:    reflect.TypeFor[float64](),
	settings.TypeDuration: reflect.TypeFor[time.Duration](),
	settings.TypeString:   reflect.TypeFor[string](),
	settings.TypeList:     reflect.TypeFor[[]string](),
	settings.TypeMap:      reflect.TypeFor[settings.Pairs](),
}

// Whatever the text, the result is nothing, a value of the key's Go type that converts to itself, or an
// error that can be printed.
func FuzzFromText(f *testing.F) {
	for _, text := range []string{"true", "06831", "1e400", "1:30", "5s", ".nan", `["a",1]`, `{"a":{}}`, `{"a"`, "a=b%2C,c", "[", "{", "{}x", "-0", "\xff\x00"} {
		f.Add(text)
	}
	keys := []settings.Key{boolKey, intKey, floatKey, timeKey, textKey, listKey, mapKey}
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range keys {
			v, err := schema.FromText(k, text)
			check(t, k, text, v, err)
			for _, quoted := range []bool{true, false} {
				v, _, err := schema.FromYAML(k, text, quoted)
				check(t, k, text, v, err)
			}
		}
	})
}

func check(t *testing.T, k settings.Key, text string, v any, err error) {
	t.Helper()
	if err != nil {
		if msg := err.Error(); v != nil || msg == "" || !utf8.ValidString(msg) || strings.ContainsAny(msg, "\x00\r\x1b") {
			t.Errorf("%s from %q: %v beside the error %q", k.Type, text, v, msg)
		}
		return
	}
	if v == nil {
		return
	}
	if reflect.TypeOf(v) != goTypes[k.Type] {
		t.Errorf("%s from %q is a %T", k.Type, text, v)
	}
	again, coerced, err := schema.FromValue(k, v)
	if list, ok := v.([]string); ok && len(list) == 0 {
		return
	}
	if !reflect.DeepEqual(v, again) || coerced != "" || err != nil {
		t.Errorf("%s from %q: %#v became %#v, %q, %v", k.Type, text, v, again, coerced, err)
	}
}

// Whatever a decoder returns is refused by key, or decoded, and then reads back as the same settings.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"endpoint":"x","thrift":{"agent_port":5,"delay":1.5}}`, `{"headers":[["a","b"]],"labels":{"a.b":1}}`,
		`{"thrift":5,"url":null,"port":1,"names":["a",5],"insecure":"yes"}`, `{"a.b":1,"ip":3232235521,"modes":"ON,off"}`, `{"":null}`} {
		f.Add([]byte(text))
	}
	s, err := schema.Of(defaults)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var section map[string]any
		if json.Unmarshal(text, &section) != nil {
			return
		}
		got := defaults()
		if err := s.Decode(section, &got); err != nil {
			_, unnamed := section[""]
			for _, e := range settings.KeyErrors(err) {
				if e.Key == "" && !unnamed || !errors.As(e.Err, new(settings.Kind)) {
					t.Errorf("Decode(%s): %v has no key or kind", text, e)
				}
			}
			return
		}
		again := defaults()
		if err := s.Decode(s.Section(got), &again); err != nil {
			t.Fatalf("Decode(%s): its own section is refused: %v", text, err)
		}
		if diff := cmp.Diff(got, again, cmpopts.IgnoreFields(sample{}, "Skipped"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Decode(%s) reads back differently:\n%s", text, diff)
		}
	})
}

func FuzzQuoteAndNearest(f *testing.F) {
	f.Add("zipkn", "zipkin")
	f.Add("\xff\u202e", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		if q := phrase.Quote(a); !utf8.ValidString(q) || strings.ContainsAny(q, "\n\r\x00") || len(q) > 64*10+5 {
			t.Errorf("Quote(%q) = %q", a, q)
		}
		if near, ok := phrase.Nearest(a, []string{b}); ok && near != b {
			t.Errorf("Nearest(%q) = %q, which is no candidate", a, near)
		}
	})
}
