package spanroute

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/mw/tracing"
	"github.com/spanroute/spanroute/sampling"
)

// Tracing is a running tracing. All methods are safe for concurrent use. [Tracing.Shutdown] must be called
// once the last span has ended, or what is queued is lost.
type Tracing struct {
	provider     trace.TracerProvider
	sdk          *sdktrace.TracerProvider // nil when the configuration says enabled: false
	ends         *processor               // of sdk
	propagator   propagation.TextMapPropagator
	sampler      *sampling.Dynamic
	exclusions   policy.Live
	destinations []destination
	options      options
	started      *config.Config // what the start keys in force came from

	applying sync.Mutex // serialises Apply
	current  *config.Config
	reloads  reloads

	stopping atomic.Bool
	stopped  chan struct{}
}

type reloads struct {
	applied, rejected atomic.Uint64
	last              atomic.Int64 // Unix time in nanoseconds, 0 before the first
}

// Start checks cfg as a whole, opens all of its exporters or none, and returns the running tracing. Faults of
// all exporters are reported at once. ctx bounds the start, not the life of the tracing. Warnings of cfg are
// logged once each. Nothing global is touched, see [Tracing.SetGlobal].
func Start(ctx context.Context, cfg *config.Config, opts ...Option) (*Tracing, error) {
	if cfg == nil {
		cfg = config.Default()
	}
	o := newOptions(opts)
	for _, warning := range cfg.Warnings {
		o.logger.LogAttrs(ctx, slog.LevelWarn, warning.Error())
	}
	p, err := check(cfg, o)
	if err != nil {
		return nil, err
	}
	if !cfg.Enabled {
		return assemble(p, nil), nil
	}
	destinations, err := openAll(ctx, p)
	if err != nil {
		return nil, err
	}
	return assemble(p, destinations), nil
}

// plan is a configuration that passed every check which needs nothing opened.
type plan struct {
	cfg        *config.Config
	options    options
	sampler    sdktrace.Sampler
	exclusions *policy.Policy
	resource   *resource.Resource
	propagator propagation.TextMapPropagator
	prepared   []prepared
}

func check(cfg *config.Config, o options) (plan, error) {
	p := plan{cfg: cfg, options: o, resource: newResource(cfg)}
	var errs [4]error
	p.sampler, errs[0] = sampling.New(cfg.Sampling)
	p.exclusions, errs[1] = policy.Compile(rulesOf(cfg))
	p.propagator, errs[2] = newPropagator(cfg.Propagators)
	if cfg.Enabled {
		p.prepared, errs[3] = prepareAll(cfg)
	}
	return p, errors.Join(errs[:]...)
}

func rulesOf(cfg *config.Config) policy.Rules {
	return policy.Rules{
		URLs: cfg.ExcludedURLs, Paths: cfg.ExcludedPaths, RPCs: cfg.ExcludedRPCs,
		QueryKeys: cfg.Redact.QueryKeys, RedactPanicMessages: cfg.Redact.PanicMessages,
	}
}

// assemble joins what was checked and opened. It cannot fail.
func assemble(p plan, destinations []destination) *Tracing {
	t := &Tracing{
		propagator:   p.propagator,
		sampler:      sampling.NewDynamic(p.sampler),
		destinations: destinations,
		options:      p.options,
		started:      p.cfg,
		current:      p.cfg,
		stopped:      make(chan struct{}),
	}
	t.exclusions.Store(p.exclusions)
	if p.cfg.Enabled {
		t.sdk, t.ends = newProvider(p, t.sampler, destinations)
		t.provider = t.sdk
	} else {
		t.provider = noop.NewTracerProvider()
	}
	return t
}

func newPropagator(names []string) (propagation.TextMapPropagator, error) {
	var members []propagation.TextMapPropagator
	for _, name := range names {
		switch name {
		case "tracecontext":
			members = append(members, propagation.TraceContext{})
		case "baggage":
			members = append(members, propagation.Baggage{})
		case "none":
		default:
			return nil, fmt.Errorf("propagators: %q is unknown, want tracecontext, baggage or none", name)
		}
	}
	return propagation.NewCompositeTextMapPropagator(members...), nil
}

// TracerProvider returns the provider whose spans go to the configured exporters. With enabled: false it is
// one whose spans record nothing and hand a caller's trace on.
func (t *Tracing) TracerProvider() trace.TracerProvider { return t.provider }

// Propagator returns the configured propagator; it is never nil.
func (t *Tracing) Propagator() propagation.TextMapPropagator { return t.propagator }

// Instrumentation returns what mw.With and grpcmw.With read: the rules in force, which [Tracing.Apply] replaces, and
// when attributes are set. The samplers of spanroute do not read attributes, so that they are set once, at the end of
// a span, unless a processor of [WithSpanProcessor] may read them at its start.
func (t *Tracing) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{
		DeferAttributes: len(t.options.processors) == 0,
		Policy:          func() tracing.Policy { return t.exclusions.Load() },
	}
}

// SetGlobal makes t what otel.Tracer and otel.GetTextMapPropagator use. Nothing else in spanroute writes the
// globals of OpenTelemetry; call it from main if libraries rely on them.
func (t *Tracing) SetGlobal() {
	otel.SetTracerProvider(t.provider)
	otel.SetTextMapPropagator(t.propagator)
}

// Apply takes over the hot keys of cfg: sampling, exclusion and redaction. Every span and request that starts after Apply
// returns follows them; requests under way keep what they started with. Keys that are read at start stay as
// they were and are named in one warning. An invalid cfg changes nothing and is returned as an error. An equal
// cfg is not counted.
func (t *Tracing) Apply(cfg *config.Config) error {
	t.applying.Lock()
	defer t.applying.Unlock()
	if cfg == nil {
		t.reloads.rejected.Add(1)
		return errors.New("apply: no configuration")
	}
	sampler, samplerErr := sampling.New(cfg.Sampling)
	exclusions, policyErr := policy.Compile(rulesOf(cfg))
	if err := errors.Join(samplerErr, policyErr); err != nil {
		t.reloads.rejected.Add(1)
		return err
	}
	hot, restart := t.current.Changed(cfg)
	if len(hot)+len(restart) == 0 {
		return nil
	}
	t.sampler.Set(sampler)
	t.exclusions.Store(exclusions)
	t.current = cfg
	t.reloads.applied.Add(1)
	t.reloads.last.Store(time.Now().UnixNano())
	t.logApplied(hot, restart)
	return nil
}

// logApplied names every start key that differs from what runs, as soon as a reload changes one of them.
func (t *Tracing) logApplied(hot, restart []string) {
	if len(hot) > 0 {
		t.options.logger.Info("configuration applied", "keys", hot)
	}
	if len(restart) == 0 {
		return
	}
	if _, pending := t.started.Changed(t.current); len(pending) > 0 {
		t.options.logger.Warn("configuration keys need a restart", "kind", "needs_restart", "keys", pending)
	}
}
