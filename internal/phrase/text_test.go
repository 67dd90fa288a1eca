package phrase_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestNearest(t *testing.T) {
	for _, tt := range []struct {
		name       string
		candidates string
		want       string
	}{
		{"zipkn", "console jaeger memory otlp zipkin", "zipkin"},
		{"jeager", "jaeger", "jaeger"}, // neighbours swapped: distance 1
		{"SAMPLE_RATE", "sample_rate", "sample_rate"},
		{"ab", "xb ab", "ab"},
		{"ab", "cd", ""},
		{"abcdef", "abxxef abxxxf", "abxxef"},
		{"abcde", "abxxe", ""}, // 5/3 is 1
		{"same", "sama samb", "sama"},
		{"", "ab", ""},
		{"x", "", ""},
		{"größe", "grösse groesse größen", "größen"},
	} {
		got, ok := phrase.Nearest(tt.name, strings.Fields(tt.candidates))
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Nearest(%q, %s) = %q, %t, want %q", tt.name, tt.candidates, got, ok, tt.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"a b", `"a b"`},
		{`\d+`, `"\d+"`},
		{`say "x"`, `"say \"x\""`},
		{"a\tb\nc\r\x00\x1b[0m", `"a\tb\nc\r\x00\x1b[0m"`},
		{"\xff", `"\xff"`},
		{"\u202e\u00a0", `"\u202e\u00a0"`},
		{"héllo", `"héllo"`},
		{strings.Repeat("é", 64), `"` + strings.Repeat("é", 64) + `"`},
		{strings.Repeat("é", 65), `"` + strings.Repeat("é", 64) + `…"`},
	} {
		if got := phrase.Quote(tt.text); got != tt.want {
			t.Errorf("Quote(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	if got := phrase.Words([]string{"a", "b", "c"}, "or"); got != "a, b or c" {
		t.Errorf("Words = %s", got)
	}
}

func TestFaults(t *testing.T) {
	f := settings.Errorf(settings.ErrFile, "open %s: %w", "x", fs.ErrNotExist).WithHint("check the path")
	if got, want := f.Error(), "open x: file does not exist; check the path"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	err := errors.Join(&settings.KeyError{Key: "a.b", Err: f}, errors.New("plain"))
	if !errors.Is(err, settings.ErrFile) || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, settings.ErrURL) {
		t.Errorf("%v does not match its kind and cause alone", err)
	}
	if got := settings.KindOf(err); got != settings.ErrFile {
		t.Errorf("KindOf = %s", got)
	}
	if got := settings.KindOf(errors.New("plain")); got != "invalid_value" {
		t.Errorf("KindOf a plain error = %s, want invalid_value", got)
	}
	var got []string
	for _, e := range settings.KeyErrors(errors.Join(err, &settings.KeyError{Key: "c", Err: errors.Join(f, f)})) {
		got = append(got, e.Key+"|"+phrase.Quote(e.Err.Error()))
	}
	text := "open x: file does not exist; check the path"
	want := []string{"a.b|\"" + text + "\"", `|"plain"`, "c|" + phrase.Quote(text+"\n"+text)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("KeyErrors (-want +got):\n%s", diff)
	}
	if settings.KeyErrors(nil) != nil {
		t.Error("KeyErrors(nil) is not nil")
	}
}

// emptyJoin is an error that wraps nothing, as a plugin's own type may.
type emptyJoin struct{}

func (emptyJoin) Error() string   { return "nothing inside" }
func (emptyJoin) Unwrap() []error { return []error{nil} }

func TestKeyErrorsTakesJoinsApart(t *testing.T) {
	key := func(name string) error { return &settings.KeyError{Key: name, Err: errors.New("bad")} }
	plain := errors.New("plain")
	tests := []struct {
		name string
		err  error
		want string // the faults, separated by |
	}{
		{"nothing", nil, ""},
		{"one key", key("a"), "a: bad"},
		{"joined", errors.Join(key("a"), plain, errors.Join(key("b"), key("c"))), "a: bad|: plain|b: bad|c: bad"},
		{"wrapped", fmt.Errorf("check: %w", errors.Join(key("a"), key("b"))), "a: bad|b: bad"},
		{"wrapped without a key", fmt.Errorf("check: %w", plain), ": check: plain"},
		{"a text of its own around two causes", fmt.Errorf("%w after %w", plain, plain), ": plain after plain"},
		{"a text of its own around two keys", fmt.Errorf("%w after %w", key("a"), key("b")), "a: bad|b: bad"},
		{"wraps nothing", emptyJoin{}, ": nothing inside"},
	}
	for _, tt := range tests {
		var got []string
		for _, e := range settings.KeyErrors(tt.err) {
			got = append(got, e.Error())
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, strings.Join(got, "|"), tt.want)
		}
	}
}

func TestName(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "sample_rate": "sample_rate", "k8s.io/pod-name": "k8s.io/pod-name", "größe": "größe",
		"password:x": "password…", "password x": "password…", "password=x": "password…", ":x": "…", "a\x00b": "a…", "a\xff": "a…",
		strings.Repeat("ä", 64): strings.Repeat("ä", 64), strings.Repeat("ä", 65): strings.Repeat("ä", 64) + "…",
	} {
		if got := phrase.Name(text); got != want {
			t.Errorf("Name(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOneEdit(t *testing.T) {
	for name, want := range map[string]bool{
		"tracing": true, "TRACING": true, "tracng": true, "trracing": true, "trcaing": true, "tracinG": true,
		"training": false, "trace": false, "": false, "tracings2": false,
	} {
		if got := phrase.OneEdit(name, "tracing"); got != want {
			t.Errorf("OneEdit(%q) = %t, want %t", name, got, want)
		}
	}
}
