package recording

import (
	"context"
	"reflect"
	rt "runtime/trace"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spanrecord"
)

// A starter starts spans in the records of instrumentation. Each of its types is a struct of a handle and a record.
type starter struct {
	*Tracer
	recorded, dropped reflect.Type
}

// starterKey is a pair of types of records.
type starterKey struct{ recorded, dropped reflect.Type }

var _ spanrecord.Tracer = (*Tracer)(nil)

// Records returns a Starter, or nil if the span key is unknown or metrics are enabled, because a record is not a context
// before the caller has filled it.
func (t *Tracer) Records(recorded, dropped reflect.Type) spanrecord.Starter {
	if spanKey == nil || t.metrics != nil {
		return nil
	}
	key := starterKey{recorded, dropped}
	if known, ok := t.starters.Load(key); ok {
		return known.(*starter)
	}
	known, _ := t.starters.LoadOrStore(key, &starter{
		t, withRecord(reflect.TypeFor[Span](), recorded), withRecord(reflect.TypeFor[Dropped](), dropped),
	})
	return known.(*starter)
}

// withRecord returns the type of a struct that has a handle and a record.
func withRecord(handle, record reflect.Type) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: "Handle", Type: handle}, {Name: "Record", Type: record}})
}

// allocate allocates a struct of [withRecord] and returns pointers to both of its fields.
func allocate(t reflect.Type) (handle, record any) {
	both := reflect.New(t).Elem()
	return both.Field(0).Addr().Interface(), both.Field(1).Addr().Interface()
}

// Start starts a span. While the execution tracer is enabled, it returns nil: the task of a span needs a context of its
// own.
func (s *starter) Start(
	ctx context.Context, remote trace.SpanContext, name string, kind trace.SpanKind, at time.Time,
) (record any, span trace.Span) {
	if rt.IsEnabled() {
		return nil, nil
	}
	parent, local := remote, (*localTrace)(nil)
	if !remote.IsValid() {
		parent, local = enclosing(ctx)
	}
	id, spanID := s.newIDs(ctx, parent)
	p := sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id, Name: name, Kind: kind}
	if s.decider == nil {
		p.ParentContext = below(ctx, parent)
	}
	d := s.decide(parent, local, p)
	sc := spanContext(parent, id, spanID, &d)
	if d.Decision == sdktrace.Drop {
		handle, record := allocate(s.dropped)
		span := handle.(*Dropped)
		span.Span, span.source, span.context = blank, &s.source, sc
		return record, span
	}
	b := s.newContent(parent, sc, name, kind, at)
	b.setAttributes(d.Attributes, &s.limits)
	handle, record := allocate(s.recorded)
	recorded := handle.(*Span)
	recorded.decider, recorded.local = d.decider, d.local
	s.start(ctx, recorded, b)
	return record, recorded
}

// below returns ctx with a remote parent. A local parent is in ctx already.
func below(ctx context.Context, parent trace.SpanContext) context.Context {
	if !parent.IsValid() || !parent.IsRemote() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, parent)
}

// newContent returns the body of a span that starts at the time at, or now if at is zero.
func (s *starter) newContent(parent, sc trace.SpanContext, name string, kind trace.SpanKind, at time.Time) *Body {
	b := newRoomyBody(s.pools(*s.processors.Load()))
	b.ReadOnlySpan, b.source, b.name, b.context, b.parent = blank, &s.source, name, sc, parent
	b.kind, b.start = trace.ValidateSpanKind(kind), at
	if at.IsZero() {
		b.start = time.Now()
	}
	return b
}

// start gives a recorded span its body and calls OnStart of the processors.
func (s *starter) start(ctx context.Context, recorded *Span, b *Body) {
	recorded.ReadWriteSpan, recorded.source, recorded.context, recorded.body = blank, &s.source, b.context, b
	for _, sp := range *s.processors.Load() {
		if !sp.ignoresStart {
			sp.OnStart(below(ctx, b.parent), recorded)
		}
	}
}
