package spanrecord

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Key returns the key that trace.SpanFromContext passes to the Value method of a context. The API does not export it. Key
// returns nil if it is unknown: trace.SpanFromContext does not look up exactly one key, or does not return the value of
// that key. In that case, contexts with spans must come from trace.ContextWithSpan.
func Key() any { return key }

var key = learnKey(trace.SpanFromContext)

func learnKey(spanFromContext func(context.Context) trace.Span) any {
	asked := &keyProbe{Context: context.Background()}
	spanFromContext(asked)
	if len(asked.keys) != 1 {
		return nil
	}
	want := &probeSpan{id: 1}
	answer := &keyProbe{Context: context.Background(), key: asked.keys[0], span: want}
	if got, ok := spanFromContext(answer).(*probeSpan); !ok || got != want {
		return nil
	}
	return asked.keys[0]
}

// A keyProbe is a context that records the arguments of Value. It may hold a span under one key.
type keyProbe struct {
	context.Context
	keys []any
	key  any
	span trace.Span
}

// Value records key.
func (p *keyProbe) Value(key any) any {
	p.keys = append(p.keys, key)
	if p.span != nil && key == p.key {
		return p.span
	}
	return nil
}

// A probeSpan is a span that a keyProbe holds.
type probeSpan struct {
	noop.Span
	id int
}
