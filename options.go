package spanroute

import (
	"log/slog"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// An Option sets a property of a [Tracing] that the program decides and the operator cannot change.
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

// WithLogger sets the logger for messages about configuration and delivery. The default is slog.Default(). Secrets and
// the contents of spans are never logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// WithSpanProcessor adds a span processor, for example one that derives metrics from spans. It runs before the
// exporters. It also receives unsampled spans if sampling.dropped is "record". Attribute values are
// truncated to max_tag_value_length when they are set. p may keep the spans of its OnEnd. [Tracing.ForceFlush] and
// [Tracing.Shutdown] call the methods of the same name. A nil p is ignored.
func WithSpanProcessor(p sdktrace.SpanProcessor) Option {
	return func(o *options) {
		if p != nil {
			o.processors = append(o.processors, p)
		}
	}
}
