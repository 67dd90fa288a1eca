package spanroute

import (
	"log/slog"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// An Option is what the programmer, not the operator, decides about a [Tracing].
type Option func(*options)

type options struct {
	logger     *slog.Logger
	processors []sdktrace.SpanProcessor
}

func newOptions(opts []Option) options {
	o := options{}
	for _, opt := range opts {
		opt(&o)
	}
	if o.logger == nil {
		o.logger = slog.Default()
	}
	return o
}

// WithLogger sends what spanroute has to say about configuration and delivery to l instead of slog.Default().
// No span content and no secret is ever logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// WithSpanProcessor adds a processor of the program's own in front of the exporters, for example one that
// makes metrics of spans. It sees unsampled spans too if sampling.dropped is "record". Its OnEnd receives texts of
// attributes as max_tag_value_length leaves them; its OnStart, whole ones. [Tracing.ForceFlush] and
// [Tracing.Shutdown] reach it. A nil p is left out.
func WithSpanProcessor(p sdktrace.SpanProcessor) Option {
	return func(o *options) {
		if p != nil {
			o.processors = append(o.processors, p)
		}
	}
}
