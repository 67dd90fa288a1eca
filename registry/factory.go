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

// BuildContext holds what spanroute passes to every exporter apart from its own settings. It may get more fields, so
// literals need keys. An [Opener] sets a name, a logger and Source if they are empty.
type BuildContext struct {
	Delivery          delivery.Options        // for delivery.New; ID, Timeout and Logger are meant for every exporter
	MaxTagValueLength int                     // in code points; 0: no limit
	Source            func(key string) string // returns where a key was set: "app.yaml:12:5", "built-in"; never nil
	_                 struct{}
}

// Name returns the name of the exporter in logs and errors: its type, such as "zipkin".
func (b BuildContext) Name() string { return b.Delivery.ID }

// Timeout returns the limit of one delivery attempt; a negative value means no limit.
func (b BuildContext) Timeout() time.Duration { return b.Delivery.Timeout }

// Logger returns the logger for the exporter's diagnostics. It is never nil.
func (b BuildContext) Logger() *slog.Logger { return b.Delivery.Logger }

// Opener builds a prepared exporter. ctx limits the call, not the lifetime of the exporter. Each call builds another
// exporter, which shares nothing with the others and which the caller shuts down. It is safe for concurrent use.
type Opener func(ctx context.Context, common BuildContext) (sdktrace.SpanExporter, error)

// Description describes an exporter and its keys.
type Description struct {
	Name    string
	Aliases []string
	Doc     string
	Keys    []settings.Key // in the order of the struct's fields

	TimeoutVariables []string // OTEL_* variables of the key timeout, in order of precedence
}

// Factory connects a name with a settings type and the function that builds the exporter. [NewFactory] returns one;
// Register rejects the zero value. It is immutable and may be copied.
type Factory struct {
	name             string
	aliases          []string
	doc              string
	timeoutVariables []string
	completion       any   // func(*S, *Completion)
	err              error // why Register rejects it
	keys             func() []settings.Key
	prepare          func(section map[string]any, c *Completion) (Prepared, error)
}

// FactoryOption is an option of [NewFactory].
type FactoryOption func(*Factory)

// WithAlias adds other names of the exporter. Names and aliases of all exporters share one name space.
func WithAlias(names ...string) FactoryOption {
	return func(f *Factory) { f.aliases = append(f.aliases, names...) }
}

// WithDoc sets the documentation of the exporter, one sentence.
func WithDoc(sentence string) FactoryOption {
	return func(f *Factory) { f.doc = sentence }
}

// WithTimeoutVariables adds OTEL_* variables that set the key timeout of the exporter's section, in order of
// precedence.
func WithTimeoutVariables(names ...string) FactoryOption {
	return func(f *Factory) { f.timeoutVariables = append(f.timeoutVariables, names...) }
}

// NewFactory returns the factory of the exporter with this name and settings type S, a struct. defaults is called for
// each use, so its results must not share memory; nil means the zero value of S. Only build may have effects. It should
// neither dial nor resolve names: a program must start although a backend is down.
//
// Register returns the faults of name and S, as ErrInvalid.
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

// reserved returns an error if a settings struct has the key that package config adds to each exporter's section.
func reserved(table *schema.Schema) error {
	if _, _, taken := table.Lookup("timeout"); taken {
		return fmt.Errorf("%w: the key timeout is reserved; use BuildContext.Timeout", schema.ErrInvalid)
	}
	return nil
}
