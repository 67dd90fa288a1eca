package schema_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// sample has a field of every type.
type sample struct {
	Endpoint string            `koanf:"endpoint" alias:"url,http.endpoint" otel:"EXPORTER_X_ENDPOINT,OTEL_EXPORTER_ENDPOINT" doc:"where to"`
	Protocol string            `koanf:"protocol" enum:"grpc,http=http/protobuf,http/json,!tcp" doc:"how"`
	Password string            `koanf:"password" secret:"true" doc:"who"`
	Headers  settings.Pairs    `koanf:"headers" secret:"true" doc:"sent along"`
	Labels   map[string]string `koanf:"labels" hot:"true" doc:"free"`
	Names    []string          `koanf:"names" doc:"list"`
	Modes    []string          `koanf:"modes" enum:"on,off" doc:"enumerated list"`
	IP       string            `koanf:"ip" format:"ipv4" doc:"address"`
	Insecure *bool             `koanf:"insecure" doc:"unset is something else than false"`
	Thrift   struct {
		Port  int           `koanf:"agent_port" alias:"port" range:"1..65535" doc:"port"`
		Size  int64         `koanf:"size" doc:"no range"`
		Rate  float64       `koanf:"rate" range:"0..1" doc:"share"`
		Split bool          `koanf:"split" doc:"yes or no"`
		Delay time.Duration `koanf:"delay" doc:"above zero"`
		Wait  time.Duration `koanf:"wait" range:"0..1m" doc:"zero is fine"`
		Inner struct {
			Small int32 `koanf:"small" doc:"32 bits"`
		} `koanf:"inner"`
	} `koanf:"thrift"`
	_       int
	Skipped chan int `koanf:"-"`
}

func defaults() sample {
	s := sample{Endpoint: "http://localhost", Protocol: "grpc", Password: "hunter2", Names: []string{"a"}}
	s.Thrift.Port = 6831
	s.Thrift.Delay = time.Second
	return s
}

func sampleSchema(t *testing.T) *schema.Schema {
	t.Helper()
	s, err := schema.Of(defaults)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeysListTheStruct(t *testing.T) {
	want := []settings.Key{
		{Path: "endpoint", Aliases: []string{"url", "http.endpoint"}, OTel: []string{"OTEL_EXPORTER_X_ENDPOINT", "OTEL_EXPORTER_ENDPOINT"},
			Type: "string", Doc: "where to", Default: "http://localhost"},
		{Path: "protocol", Type: "string", Doc: "how", Default: "grpc", Enum: []string{"grpc", "http", "http/json"}, Spellings: map[string]string{"grpc": "grpc", "http": "http", "http/json": "http/json", "http/protobuf": "http", "tcp": ""}},
		{Path: "password", Type: "string", Doc: "who", Secret: true},
		{Path: "headers", Type: "map", Doc: "sent along", Secret: true},
		{Path: "labels", Type: "map", Doc: "free", Default: settings.Pairs{}, Hot: true},
		{Path: "names", Type: "list", Doc: "list", Default: []string{"a"}},
		{Path: "modes", Type: "list", Doc: "enumerated list", Default: []string(nil), Enum: []string{"on", "off"}, Spellings: map[string]string{"on": "on", "off": "off"}},
		{Path: "ip", Type: "string", Doc: "address", Default: "", Format: "ipv4"},
		{Path: "insecure", Type: "bool", Doc: "unset is something else than false"},
		{Path: "thrift.agent_port", Aliases: []string{"port"}, Type: "int", Doc: "port", Default: 6831, Range: "1..65535"},
		{Path: "thrift.size", Type: "int", Doc: "no range", Default: 0},
		{Path: "thrift.rate", Type: "float", Doc: "share", Default: 0.0, Range: "0..1"},
		{Path: "thrift.split", Type: "bool", Doc: "yes or no", Default: false},
		{Path: "thrift.delay", Type: "duration", Doc: "above zero", Default: time.Second},
		{Path: "thrift.wait", Type: "duration", Doc: "zero is fine", Default: time.Duration(0), Range: "0..1m"},
		{Path: "thrift.inner.small", Type: "int", Doc: "32 bits", Default: 0, Range: "-2147483648..2147483647"},
	}
	got := sampleSchema(t).Keys()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(settings.Key{})); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	got[0].Aliases[0] = "changed"
	if k, _, ok := sampleSchema(t).Lookup("url"); !ok || k.Aliases[0] != "url" {
		t.Error("changing what Keys returned changed the schema")
	}
}

func TestLookup(t *testing.T) {
	for _, tt := range []struct {
		path, key string
		alias, ok bool
	}{
		{"endpoint", "endpoint", false, true},
		{"http.endpoint", "endpoint", true, true},
		{"port", "thrift.agent_port", true, true},
		{"thrift", "", false, false},
		{"Endpoint", "", false, false},
	} {
		k, alias, ok := sampleSchema(t).Lookup(tt.path)
		if k.Path != tt.key || alias != tt.alias || ok != tt.ok {
			t.Errorf("Lookup(%q) = %q, %t, %t, want %q, %t, %t", tt.path, k.Path, alias, ok, tt.key, tt.alias, tt.ok)
		}
	}
}

// checkFaults reports an error unless err is ErrInvalid and its text contains all of want.
func checkFaults(t *testing.T, name string, err error, want ...string) {
	t.Helper()
	if !errors.Is(err, schema.ErrInvalid) {
		t.Errorf("%s: Of = %v, want ErrInvalid", name, err)
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: Of = %v, want a text with %q", name, err, w)
		}
	}
}

func TestStructsThatCannotBeSettings(t *testing.T) {
	checkFaults(t, "not a struct", of[int](), "int is not a struct")
	checkFaults(t, "pointer", of[*sample](), "is not a struct")
	checkFaults(t, "no tag, twice", of[struct{ A, B int }](), "A has no koanf tag", "B has no koanf tag")
	checkFaults(t, "same key", of[struct {
		A int `koanf:"a"`
		B int `koanf:"a"`
	}](), "two fields have the key a")
	checkFaults(t, "alias is a key", of[struct {
		A int `koanf:"a" alias:"b"`
		B int `koanf:"b"`
	}](), "two fields have the key b")
	checkFaults(t, "key is a section", of[struct {
		A int                 `koanf:"a"`
		B struct{ C int }     `koanf:"a"`
		D struct{ E [2]bool } `koanf:"d"`
	}](), "a is a key and a section", "C has no koanf tag")
	checkFaults(t, "alias is a section", of[struct {
		A int `koanf:"a" alias:"b"`
		B struct {
			C int `koanf:"c"`
		} `koanf:"b"`
	}](), "b is a key and a section")
	checkFaults(t, "alias below a key", of[struct {
		A int `koanf:"a"`
		B int `koanf:"b" alias:"a.b"`
	}](), "a is a key and a section")
	checkFaults(t, "one section twice", of[struct {
		A struct {
			C int `koanf:"c"`
		} `koanf:"s"`
		B struct {
			D int `koanf:"d"`
		} `koanf:"s"`
	}](), "two sections are called s")
	checkFaults(t, "channel", of[struct {
		A chan int `koanf:"a"`
	}](), "A: chan int cannot be decoded")
	checkFaults(t, "time", of[struct {
		A time.Time `koanf:"a"`
	}](), "A: time.Time cannot be decoded")
	checkFaults(t, "any", of[struct {
		A any `koanf:"a"`
	}](), "cannot be decoded")
	checkFaults(t, "list of numbers", of[struct {
		A []int `koanf:"a"`
	}](), "A: []int cannot be decoded")
	checkFaults(t, "pointer to a list", of[struct {
		A *[]string `koanf:"a"`
	}](), "cannot be decoded")
	checkFaults(t, "pointer to a pointer", of[struct {
		A **int `koanf:"a"`
	}](), "cannot be decoded")
	checkFaults(t, "bad name", of[struct {
		A int `koanf:"A.b"`
	}](), `koanf tag "A.b"`)
	checkFaults(t, "not exported", of[struct {
		a int `koanf:"a"`
	}](), "is not exported")
	checkFaults(t, "bad alias", of[struct {
		A int `koanf:"a" alias:"x, Y"`
	}](), `alias tag "Y"`)
	checkFaults(t, "bad variable", of[struct {
		A int `koanf:"a" otel:"x"`
	}](), `otel tag "x"`)
	checkFaults(t, "bad secret", of[struct {
		A string `koanf:"a" secret:"maybe"`
	}](), `secret tag "maybe" is neither true nor false`)
	checkFaults(t, "enum of a number", of[struct {
		A int `koanf:"a" enum:"x"`
	}](), "enum tag on a int")
	checkFaults(t, "range of a text", of[struct {
		A string `koanf:"a" range:"1..2"`
	}](), "range tag on a string")
	for _, r := range []string{"1", "..", "2..1", "x..", "1..y"} {
		if k := (settings.Key{Path: "a", Type: settings.TypeInt, Range: r}); true {
			if _, err := schema.FromText(k, "1"); err == nil {
				t.Errorf("range %q is taken", r)
			}
		}
	}
	checkFaults(t, "bad range", of[struct {
		A time.Duration `koanf:"a" range:"1..2s"`
	}](), "is not a range of durations")
	checkFaults(t, "bad format", of[struct {
		A string `koanf:"a" format:"uri"`
	}](), `format tag "uri"`)
}

func of[S any]() error {
	_, err := schema.Of[S](nil)
	return err
}

func TestAnEmptyStructHasNoKeys(t *testing.T) {
	s, err := schema.Of[struct{}](nil)
	if err != nil || len(s.Keys()) != 0 {
		t.Errorf("Of(struct{}) = %v, %v", s, err)
	}
}

func TestSectionIsWhatDecodeTakes(t *testing.T) {
	s := sampleSchema(t)
	want := defaults()
	want.Headers = settings.Pairs{{Name: "a.b", Value: "1"}}
	want.Labels = map[string]string{"x": "y"}
	yes := true
	want.Insecure = &yes
	want.Thrift.Inner.Small = -3
	want.Thrift.Rate, want.Thrift.Port = 0.5, 0 // no port is valid: it means not set
	section := s.Section(&want)
	var got sample
	if err := s.Decode(section, &got); err != nil {
		t.Fatal(err)
	}
	want.Modes = []string{}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(sample{}, "Skipped", "Modes")); diff != "" {
		t.Errorf("decoded its own section (-want +got):\n%s", diff)
	}
}

func TestMaskTakesSecretsOut(t *testing.T) {
	v := defaults()
	v.Headers = settings.Pairs{{Name: "x-token", Value: "s3cr3t"}}
	got := sampleSchema(t).Mask(v, "x-token=s3cr3t as hunter2 at http://localhost")
	if want := "x-token=*** as *** at http://localhost"; got != want {
		t.Errorf("Mask = %q, want %q", got, want)
	}
	v.Headers = settings.Pairs{{Name: "x-token", Value: "hunter2-and-more"}}
	if got, want := sampleSchema(t).Mask(v, "token hunter2-and-more"), "token ***"; got != want {
		t.Errorf("a secret within that of a later key: Mask = %q, want %q", got, want)
	}
}

// Package reflect does not find what follows a tag that it cannot read.
func TestTagsThatReflectCannotRead(t *testing.T) {
	for _, tt := range []struct {
		tag  reflect.StructTag
		want string
	}{
		{`koanf:"a" doc:"a \"quoted\" word" json:"-"`, ""},
		{`  koanf:"a"  range:"1..5" `, ""},
		{`koanf:"a" range:1..5`, "X: the tag `koanf:\"a\" range:1..5` is not a list of name:\"value\""},
		{`koanf: "a"`, "X: the tag `koanf: \"a\"` is not a list"},
		{`koanf:"a`, "X: the tag `koanf:\"a` is not a list"},
		{`koanf:"a",range:"1..5"`, ""}, // the comma becomes a part of the second name, which go vet reports
	} {
		err := schema.FaultsOf(reflect.StructOf([]reflect.StructField{{Name: "X", Type: reflect.TypeFor[int](), Tag: tt.tag}}))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("`%s`: %v, want %s", tt.tag, err, tt.want)
		}
		if _, read := tt.tag.Lookup("koanf"); !read && err == nil {
			t.Errorf("`%s`: accepted, and package reflect does not read it", tt.tag)
		}
	}
}

type nestedWithRootKey struct {
	Sampling struct {
		Rate float64 `koanf:"/rate" range:"0..1" doc:"a key at the root"`
		Name string  `koanf:"name" doc:"a key of the section"`
	} `koanf:"sampling"`
}

func TestKeyAtTheRootOfANestedStruct(t *testing.T) {
	s, err := schema.Of(func() nestedWithRootKey { return nestedWithRootKey{} })
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, k := range s.Keys() {
		paths = append(paths, k.Path)
	}
	if got := strings.Join(paths, " "); got != "rate sampling.name" {
		t.Errorf("keys %s, want rate sampling.name", got)
	}
	var v nestedWithRootKey
	if err := s.Decode(map[string]any{"rate": 0.5, "sampling": map[string]any{"name": "x"}}, &v); err != nil || v.Sampling.Rate != 0.5 || v.Sampling.Name != "x" {
		t.Errorf("decoded %+v, %v", v, err)
	}
	if got := s.Section(v)["rate"]; got != 0.5 {
		t.Errorf("the section has the rate %v, want 0.5", got)
	}
}
