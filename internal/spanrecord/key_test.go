package spanrecord

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func TestKeyIsThatOfTheAPI(t *testing.T) {
	if Key() == nil {
		t.Fatal("the key of trace.SpanFromContext is unknown: each request needs one more allocation")
	}
	span := &probeSpan{id: 2}
	if got := trace.ContextWithSpan(context.Background(), span).Value(Key()); got != trace.Span(span) {
		t.Errorf("the value of the key is %v, want the span of trace.ContextWithSpan", got)
	}
}

func TestKeyIsUnknownIfTheAPIWorksInAnotherWay(t *testing.T) {
	type key string
	for name, spanFromContext := range map[string]func(context.Context) trace.Span{
		"no key": func(context.Context) trace.Span { return nil },
		"two keys": func(ctx context.Context) trace.Span {
			ctx.Value(key("a"))
			s, _ := ctx.Value(key("b")).(trace.Span)
			return s
		},
		"a value of another": func(ctx context.Context) trace.Span { ctx.Value(key("a")); return &probeSpan{} },
	} {
		if got := learnKey(spanFromContext); got != nil {
			t.Errorf("%s: learnt %v, want nil", name, got)
		}
	}
}
