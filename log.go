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
	LogSampled = "sampled"  // bool: whether the trace is exported and can be found in the backend
)

// NewLogHandler returns a handler that adds trace_id, span_id and sampled to every record logged with the context of a
// span, whether the span is recorded or not, and passes all other records to next unchanged. The three attributes are
// added at the top level of the record, outside any group opened by WithGroup, so that log searches always find them
// under the same name.
func NewLogHandler(next slog.Handler) slog.Handler {
	return logHandler{bare: next, full: next}
}

// logHandler adds the identifiers outside any group. The slog API cannot add attributes outside a group that is already
// open, so logHandler keeps two handlers: full, with all groups and attributes, for records without a span; and bare,
// the state before the first WithGroup. For a record with a span, Handle adds the identifiers to bare and then repeats
// the later calls of WithGroup and WithAttrs.
type logHandler struct {
	bare, full slog.Handler
	later      []func(slog.Handler) slog.Handler // the calls that lead from bare to full
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
	return h.then(full, func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

func (h logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.then(h.full.WithGroup(name), func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

// then returns h after one more call, step, whose result on h.full is full.
func (h logHandler) then(full slog.Handler, step func(slog.Handler) slog.Handler) slog.Handler {
	return logHandler{bare: h.bare, full: full, later: append(slices.Clip(h.later), step)}
}
