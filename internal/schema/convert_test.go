package schema_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

var (
	boolKey  = settings.Key{Path: "b", Type: settings.TypeBool}
	intKey   = settings.Key{Path: "i", Type: settings.TypeInt, Range: "1..65535"}
	floatKey = settings.Key{Path: "f", Type: settings.TypeFloat, Range: "0..1"}
	timeKey  = settings.Key{Path: "d", Type: settings.TypeDuration}
	textKey  = settings.Key{Path: "t", Type: settings.TypeString}
	listKey  = settings.Key{Path: "l", Type: settings.TypeList}
	mapKey   = settings.Key{Path: "m", Type: settings.TypeMap}
)

func TestFromText(t *testing.T) {
	for _, tt := range []struct {
		key  settings.Key
		text string
		want any // a Kind is an error
	}{
		{boolKey, "TRUE", true},
		{boolKey, " false ", false},
		{boolKey, "", nil},
		{boolKey, "yes", settings.ErrWrongType},
		{boolKey, "1", settings.ErrWrongType},
		{intKey, "6831", 6831},
		{intKey, "06831", settings.ErrWrongType},
		{intKey, "10.0", settings.ErrWrongType},
		{intKey, "-5", settings.ErrOutOfRange},
		{intKey, "70000", settings.ErrOutOfRange},
		{intKey, "99999999999999999999", settings.ErrOutOfRange},
		{intKey, "0x10", settings.ErrWrongType},
		{intKey, "1_000", settings.ErrWrongType},
		{intKey, "x", settings.ErrWrongType},
		{floatKey, "1", 1.0},
		{floatKey, "1e-3", 0.001},
		{floatKey, ".5", 0.5},
		{floatKey, "-0", 0.0},
		{floatKey, "1.5", settings.ErrOutOfRange},
		{floatKey, "1e400", settings.ErrOutOfRange},
		{floatKey, ".nan", settings.ErrOutOfRange},
		{floatKey, ".inf", settings.ErrOutOfRange},
		{floatKey, "NaN", settings.ErrWrongType},
		{floatKey, "0.1x", settings.ErrWrongType},
		{floatKey, "100%", settings.ErrWrongType},
		{floatKey, "00.5", settings.ErrWrongType},
		{timeKey, "5", 5 * time.Second},
		{timeKey, "2.5", 2500 * time.Millisecond},
		{timeKey, "5s", 5 * time.Second},
		{timeKey, "500ms", 500 * time.Millisecond},
		{timeKey, "86400", 24 * time.Hour},
		{timeKey, "0", settings.ErrOutOfRange},
		{timeKey, "0s", settings.ErrOutOfRange},
		{timeKey, "-1", settings.ErrOutOfRange},
		{timeKey, "1e12", settings.ErrOutOfRange},
		{timeKey, "1:30", settings.ErrWrongType},
		{timeKey, "true", settings.ErrWrongType},
		{textKey, " as it is ", " as it is "},
		{textKey, "5", "5"},
		{textKey, "", nil},
		{listKey, "a,b", []string{"a", "b"}},
		{listKey, " a , ,b, ", []string{"a", "b"}},
		{listKey, `["a{1,3}"]`, []string{"a{1,3}"}},
		{listKey, "[]", []string{}},
		{listKey, "", nil},
		{listKey, "[0-9]", settings.ErrWrongType},
		{listKey, `["a", null]`, settings.ErrWrongType},
		{listKey, `["a", 5]`, settings.ErrWrongType},
		{mapKey, "k=v, k2 = v=2 ", settings.Pairs{{Name: "k", Value: "v"}, {Name: "k2", Value: "v=2"}}},
		{mapKey, "api-key=a%2Cb%20c+,x=1", settings.Pairs{{Name: "api-key", Value: "a,b c+"}, {Name: "x", Value: "1"}}},
		{mapKey, `{"k": "a,b", "n": 1.50, "t": true}`, settings.Pairs{{Name: "k", Value: "a,b"}, {Name: "n", Value: "1.50"}, {Name: "t", Value: "true"}}},
		{mapKey, "{}", settings.Pairs{}},
		{mapKey, "", nil},
		{mapKey, `{"k": {}}`, settings.ErrWrongType},
		{mapKey, `{"k": null}`, settings.ErrWrongType},
		{mapKey, `{"k": "v"} x`, settings.ErrSyntax},
		{mapKey, `{"k": "v"`, settings.ErrSyntax},
		{mapKey, `{5: "v"}`, settings.ErrSyntax},
		{mapKey, "novalue", settings.ErrHeader},
		{mapKey, "=v", settings.ErrHeader},
		{mapKey, "b=%zz", settings.ErrHeader},
		{mapKey, "a=1,", settings.ErrHeader},
	} {
		got, err := schema.FromText(tt.key, tt.text)
		if kind, refused := tt.want.(settings.Kind); refused {
			if !errors.Is(err, kind) || got != nil {
				t.Errorf("%s from %q = %v, %v, want %s", tt.key.Type, tt.text, got, err, kind)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s from %q: %v (-want +got):\n%s", tt.key.Type, tt.text, err, diff)
		}
	}
}

func TestFromYAML(t *testing.T) {
	const plain, quoted = false, true
	for _, tt := range []struct {
		key     settings.Key
		text    string
		style   bool
		want    any
		coerced string
	}{
		{boolKey, "True", plain, true, ""},
		{boolKey, "FALSE", plain, false, ""},
		{boolKey, "tRUE", plain, settings.ErrWrongType, ""},
		{boolKey, "yes", plain, true, `"yes" is read as true; write true`},
		{boolKey, "Off", plain, false, `"Off" is read as false; write false`},
		{boolKey, "true", quoted, true, `"true" is read as true; write true`},
		{boolKey, "1", plain, settings.ErrWrongType, ""},
		{boolKey, "", quoted, settings.ErrWrongType, ""},
		{intKey, "10.0", plain, 10, "10.0 is read as 10"},
		{intKey, "1e3", plain, 1000, "1e3 is read as 1000"},
		{intKey, "6831", quoted, 6831, `"6831" is quoted; write it plain`},
		{intKey, "06831", plain, settings.ErrWrongType, ""},
		{intKey, "2.5", plain, settings.ErrWrongType, ""},
		{intKey, "-5", plain, settings.ErrOutOfRange, ""},
		{intKey, "true", plain, settings.ErrWrongType, ""},
		{floatKey, "1.0", quoted, 1.0, `"1.0" is quoted; write it plain`},
		{floatKey, "1e-20", plain, 1e-20, ""},
		{floatKey, "yes", plain, settings.ErrWrongType, ""},
		{timeKey, "5", plain, 5 * time.Second, ""},
		{timeKey, "5s", quoted, 5 * time.Second, ""},
		{timeKey, "5", quoted, 5 * time.Second, ""},
		{textKey, "iris", plain, "iris", ""},
		{textKey, "yes", plain, "yes", ""},
		{textKey, "5", quoted, "5", ""},
		{textKey, "5", plain, settings.ErrWrongType, ""},
		{textKey, "true", plain, settings.ErrWrongType, ""},
		{textKey, "", quoted, nil, ""},
		{listKey, "a, b", plain, []string{"a", "b"}, ""},
		{listKey, "[a]", quoted, []string{"[a]"}, ""},
		{listKey, "", quoted, []string{}, ""},
		{listKey, "5", plain, settings.ErrWrongType, ""},
		{mapKey, "a=1", plain, settings.Pairs{{Name: "a", Value: "1"}}, ""},
		{mapKey, "true", plain, settings.ErrWrongType, ""},
		{mapKey, "", quoted, settings.Pairs{}, ""},
	} {
		got, coerced, err := schema.FromYAML(tt.key, tt.text, tt.style)
		if kind, refused := tt.want.(settings.Kind); refused {
			if !errors.Is(err, kind) {
				t.Errorf("%s from %q = %v, %v, want %s", tt.key.Type, tt.text, got, err, kind)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || coerced != tt.coerced || err != nil {
			t.Errorf("%s from %q: %v, coerced %q, want %q (-want +got):\n%s", tt.key.Type, tt.text, err, coerced, tt.coerced, diff)
		}
	}
}

func TestFromValueOfFreeFormMaps(t *testing.T) {
	type header string
	for _, tt := range []struct {
		name string
		v    any
		want settings.Pairs
	}{
		{"map, sorted by name", m{"b.c": 1, "a": true, "d": 2.50}, settings.Pairs{{Name: "a", Value: "true"}, {Name: "b.c", Value: "1"}, {Name: "d", Value: "2.5"}}},
		{"map of texts", map[string]string{"a": "1"}, settings.Pairs{{Name: "a", Value: "1"}}},
		{"map of a YAML decoder", map[any]any{"a": "1"}, settings.Pairs{{Name: "a", Value: "1"}}},
		{"named texts", map[header]header{"a": "1"}, settings.Pairs{{Name: "a", Value: "1"}}},
		{"pairs", []any{[]any{"b", 1}, []any{"a", "x"}}, settings.Pairs{{Name: "b", Value: "1"}, {Name: "a", Value: "x"}}},
		{"arrays", [][2]string{{"b", "1"}}, settings.Pairs{{Name: "b", Value: "1"}}},
		{"text", "a=b", settings.Pairs{{Name: "a", Value: "b"}}},
		{"empty", m{}, settings.Pairs{}},
	} {
		got, _, err := schema.FromValue(mapKey, tt.v)
		if diff := cmp.Diff(any(tt.want), got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestFromValueTakesWhatDecodersReturn(t *testing.T) {
	five := 5
	for _, tt := range []struct {
		key     settings.Key
		v, want any
	}{
		{intKey, json.Number("5"), 5},
		{intKey, uint16(5), 5},
		{intKey, &five, 5},
		{intKey, (*int)(nil), nil},
		{floatKey, json.Number("0.5"), 0.5},
		{floatKey, 1, 1.0},
		{floatKey, float32(0.5), 0.5},
		{timeKey, json.Number("1.5"), 1500 * time.Millisecond},
		{listKey, []any{" a ", ""}, []string{"a"}},
		{listKey, [2]string{"a", "b"}, []string{"a", "b"}},
	} {
		got, coerced, err := schema.FromValue(tt.key, tt.v)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil || coerced != "" {
			t.Errorf("%s from %T: %v, %q (-want +got):\n%s", tt.key.Type, tt.v, err, coerced, diff)
		}
	}
}

func TestFromValueSharesNothing(t *testing.T) {
	list, pairs := []string{"a"}, settings.Pairs{{Name: "a", Value: "b"}}
	gotList, _, _ := schema.FromValue(listKey, list)
	gotPairs, _, _ := schema.FromValue(mapKey, pairs)
	list[0], pairs[0].Value = "changed", "changed"
	if gotList.([]string)[0] != "a" || gotPairs.(settings.Pairs)[0].Value != "b" {
		t.Error("the converted value changed with the caller's")
	}
}

func TestGoodPairsStayBesideBadOnes(t *testing.T) {
	good, faults := schema.ParsePairs("novalue,k=v,b=%zz")
	if diff := cmp.Diff(settings.Pairs{{Name: "k", Value: "v"}}, good); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	want := []string{
		"pair 1 has no =, want name=value",
		`pair 3, "b": a % in the value is not followed by two hex digits; a percent sign is %25`,
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestParseListCountsEmptyItems(t *testing.T) {
	items, empty, err := schema.ParseList("a,, b ,")
	if len(items) != 2 || empty != 2 || err != nil {
		t.Errorf("ParseList = %q, %d, %v, want two items and two empty ones", items, empty, err)
	}
}

func TestMessagesAreShortAndPrintable(t *testing.T) {
	for _, k := range []settings.Key{boolKey, intKey, floatKey, timeKey} {
		for _, text := range []string{strings.Repeat("x", 1<<16), strings.Repeat("1", 1<<16), "a\x00\n\xff"} {
			_, err := schema.FromText(k, text)
			if err == nil || len(err.Error()) > 200 || strings.ContainsAny(err.Error(), "\x00\n") || !utf8.ValidString(err.Error()) {
				t.Errorf("%s: %.300q", k.Type, err)
			}
		}
	}
}
