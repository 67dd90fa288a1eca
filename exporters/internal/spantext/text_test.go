package spantext_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

func TestClean(t *testing.T) {
	tests := []struct {
		name, in, want string
		repair         spantext.Repair
	}{
		{"ASCII", "GET /users", "GET /users", 0},
		{"empty", "", "", 0},
		{"two-byte runes", "héllo", "héllo", 0},
		{"U+FFFD that was there", "a\uFFFDb", "a\uFFFDb", 0},
		{"one bad byte", "a\xffb", "a\uFFFDb", spantext.UTF8},
		{"a run is one replacement", "a\xff\xfe\xfdb", "a\uFFFDb", spantext.UTF8},
		{"cut rune at the end", "h\xc3", "h\uFFFD", spantext.UTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, repair := spantext.Clean(tt.in)
			if got != tt.want || repair != tt.repair {
				t.Errorf("Clean(%q) = %q, %b, want %q, %b", tt.in, got, repair, tt.want, tt.repair)
			}
		})
	}
}

func TestCut(t *testing.T) {
	tests := []struct {
		in    string
		limit int
		want  string
	}{
		{"héllo wörld", 5, "héllo"},
		{"héllo", 5, "héllo"},
		{"héllo", 0, "héllo"},
		{"héllo", -1, "héllo"},
		{"héllo", 1, "h"},
		{"日本語", 2, "日本"},
		{"", 3, ""},
	}
	for _, tt := range tests {
		if got := spantext.Cut(tt.in, tt.limit); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestCutBytesEndsBetweenRunes(t *testing.T) {
	const s = "a日b"
	for n, want := range []string{"", "a", "a", "a", "a日", "a日b", "a日b"} {
		if got := spantext.CutBytes(s, n); got != want {
			t.Errorf("CutBytes(%q, %d) = %q, want %q", s, n, got, want)
		}
	}
}

var mixed = attribute.SliceValue(attribute.IntValue(1), attribute.StringValue("x"), attribute.Value{},
	attribute.ByteSliceValue([]byte{0, 255}), attribute.MapValue(attribute.Bool("k", true)))

func TestAppendValue(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		name   string
		v      attribute.Value
		limit  int
		want   string
		repair spantext.Repair
	}{
		{"string as it is", attribute.StringValue(`a"<b>`), 0, `a"<b>`, 0},
		{"string cut", attribute.StringValue("héllo wörld"), 5, "héllo", 0},
		{"bad string", attribute.StringValue("a\xffb"), 0, "a\uFFFDb", spantext.UTF8},
		{"true", attribute.BoolValue(true), 1, "true", 0},
		{"number stays whole", attribute.IntValue(1234567), 5, "1234567", 0},
		{"smallest integer", attribute.Int64Value(math.MinInt64), 0, "-9223372036854775808", 0},
		{"float", attribute.Float64Value(0.1), 0, "0.1", 0},
		{"NaN", attribute.Float64Value(math.NaN()), 0, "NaN", spantext.Value},
		{"infinity", attribute.Float64Value(inf), 0, "Infinity", spantext.Value},
		{"minus infinity", attribute.Float64Value(-inf), 0, "-Infinity", spantext.Value},
		{"bytes", attribute.ByteSliceValue([]byte{0, 255}), 0, "AP8=", 0},
		{"bytes cut where base64 allows", attribute.ByteSliceValue([]byte("abcdefgh")), 9, "YWJjZGVm", 0},
		{"no value", attribute.Value{}, 0, "", 0},
		{"strings", attribute.StringSliceValue([]string{`a"b`}), 0, `["a\"b"]`, 0},
		{"no HTML escaping", attribute.StringSliceValue([]string{"<&>"}), 0, `["<&>"]`, 0},
		{"control characters", attribute.StringSliceValue([]string{"\n\r\t\x01\\"}), 0, `["\n\r\t\u0001\\"]`, 0},
		{"bad string in an array", attribute.StringSliceValue([]string{"a\xff\xfe"}), 0, "[\"a\uFFFD\"]", spantext.UTF8},
		{"NaN in an array", attribute.Float64SliceValue([]float64{math.NaN()}), 0, `["NaN"]`, spantext.Value},
		{"floats", attribute.Float64SliceValue([]float64{1, 2.5, inf, -inf}), 0, `[1,2.5,"Infinity","-Infinity"]`, spantext.Value},
		{"empty array", attribute.StringSliceValue(nil), 0, `[]`, 0},
		{"booleans", attribute.BoolSliceValue([]bool{true, false}), 0, `[true,false]`, 0},
		{"integers", attribute.IntSliceValue([]int{1, 2, 3}), 0, `[1,2,3]`, 0},
		{"integers that fit exactly", attribute.IntSliceValue([]int{1, 2, 3}), 7, `[1,2,3]`, 0},
		{"integers that do not", attribute.IntSliceValue([]int{1, 2, 3}), 6, `[1,2]`, 0},
		{"an array of code points", attribute.StringSliceValue([]string{"é", "é"}), 9, `["é","é"]`, 0},
		{"brackets stay", attribute.IntSliceValue([]int{1, 2, 3}), 1, `[]`, 0},
		{"what is cut away needs no repair", attribute.StringSliceValue([]string{"a", "\xff\xff\xff"}), 5, `["a"]`, 0},
		{"mixed slice", mixed, 0, `[1,"x",null,"AP8=",{"k":true}]`, 0},
		{"map", attribute.MapValue(attribute.String("b", "2"), attribute.Int("a", 1)), 0, `{"a":1,"b":"2"}`, 0},
		{"map cut", attribute.MapValue(attribute.String("b", "2"), attribute.Int("a", 1)), 14, `{"a":1}`, 0},
		{"bad key in a map", attribute.MapValue(attribute.Int("\xff", 1)), 0, "{\"\uFFFD\":1}", spantext.UTF8},
		{"empty map", attribute.MapValue(), 0, `{}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, repair := spantext.AppendValue([]byte("> "), tt.v, tt.limit)
			if string(got) != "> "+tt.want || repair != tt.repair {
				t.Errorf("AppendValue(%s, %d) = %s, %b, want > %s, %b", tt.v.String(), tt.limit, got, repair, tt.want, tt.repair)
			}
		})
	}
}

func TestAppendJSON(t *testing.T) {
	tests := []struct {
		name string
		v    attribute.Value
		want string
	}{
		{"string", attribute.StringValue("a\"b"), `"a\"b"`},
		{"NaN is quoted", attribute.Float64Value(math.NaN()), `"NaN"`},
		{"bytes are quoted", attribute.ByteSliceValue([]byte{0, 255}), `"AP8="`},
		{"no value is null", attribute.Value{}, `null`},
		{"number", attribute.IntValue(7), `7`},
		{"array", attribute.IntSliceValue([]int{7}), `[7]`},
	}
	for _, tt := range tests {
		if got, _ := spantext.AppendJSON(nil, tt.v, 0); string(got) != tt.want {
			t.Errorf("%s: AppendJSON = %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAppendQuotedValue(t *testing.T) {
	tests := []struct {
		name string
		v    attribute.Value
		want string
	}{
		{"string", attribute.StringValue("a\"b"), `"a\"b"`},
		{"number", attribute.IntValue(7), `"7"`},
		{"NaN", attribute.Float64Value(math.NaN()), `"NaN"`},
		{"array", attribute.StringSliceValue([]string{`a"b`}), `"[\"a\\\"b\"]"`},
		{"no value", attribute.Value{}, `""`},
	}
	for _, tt := range tests {
		if got, _ := spantext.AppendQuotedValue(nil, tt.v, 0); string(got) != tt.want {
			t.Errorf("%s: AppendQuotedValue = %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestServiceName(t *testing.T) {
	unknown := spantext.UnknownService()
	if !strings.HasPrefix(unknown, "unknown_service:") || len(unknown) == len("unknown_service:") {
		t.Errorf("UnknownService() = %q, want unknown_service:<executable>", unknown)
	}
	tests := []struct {
		name string
		res  *resource.Resource
		want string
	}{
		{"no resource", nil, unknown},
		{"no service.name", resource.Empty(), unknown},
		{"empty", resource.NewSchemaless(attribute.String("service.name", "")), unknown},
		{"set", resource.NewSchemaless(attribute.String("service.name", "MySvc")), "MySvc"},
		{"bad bytes", resource.NewSchemaless(attribute.String("service.name", "My\xffSvc")), "My\uFFFDSvc"},
		{"not a string", resource.NewSchemaless(attribute.Int("service.name", 7)), "7"},
	}
	for _, tt := range tests {
		if got, _ := spantext.ServiceName(tt.res); got != tt.want {
			t.Errorf("%s: ServiceName() = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// FuzzAppendValue checks what must hold for every text: valid UTF-8, within the limit, and JSON or
// base64 where the value is an array, a map or bytes.
func FuzzAppendValue(f *testing.F) {
	f.Add("héllo", "wörld\xff", 1.5, 3)
	f.Add("", "\x00\"\\", math.Inf(1), 0)
	f.Fuzz(func(t *testing.T, a, b string, n float64, limit int) {
		structured := []attribute.Value{
			attribute.StringSliceValue([]string{a, b, a + b, b + a}),
			attribute.Float64SliceValue([]float64{n, 0, -n}),
			attribute.MapValue(attribute.String(a, b), attribute.Float64(b, n)),
			attribute.SliceValue(attribute.StringValue(a), attribute.ByteSliceValue([]byte(b)), attribute.Value{}),
		}
		for _, v := range structured {
			text := checkText(t, v, limit, len("[]"))
			if !json.Valid(text) {
				t.Errorf("AppendValue(%s, %d) = %q, want JSON", v.String(), limit, text)
			}
			var plain string
			quoted, _ := spantext.AppendQuotedValue(nil, v, limit)
			if err := json.Unmarshal(quoted, &plain); err != nil || plain != string(text) {
				t.Errorf("AppendQuotedValue(%s, %d) = %s, want %q quoted", v.String(), limit, quoted, text)
			}
		}
		want, _ := spantext.Clean(a)
		if got := checkText(t, attribute.StringValue(a), limit, 0); !strings.HasPrefix(want, string(got)) {
			t.Errorf("AppendValue(%q, %d) = %q, not a head of it", a, limit, got)
		}
		if got := checkText(t, attribute.ByteSliceValue([]byte(a)), limit, 0); !decodes(got) {
			t.Errorf("AppendValue(bytes %q, %d) = %q, not base64", a, limit, got)
		}
	})
}

func checkText(t *testing.T, v attribute.Value, limit, least int) []byte {
	t.Helper()
	text, repair := spantext.AppendValue(nil, v, limit)
	if !utf8.Valid(text) {
		t.Errorf("AppendValue(%s, %d) = %q, not UTF-8", v.String(), limit, text)
	}
	if n := utf8.RuneCount(text); limit > 0 && n > max(limit, least) {
		t.Errorf("AppendValue(%s, %d) has %d code points", v.String(), limit, n)
	}
	if repair&spantext.UTF8 != 0 && limit <= 0 && !bytes.Contains(text, []byte("\uFFFD")) {
		t.Errorf("AppendValue(%s) = %q says it is repaired, and shows nothing", v.String(), text)
	}
	return text
}

func decodes(text []byte) bool {
	_, err := base64.StdEncoding.DecodeString(string(text))
	return err == nil
}
