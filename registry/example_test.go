package registry_test

import (
	"context"
	"fmt"
	"os"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// Settings are the keys of the section tracing.lines.
type Settings struct {
	Path string `koanf:"path" doc:"file to append to"`
}

// Factory is what an application registers that wants no globals.
var Factory = registry.NewFactory("lines", func() Settings { return Settings{Path: "spans.jsonl"} }, open,
	registry.WithDoc("appends the names of spans to a file"))

func open(_ context.Context, _ registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	f, err := os.OpenFile(s.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, &settings.KeyError{Key: "path", Err: err}
	}
	return names{f}, nil
}

// names writes one span name per line.
type names struct{ *os.File }

func (n names) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, span := range spans {
		if _, err := fmt.Fprintln(n.File, span.Name()); err != nil {
			return err
		}
	}
	return nil
}

func (n names) Shutdown(context.Context) error { return n.Close() }

// A plugin registers itself in init, with registry.Register(Factory); here it goes to a registry of its own.
func Example() {
	var r registry.Registry
	if err := r.Register(Factory); err != nil {
		fmt.Println(err)
	}

	d, _ := r.Describe("lines")
	fmt.Println(d.Name, "-", d.Doc)
	for _, k := range d.Keys {
		fmt.Printf("  %s (%s): %s, default %v\n", k.Path, k.Type, k.Doc, k.Default)
	}

	_, err := r.Prepare("lines", map[string]any{"pth": "spans.txt"})
	fmt.Println(err)
	_, err = r.Prepare("linse", nil)
	fmt.Println(err)
	// Output:
	// lines - appends the names of spans to a file
	//   path (string): file to append to, default spans.jsonl
	// pth: unknown key; did you mean "path"?
	// unknown exporter "linse"; did you mean "lines"? (available: lines)
}
