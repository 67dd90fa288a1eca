package spanroute

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// The keys that [NewLogHandler] adds to a record.
const (
	LogTraceID = "trace_id" // 32 hex digits
	LogSpanID  = "span_id"  // 16 hex digits
	LogSampled = "sampled"  // bool: whether the trace is kept, so that looking it up makes sense
)

// NewLogHandler returns a handler that adds trace_id, span_id and sampled to every record that is logged with
// the context of a span, recorded or not, and passes all others on as they are. The three stand at the top
// level of the record, outside groups opened by WithGroup, because that is where people search for them.
func NewLogHandler(next slog.Handler) slog.Handler {
	return logHandler{bare: next, full: next}
}

// logHandler keeps the handler as it was before the first WithGroup: attributes added to it there are not
// swallowed by the group.
type logHandler struct {
	bare, full slog.Handler
	later      []func(slog.Handler) slog.Handler // what leads from bare to full
}

func (h logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.full.Enabled(ctx, level)
}

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return h.full.Handle(ctx, record)
	}
	attrs := []slog.Attr{
		slog.String(LogTraceID, sc.TraceID().String()),
		slog.String(LogSpanID, sc.SpanID().String()),
		slog.Bool(LogSampled, sc.IsSampled()),
	}
	if len(h.later) == 0 {
		record = record.Clone()
		record.AddAttrs(attrs...)
		return h.full.Handle(ctx, record)
	}
	next := h.bare.WithAttrs(attrs)
	for _, step := range h.later {
		next = step(next)
	}
	return next.Handle(ctx, record)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	full := h.full.WithAttrs(attrs)
	if len(h.later) == 0 {
		return logHandler{bare: full, full: full}
	}
	return h.and(full, func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

func (h logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.and(h.full.WithGroup(name), func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h logHandler) and(full slog.Handler, step func(slog.Handler) slog.Handler) slog.Handler {
	return logHandler{bare: h.bare, full: full, later: append(slices.Clip(h.later), step)}
}
