package console

import (
	"context"
	"io"
	"os"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

// Settings is the section "console".
type Settings struct {
	Pretty bool `koanf:"pretty" doc:"indent the JSON, one span over several lines"`
}

// Factory opens exporters that write to standard output.
var Factory = NewFactory(nil)

func init() { registry.Register(Factory) }

// maxDelay is the maximum time until a span is shown.
const maxDelay = 100 * time.Millisecond

// NewFactory returns a factory whose exporters write to w; nil means the value of os.Stdout at the
// time of writing. A batch of spans is one call of Write; exporters that share w call it
// concurrently. w is never closed.
func NewFactory(w io.Writer) registry.Factory {
	build := func(_ context.Context, common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
		o := common.Delivery
		o.Senders = 1 // lines keep their order
		if o.BatchDelay <= 0 || o.BatchDelay > maxDelay {
			o.BatchDelay = maxDelay
		}
		return delivery.New(encoder{limit: common.MaxTagValueLength, pretty: s.Pretty}, sender{w}, o), nil
	}
	return registry.NewFactory("console", func() Settings { return Settings{} }, build,
		registry.WithAlias("stdout"), registry.WithDoc("writes finished spans to standard output as JSON lines"))
}

// A sender writes to w, or to standard output.
type sender struct{ w io.Writer }

// Send writes all lines with one call. A writer that fails is not tried again: part of the
// lines may be out.
func (s sender) Send(_ context.Context, l lines) delivery.Outcome {
	w := s.w
	if w == nil {
		w = os.Stdout
	}
	if _, err := w.Write(l.text()); err != nil {
		return delivery.Outcome{Verdict: delivery.Rejected, Err: err}
	}
	return delivery.Outcome{}
}

// Close leaves the writer open, because it belongs to the caller of NewFactory.
func (sender) Close(context.Context) error { return nil }

// lines is a payload, the JSON of some spans, each with the line feed that ends it.
type lines [][]byte

// Spans returns the count of spans.
func (l lines) Spans() int { return len(l) }

// Size returns the length of all lines.
func (l lines) Size() int {
	n := 0
	for _, line := range l {
		n += len(line)
	}
	return n
}

// text joins the lines, so that one call of Write sends them.
func (l lines) text() []byte {
	text := make([]byte, 0, l.Size())
	for _, line := range l {
		text = append(text, line...)
	}
	return text
}
