package escape_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/escape"
)

// dangerous are characters that change what a terminal shows.
var dangerous = map[string]struct{ text, log, json string }{
	"escape":                 {"\x1b", `\x1b`, `\u001b`},
	"DEL":                    {"\x7f", `\x7f`, `\u007f`},
	"C1 CSI":                 {"\u009b", `\u009b`, `\u009b`},
	"C1 next line":           {"\u0085", `\u0085`, `\u0085`},
	"right-to-left override": {"\u202e", `\u202e`, `\u202e`},
	"isolate":                {"\u2066", `\u2066`, `\u2066`},
	"line separator":         {"\u2028", `\u2028`, `\u2028`},
	"zero-width space":       {"\u200b", `\u200b`, `\u200b`},
	"byte order mark":        {"\ufeff", `\ufeff`, `\ufeff`},
	"tag character":          {"\U000e0041", `\U000e0041`, `\udb40\udc41`},
}

func TestDangerousCharacters(t *testing.T) {
	t.Parallel()
	for name, tt := range dangerous {
		if got, n := escape.First([]byte("x"), tt.text+"y"); string(got) != "x"+tt.log || n != len(tt.text) {
			t.Errorf("%s: First = %q, %d, want %q, %d", name, got, n, "x"+tt.log, len(tt.text))
		}
		if tt.text < " " {
			continue // a JSON encoder has escaped it
		}
		if got := string(escape.JSON([]byte(`"a` + tt.text + `b"`))); got != `"a`+tt.json+`b"` {
			t.Errorf("%s: JSON = %s, want %s", name, got, `"a`+tt.json+`b"`)
		}
	}
}

func TestFirstKeepsPrintableText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"a": "a", "é": "é", "😀": "😀", `\`: `\`, `"`: `"`, "\uFFFD": "\uFFFD", "\xff": `\xff`} {
		if got, n := escape.First(nil, text); string(got) != want || n != len(text) {
			t.Errorf("First(%q) = %q, %d, want %q, %d", text, got, n, want, len(text))
		}
	}
}

func TestJSONDoesNotAllocateForPrintableText(t *testing.T) {
	text := []byte(`{"name":"GET /users/{id}","città":"München 😀"}`)
	if n := testing.AllocsPerRun(100, func() { escape.JSON(text) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// What comes out is printable and decodes to what went in.
func FuzzJSON(f *testing.F) {
	for _, tt := range dangerous {
		f.Add(tt.text)
	}
	f.Add("\\u202e\U0010ffff")
	f.Fuzz(func(t *testing.T, text string) {
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got := string(escape.JSON(raw))
		if i := strings.IndexFunc(got, func(r rune) bool { return !strconv.IsPrint(r) }); i >= 0 {
			t.Errorf("JSON(%q) = %q, not printable at %d", raw, got, i)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != strings.ToValidUTF8(text, "\uFFFD") && utf8.ValidString(text) {
			t.Errorf("JSON(%q) = %q, which decodes to %q, %v", raw, got, back, err)
		}
	})
}
