package jsonschema_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/internal/jsonschema"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// every has a key of each kind of value.
type every struct {
	Bool     bool           `koanf:"bool"`
	Int      int            `koanf:"int"`
	Port     int            `koanf:"port" range:"1..65535"`
	Count    int            `koanf:"count" range:"-1.."`
	Below    int            `koanf:"below" range:"-20..-3"`
	Float    float64        `koanf:"float"`
	Rate     float64        `koanf:"rate" range:"0..1"`
	Odd      float64        `koanf:"odd" range:"0.5..2.5"`
	Wait     time.Duration  `koanf:"wait"`
	Pause    time.Duration  `koanf:"pause" range:"0.."`
	Age      time.Duration  `koanf:"age" range:"1s.."`
	Interval time.Duration  `koanf:"interval" range:"100ms..24h"`
	Short    time.Duration  `koanf:"short" range:"90s..5m30s"`
	Tiny     time.Duration  `koanf:"tiny" range:"3us..7ms"`
	Mode     string         `koanf:"mode" enum:"grpc,http=http/protobuf,!deflate"`
	Name     string         `koanf:"name"`
	Kinds    []string       `koanf:"kinds" enum:"server,client"`
	Items    []string       `koanf:"items"`
	Pairs    settings.Pairs `koanf:"pairs"`
}

// keys returns the keys of every with the schemas of their values, as a validator reads them.
func keys(t testing.TB) (all []settings.Key, values map[string]map[string]any) {
	t.Helper()
	s, err := schema.Of[every](nil)
	if err != nil {
		t.Fatal(err)
	}
	properties := map[string]jsonschema.Schema{}
	for _, k := range s.Keys() {
		properties[k.Path] = jsonschema.Value(k)
	}
	var document struct {
		Properties map[string]map[string]any
		Defs       map[string]map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(jsonschema.Document(jsonschema.Schema{"properties": properties}, nil), &document); err != nil {
		t.Fatal(err)
	}
	for name, def := range document.Defs {
		definitions[name] = def
	}
	return s.Keys(), document.Properties
}

var (
	definitions = map[string]map[string]any{}
	expressions = map[string]*regexp.Regexp{}
)

// accepts reports whether a schema accepts a text. It knows the keywords of this package that are about texts.
func accepts(s map[string]any, text string) bool {
	matches := func(of any) bool { return accepts(of.(map[string]any), text) }
	for keyword, v := range s {
		ok := true
		switch keyword {
		case "type":
			types, list := v.([]any)
			ok = !list || slices.Contains(types, any("string"))
		case "pattern":
			ok = expression(v.(string)).MatchString(text)
		case "enum":
			ok = slices.Contains(v.([]any), any(text))
		case "maxLength":
			ok = len(text) <= int(v.(float64))
		case "minLength":
			ok = len(text) >= int(v.(float64))
		case "$ref":
			ok = accepts(definitions[strings.TrimPrefix(v.(string), "#/$defs/")], text)
		case "anyOf":
			ok = slices.ContainsFunc(v.([]any), matches)
		case "allOf":
			ok = !slices.ContainsFunc(v.([]any), func(of any) bool { return !matches(of) })
		}
		if !ok {
			return false
		}
	}
	return true
}

func expression(text string) *regexp.Regexp {
	re, known := expressions[text]
	if !known {
		re = regexp.MustCompile(text)
		expressions[text] = re
	}
	return re
}

// texts are spellings with the keys that accept them.
var texts = map[string]string{
	"":                   "items kinds mode name pairs",
	"true":               "bool items name",
	"Yes":                "bool items name",
	"OFF":                "bool items name",
	"tRue":               "items name",
	"5":                  "age count float int interval items name pause port wait",
	"1.0":                "age float interval items name odd pause rate wait",
	"0":                  "count float int items name pause rate",
	"-1":                 "count int items name",
	"-3":                 "below int items name",
	"-21":                "int items name",
	"65536":              "age count float int interval items name pause wait",
	"0.25":               "float interval items name pause rate wait",
	"007":                "items name",
	"1e3":                "items name",
	"500ms":              "interval items name pause wait",
	"0s":                 "items name pause",
	"5m0s":               "age interval items name pause short wait",
	"1m30s":              "age interval items name pause wait", // 90 s, but neither number alone
	"2m30.5s":            "age interval items name pause short wait",
	"24h0m0s":            "age interval items name pause wait",
	"24h0m1s":            "age items name pause wait",
	"1.5h":               "age interval items name pause wait",
	"3µs":                "items name pause tiny wait",
	"7ms":                "items name pause tiny wait",
	"8ms":                "items name pause wait",
	"-5s":                "items name",
	"1:30":               "items name",
	"GRPC":               "items mode name",
	"http/Protobuf":      "items mode name",
	"deflate":            "items name",
	"Server, client,":    "items kinds name",
	"a=1,b=x%2Cy":        "items name pairs",
	"a=%zz":              "items name",
	"a=%C3%A9":           "items name pairs",
	"a=%C3":              "items name",
	"a=1,":               "items name",
	"=1":                 "items name",
	"a":                  "items name",
	"${X}":               "age below bool count float int interval items kinds mode name odd pairs pause port rate short tiny wait",
	"a ${env:X:-1} $${b": "age below bool count float int interval items kinds mode name odd pairs pause port rate short tiny wait",
	"$${X}":              "items name",
	"$$${X}":             "items name",
	"a$b$$":              "items name",
	"${1X}":              "",
	"${X":                "",
	"${X}${":             "",
	"${}":                "",
}

func TestTexts(t *testing.T) {
	all, values := keys(t)
	for text, want := range texts {
		var got []string
		for _, k := range all {
			if accepts(values[k.Path], text) {
				got = append(got, k.Path)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q is accepted by\n%v, want\n%s", text, got, want)
		}
	}
}

// The schema of a value accepts no text that package schema refuses, apart from texts with variables.
func FuzzTexts(f *testing.F) {
	all, values := keys(f)
	for text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, '\uFFFD') || strings.ToValidUTF8(text, "") != text || accepts(definitions["variable"], text) {
			return
		}
		for _, k := range all {
			if _, _, err := schema.FromYAML(k, text, true); err != nil && accepts(values[k.Path], text) {
				t.Errorf("%s: %q is accepted, and refused: %v", k.Path, text, err)
			}
		}
	})
}
