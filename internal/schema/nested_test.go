package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/schema"
)

func TestNestedMaps(t *testing.T) {
	section := schema.Nest(map[string]any{"a": 1, "b.c": 2, "b.d.e": 3})
	schema.Put(section, "b.d.f", 4)
	schema.Put(section, "a.g", 5) // replaces a value that is not a section
	if want := (map[string]any{
		"a": map[string]any{"g": 5},
		"b": map[string]any{"c": 2, "d": map[string]any{"e": 3, "f": 4}},
	}); !cmp.Equal(want, section) {
		t.Fatalf("section (-want +got):\n%s", cmp.Diff(want, section))
	}
	for _, tt := range []struct {
		path string
		want any
		ok   bool
	}{
		{"b.c", 2, true},
		{"b.d.f", 4, true},
		{"b.d.x", nil, false},
		{"b.c.x", nil, false},
		{"x.y", nil, false},
		{"", nil, false},
	} {
		if got, ok := schema.Get(section, tt.path); got != tt.want || ok != tt.ok {
			t.Errorf("Get(%q) = %v, %t, want %v, %t", tt.path, got, ok, tt.want, tt.ok)
		}
		if got, ok := schema.Remove(section, tt.path); got != tt.want || ok != tt.ok {
			t.Errorf("Remove(%q) = %v, %t, want %v, %t", tt.path, got, ok, tt.want, tt.ok)
		}
		if _, ok := schema.Get(section, tt.path); ok {
			t.Errorf("%q is there after it was removed", tt.path)
		}
	}
}
