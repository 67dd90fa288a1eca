// Package lines is an exporter from outside spanroute. It appends a line per span to a file. Apart from an optional
// completion, this file is the whole plugin. Programs import it with `import _ "example.org/lines"` and operators select
// it with `exporter_type: lines`.
package lines

import (
	"context"
	"fmt"
	"os"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// Settings are the keys of the section tracing.lines.
type Settings struct {
	Path string `koanf:"path" doc:"file to append to"`
}

// Factory is for programs that do not use the global registry. Other programs import the package for its init function.
var Factory = registry.NewFactory("lines", func() Settings { return Settings{Path: "spans.txt"} }, build, registry.WithCompletion(complete))

func init() { registry.Register(Factory) }

func build(_ context.Context, c registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	f, err := os.OpenFile(s.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, &settings.KeyError{Key: "path", Err: err}
	}
	return delivery.New(backend{f}, backend{f}, c.Delivery), nil
}

// payload is the line of one span. A file does not need batches.
type payload string

func (p payload) Spans() int { return 1 }
func (p payload) Size() int  { return len(p) }

// backend implements the encoder and the sender.
type backend struct{ *os.File }

func (backend) Encode(spans []sdktrace.ReadOnlySpan, _ *delivery.Report) (all []payload) {
	for _, span := range spans {
		all = append(all, payload(fmt.Sprintf("%s %q\n", span.SpanContext().TraceID(), span.Name())))
	}
	return all
}

func (backend) Split(payload) (a, b payload, ok bool) { return "", "", false }

func (b backend) Send(_ context.Context, p payload) delivery.Outcome {
	if _, err := b.WriteString(string(p)); err != nil {
		return delivery.Outcome{Verdict: delivery.Retry, Err: err}
	}
	return delivery.Outcome{}
}

func (b backend) Close(context.Context) error { return b.File.Close() }
