package recording_test

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// cuts reports a difference between what the provider and the SDK leave of attributes, and texts above the limit.
func cuts(t *testing.T, limit int, attributes ...attribute.KeyValue) {
	t.Helper()
	left := func(s subject) []attribute.KeyValue {
		c, end := newConfig(), new(ended)
		c.Limits.AttributeValueLengthLimit = limit
		c.Processors = []sdktrace.SpanProcessor{end}
		_, span := s.open(c).Tracer("test").Start(t.Context(), "work")
		span.SetAttributes(attributes...)
		span.End()
		return end.spans[0].Attributes()
	}
	got := left(own)
	same := cmp.Comparer(func(a, b attribute.KeyValue) bool { return a.Key == b.Key && a.Value.String() == b.Value.String() })
	if diff := cmp.Diff(left(oracle), got, same); diff != "" {
		t.Errorf("cut to %d (-SDK +got):\n%s", limit, diff)
	}
	for _, kv := range got {
		if s := kv.Value.AsString(); kv.Value.Type() == attribute.STRING && len(s) > limit && utf8.RuneCountInString(s) > limit {
			t.Errorf("%q is above the limit of %d", s, limit)
		}
	}
}

func TestTextsAreCutAsByTheSDK(t *testing.T) {
	for _, text := range []string{
		"", "a", "abcdefgh", "üüüüüüüü", "日本語日本語", "\xff", "a\xffb\xffc\xffd", "\xff\xff\xff\xff\xffab", "ab\xff\xff\xff\xff\xff", "a\uFFFDb\uFFFDc", "abc\xff",
	} {
		for limit := range 10 {
			cuts(t, limit, attribute.String("text", text), attribute.StringSlice("list", []string{text, text}))
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("abcdefgh", "a\xffb\uFFFDc日", 3)
	f.Fuzz(func(t *testing.T, a, b string, limit int) {
		limit &= 31
		cuts(t, limit, attribute.String("a", a), attribute.StringSlice("b", []string{a, b}),
			attribute.KeyValue{Key: "c", Value: attribute.ByteSliceValue([]byte(b))},
			attribute.KeyValue{Key: "d", Value: attribute.MapValue(attribute.String("x", b), attribute.KeyValue{Key: "y", Value: attribute.SliceValue(attribute.StringValue(a))})})
	})
}
