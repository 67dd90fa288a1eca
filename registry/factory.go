package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// BuildContext carries what spanroute passes to every exporter apart from its own settings. It may get more
// fields: use keyed fields. An opener fills what is empty.
type BuildContext struct {
	Delivery          delivery.Options        // for delivery.New; ID, Timeout and Logger are meant for every exporter
	MaxTagValueLength int                     // in code points; 0: no limit
	Source            func(key string) string // where a key was set: "app.yaml:12:5", "built-in"; never nil
	_                 struct{}
}

// Name returns the name of the exporter in logs and errors: its type, such as "zipkin".
func (b BuildContext) Name() string { return b.Delivery.ID }

// Timeout returns the limit of one attempt to deliver; a negative one means no limit.
func (b BuildContext) Timeout() time.Duration { return b.Delivery.Timeout }

// Logger returns the logger for the exporter's diagnostics. It is never nil.
func (b BuildContext) Logger() *slog.Logger { return b.Delivery.Logger }

// Opener builds an exporter that was prepared. ctx bounds the building, not the exporter's life. Each call
// builds another exporter that shares nothing with the others; the caller shuts it down. It may be called
// from several goroutines.
type Opener func(ctx context.Context, common BuildContext) (sdktrace.SpanExporter, error)

// Description is what people and config want to know about an exporter.
type Description struct {
	Name    string
	Aliases []string
	Doc     string
	Keys    []settings.Key // in the order of the struct's fields

	TimeoutVariables []string // OTEL_* variables of the key timeout, the one that takes precedence first
}

// Factory ties a name to a settings type and the function that builds the exporter. It is made by
// [NewFactory]; its zero value is refused by Register. It never changes and may be copied.
type Factory struct {
	name             string
	aliases          []string
	doc              string
	timeoutVariables []string
	completion       any   // func(*S, *Completion)
	err              error // why Register refuses it
	keys             func() []settings.Key
	prepare          func(section map[string]any, c *Completion) (Prepared, error)
}

// FactoryOption changes a factory while it is made.
type FactoryOption func(*Factory)

// WithAlias lets the exporter be called by other names too. Name and aliases share one name space.
func WithAlias(names ...string) FactoryOption {
	return func(f *Factory) { f.aliases = append(f.aliases, names...) }
}

// WithDoc says in one sentence what the exporter does.
func WithDoc(sentence string) FactoryOption {
	return func(f *Factory) { f.doc = sentence }
}

// WithTimeoutVariables names the OTEL_* variables that set the key timeout of the exporter's section, the one
// that takes precedence first.
func WithTimeoutVariables(names ...string) FactoryOption {
	return func(f *Factory) { f.timeoutVariables = append(f.timeoutVariables, names...) }
}

// NewFactory ties a name to one settings type S, a struct. defaults runs anew for every use, so nothing in
// its result is shared; nil means the zero value. Only build may have effects, and even that dials nothing
// and resolves nothing: a backend that is down is no reason for a program not to start.
//
// What is wrong with S or the name is told by Register, as ErrInvalid.
func NewFactory[S any](
	name string,
	defaults func() S,
	build func(ctx context.Context, common BuildContext, s S) (sdktrace.SpanExporter, error),
	opts ...FactoryOption,
) Factory {
	f := Factory{name: strings.ToLower(name)}
	for _, opt := range opts {
		opt(&f)
	}
	table, err := schema.Of(defaults)
	switch {
	case err != nil:
		f.err = err
		return f
	case build == nil:
		f.err = fmt.Errorf("%w: it has no build function", schema.ErrInvalid)
		return f
	}
	p := plugin[S]{name: f.name, schema: table, defaults: defaults, build: build}
	f.err = reserved(table)
	if hook, ok := f.completion.(func(*S, *Completion)); ok {
		p.hook = hook
	} else if f.completion != nil {
		f.err = errors.Join(f.err, mismatch[S](f.completion))
	}
	f.keys, f.prepare = table.Keys, p.prepare
	return f
}

// reserved refuses the key that config puts into every exporter's section.
func reserved(table *schema.Schema) error {
	if _, _, taken := table.Lookup("timeout"); taken {
		return fmt.Errorf("%w: the key timeout is every exporter's already, use BuildContext.Timeout", schema.ErrInvalid)
	}
	return nil
}
