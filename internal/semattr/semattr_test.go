package semattr_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/semattr"
)

func TestText(t *testing.T) {
	long := strings.Repeat("é", 4000)
	tests := []struct{ name, text, want string }{
		{"clean", "abc", "abc"},
		{"a run of invalid bytes is one replacement", "a\xff\xfeb", "a\uFFFDb"},
		{"cut on a rune boundary", "a" + long, "a" + long[:4094]},
		{"cut inside a rune that was never finished", strings.Repeat("x", 4095) + "é", strings.Repeat("x", 4095)},
		{"replacements are counted, too", strings.Repeat("a\xff", 2048), strings.Repeat("a\uFFFD", 1024)},
		{"only continuation bytes", strings.Repeat("\x80", 5000), "\uFFFD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := semattr.Text(tt.text); got != tt.want {
				t.Errorf("Text = %d bytes %.40q, want %d bytes %.40q", len(got), got, len(tt.want), tt.want)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add("abc", 3)
	f.Add(strings.Repeat("é\xff", 3000), 4096)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < 0 || limit > 1<<14 {
			return
		}
		got := semattr.TextN(text, limit)
		if len(got) > limit || !utf8.ValidString(got) {
			t.Errorf("TextN(%q, %d) = %q", text, limit, got)
		}
		if len(text) <= limit && utf8.ValidString(text) && got != text {
			t.Errorf("TextN(%q, %d) = %q, want it unchanged", text, limit, got)
		}
	})
}

func TestList(t *testing.T) {
	values := strings.Split(strings.Repeat("a\xff,", 20), ",")
	got := semattr.List("k", values).Value.AsStringSlice()
	if len(got) != semattr.MaxList || got[0] != "a\uFFFD" || values[0] != "a\xff" {
		t.Errorf("List = %q, want 16 clean values and the argument unchanged", got)
	}
}

func TestCapture(t *testing.T) {
	c := semattr.NewCapture("p.", []string{"X-A", " x-a ", "Cookie", "COOKIE", "X-Api-Key", "", "none"}, []string{"x-api-KEY"})
	values := map[string][]string{"x-a": {"1", "2"}, "cookie": {"secret", "secret"}, "x-api-key": {"key"}}
	got := c.Append(nil, func(name string) []string { return values[name] })
	want := attribute.NewSet(
		attribute.StringSlice("p.x-a", []string{"1", "2"}),
		attribute.StringSlice("p.cookie", []string{"REDACTED", "REDACTED"}),
		attribute.StringSlice("p.x-api-key", []string{"key"}),
	)
	if set := attribute.NewSet(got...); len(got) != 3 || !set.Equals(&want) {
		t.Errorf("Append = %v, want %v", set, want)
	}
	if (semattr.Capture{}).Append(nil, nil) != nil || !(semattr.Capture{}).Empty() {
		t.Error("the zero Capture captures something")
	}
}
