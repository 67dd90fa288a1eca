package semattr_test

import (
	"strings"
	"testing"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/semattr"
)

// within reports whether text is a part of the memory of source.
func within(source, text string) bool {
	at, from := uintptr(unsafe.Pointer(unsafe.StringData(text))), uintptr(unsafe.Pointer(unsafe.StringData(source)))
	return len(text) > 0 && at >= from && at < from+uintptr(len(source))
}

func TestOwnedTexts(t *testing.T) {
	short, long := strings.Repeat("a", 200), strings.Repeat("a", 9000)
	small, large := semattr.OwnerOf(len(short), 0), semattr.OwnerOf(len(long), 0)
	tests := []struct {
		name   string
		source string
		text   string
		copied bool
	}{
		{"whole", long[:4096], semattr.Text(long[:4096]), false},
		{"cut", long, semattr.Text(long), true},
		{"cut with another bound", short, semattr.TextN(short, 20), true},
		{"cleaned", long, semattr.Text("a\xff"), true},
		{"part of a short source", short, small.Text(short[:5]), false},
		{"part of a long source", long, large.Text(long[:5]), true},
		{"part of a source that is kept anyway", long, semattr.OwnerOf(len(long), len(long)-100).Text(long[:5]), false},
		{"part of one of two sources", short, small.And(large).Text(short[:5]), true},
		{"part of a kept text", long, large.Inside(long, strings.Clone(long[:5])), false},
		{"part of no kept text", long, large.Inside("b", long[:5]), true},
		{"text of unknown origin", short, semattr.Own(short[:5]), true},
		{"host with a long port", long, host("a:" + strings.Repeat("0", 9000)), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if copied := !within(tt.source, tt.text); copied != tt.copied {
				t.Errorf("a text of %d bytes is a copy: %t, want %t", len(tt.text), copied, tt.copied)
			}
		})
	}
}

func host(text string) string {
	host, _, _ := semattr.HostPort(text)
	return host
}

func TestOwnedAttributes(t *testing.T) {
	source := strings.Repeat("a", 9000)
	text, key := source[:5], attribute.Key(source[:3])
	owner := semattr.OwnerOf(len(source), 0)
	for _, value := range []attribute.Value{
		attribute.StringValue(text), attribute.StringSliceValue([]string{text}), attribute.SliceValue(attribute.StringValue(text)),
		attribute.MapValue(attribute.KeyValue{Key: key, Value: attribute.StringValue(text)}), attribute.IntValue(1),
	} {
		got := owner.Attribute(attribute.KeyValue{Key: key, Value: value})
		if got.Value.String() != value.String() || got.Key != key || within(source, string(got.Key)) {
			t.Errorf("%v: attribute %v, want an equal one with a key of its own", value.Type(), got)
		}
		for _, part := range texts(got.Value) {
			if within(source, part) {
				t.Errorf("%v: %q is a part of the source", value.Type(), part)
			}
		}
	}
	nested := attribute.Map("k", attribute.Slice("a\xff", attribute.StringValue(source)))
	want := attribute.Map("k", attribute.Slice("a\uFFFD", attribute.StringValue(source[:semattr.MaxText])))
	if got := owner.Attribute(nested); got.Key != want.Key || got.Value.String() != want.Value.String() {
		t.Error("nested texts are not cleaned")
	}
}

// texts returns all texts of v.
func texts(v attribute.Value) (list []string) {
	switch v.Type() {
	case attribute.STRING:
		return []string{v.AsString()}
	case attribute.STRINGSLICE:
		return v.AsStringSlice()
	case attribute.SLICE:
		for _, part := range v.AsSlice() {
			list = append(list, texts(part)...)
		}
	case attribute.MAP:
		for _, kv := range v.AsMap() {
			list = append(append(list, string(kv.Key)), texts(kv.Value)...)
		}
	}
	return list
}

func TestTraceState(t *testing.T) {
	pad := strings.Repeat(" ", 300)
	tests := []struct {
		name, want string
		lines      []string
	}{
		{"none", "", nil},
		{"one", "a=1, b=2", []string{"a=1, b=2"}},
		{"two lines", "a=1,b=2", []string{"a=1", "b=2"}},
		{"padded", "a=1,b=2", []string{"a=1" + pad, pad + "b=2"}},
		{"empty members", "a=1,b=2", []string{strings.Repeat(",", 300) + "a=1", "b=2"}},
		{"long values", "a=" + strings.Repeat("x", 250) + ",b=" + strings.Repeat("x", 250), []string{"a=" + strings.Repeat("x", 250), "b=" + strings.Repeat("x", 250)}},
		{"a member of blanks stays a fault", "a=1, ", []string{"a=1", pad}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := semattr.TraceState(tt.lines); got != tt.want {
				t.Errorf("TraceState = %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzTraceState compares the members of the result with those of the lines.
func FuzzTraceState(f *testing.F) {
	f.Add("a=1", "b=2", 300)
	f.Add(" \t", "a=1,,\t", 1)
	f.Add(strings.Repeat("a=1,", 40), "a", 256)
	f.Fuzz(func(t *testing.T, one, two string, pad int) {
		pad = min(max(pad, 0), 2000)
		lines := []string{one + strings.Repeat(" ", pad), strings.Repeat(",", pad) + two}
		want, wantErr := trace.ParseTraceState(strings.Join(lines, ","))
		got, err := trace.ParseTraceState(semattr.TraceState(lines))
		if (err == nil) != (wantErr == nil) || got.String() != want.String() {
			t.Errorf("TraceState(%q) means %q, %v; want %q, %v", lines, got, err, want, wantErr)
		}
	})
}
