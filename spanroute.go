package spanroute

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
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
	"github.com/spanroute/spanroute/internal/recording"
	"github.com/spanroute/spanroute/mw/tracing"
	"github.com/spanroute/spanroute/sampling"
)

// Tracing is a running tracing pipeline: a tracer provider, a propagator, the policy that the middleware follows, and one
// destination per exporter. All methods are safe for concurrent use. Call [Tracing.Shutdown] after the last span has
// ended; otherwise queued spans are lost.
//
// How it works. [Start] runs in three steps. check builds every part that can be invalid (sampler, policy, propagator,
// exporter settings) without side effects and returns all faults together as one error, or a plan. openAll opens the
// exporters of the plan; if one fails, it shuts down those already open. assemble connects the parts and cannot fail.
//
// Each span passes through the sampler at its start. At its end the provider calls processor, which passes the span to
// the processors of [WithSpanProcessor] and adds it to the queue of each destination. It does not wait for a receiver.
//
// [Tracing.Apply] builds the sampler and the policy of a new configuration and, if both are valid, replaces the old ones,
// each with one atomic store. The client of a sampling server, which remoteSampling holds, is replaced with the sampler
// only if its settings have changed. A restart is necessary to change anything else. Tracing therefore keeps two
// configurations: started, which the other parts were built from, and current, the last one applied.
//
// [Tracing.Shutdown] shuts down the user's processors and all destinations concurrently, and closes the provider last.
// The provider keeps its processor, so that a span that ends too late is counted as dropped and not lost silently.
type Tracing struct {
	provider     trace.TracerProvider
	recorder     *recording.Provider // nil if enabled is false
	ends         *processor          // the only span processor of recorder
	resource     *resource.Resource
	propagator   propagation.TextMapPropagator
	sampler      *sampling.Dynamic
	remote       *remoteSampling
	exclusions   policy.Live
	destinations []destination
	options      options
	started      *config.Config // passed to Start

	applying sync.Mutex // serializes Apply; guards current
	current  *config.Config
	reloads  reloads

	stopping atomic.Bool
	stopped  chan struct{}
}

type reloads struct {
	applied, rejected atomic.Uint64
	last              atomic.Int64 // Unix time in nanoseconds, 0 before the first
}

// Start checks cfg, opens all of its exporters or none, and returns a running [Tracing]. The error contains the faults
// of all exporters. ctx limits the start only; the Tracing runs until [Tracing.Shutdown]. Start logs each warning of cfg
// once. It does not set global variables; see [Tracing.SetGlobal]. A nil cfg means config.Default().
func Start(ctx context.Context, cfg *config.Config, opts ...Option) (*Tracing, error) {
	if cfg == nil {
		cfg = config.Default()
	}
	o := newOptions(opts)
	for _, warning := range cfg.Warnings {
		o.logger.LogAttrs(ctx, slog.LevelWarn, warning.Error())
	}
	p, err := check(cfg, o, new(remoteSampling))
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

// plan holds a checked configuration and the parts that were built from it. No exporter is open yet.
type plan struct {
	hot
	cfg        *config.Config
	options    options
	remote     *remoteSampling
	resource   *resource.Resource
	propagator propagation.TextMapPropagator
	prepared   []prepared
}

// hot holds the parts that [Tracing.Apply] can replace.
type hot struct {
	sampler    sdktrace.Sampler
	client     *remoteClient // of sampler; nil if it needs none
	exclusions *policy.Policy
}

func check(cfg *config.Config, o options, remote *remoteSampling) (plan, error) {
	p := plan{cfg: cfg, options: o, remote: remote, resource: newResource(cfg)}
	var hotErr, propagatorErr, exportersErr error
	p.hot, hotErr = checkHot(cfg, cfg.ServiceName, remote, o.logger)
	p.propagator, propagatorErr = newPropagator(cfg)
	if cfg.Enabled {
		p.prepared, exportersErr = prepareAll(cfg)
	}
	return p, errors.Join(hotErr, propagatorErr, exportersErr)
}

// checkHot builds the parts that [Tracing.Apply] can replace.
func checkHot(cfg *config.Config, serviceName string, remote *remoteSampling, logger *slog.Logger) (hot, error) {
	sampler, client, samplerErr := newSampler(cfg, serviceName, remote, logger)
	exclusions, policyErr := policy.Compile(rulesOf(cfg))
	return hot{sampler, client, exclusions}, errors.Join(samplerErr, policyErr)
}

func rulesOf(cfg *config.Config) policy.Rules {
	return policy.Rules{
		URLs: cfg.ExcludedURLs, Paths: cfg.ExcludedPaths, RPCs: cfg.ExcludedRPCs,
		QueryKeys: cfg.Redact.QueryKeys, RedactPanicMessages: cfg.Redact.PanicMessages,
		ReadRequests: cfg.Sampling.ReadsRequests(), ReadRoutes: cfg.Sampling.ReadsRoutes(),
	}
}

// assemble connects the checked parts and the open destinations.
func assemble(p plan, destinations []destination) *Tracing {
	t := &Tracing{
		propagator:   p.propagator,
		sampler:      sampling.NewDynamic(p.sampler),
		remote:       p.remote,
		destinations: destinations,
		resource:     p.resource,
		options:      p.options,
		started:      p.cfg,
		current:      p.cfg,
		stopped:      make(chan struct{}),
	}
	t.exclusions.Store(p.exclusions)
	if p.cfg.Enabled {
		t.remote.set(p.client)
		t.recorder, t.ends = newProvider(p, t.sampler, destinations)
		t.provider = t.recorder
	} else {
		t.provider = noop.NewTracerProvider()
	}
	return t
}

// TracerProvider returns the provider whose spans are sent to the configured exporters. If enabled is false, it returns a
// no-op provider: its spans are not recorded, and a caller's trace context is still propagated.
//
// A span implements sdktrace.ReadOnlySpan. After its end, the methods of that interface return nothing but the span
// context, the scope and the resource, unless a processor of [WithSpanProcessor] or a second exporter keeps the span.
func (t *Tracing) TracerProvider() trace.TracerProvider { return t.provider }

// Propagator returns the configured propagator. It is never nil.
func (t *Tracing) Propagator() propagation.TextMapPropagator { return t.propagator }

// Instrumentation returns the settings that mw.With and grpcmw.With read: the current policy, which [Tracing.Apply]
// replaces, and whether attributes may be set at the end of a span. They may unless a processor of [WithSpanProcessor]
// could read them at the start. Whether the sampler reads them is a part of the policy.
func (t *Tracing) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{
		DeferAttributes: len(t.options.processors) == 0,
		Policy:          func() tracing.Policy { return t.exclusions.Load() },
	}
}

// SetGlobal sets the global tracer provider and propagator of OpenTelemetry, which otel.Tracer and
// otel.GetTextMapPropagator return. Call it from main if libraries use the globals. No other function of spanroute sets
// them.
func (t *Tracing) SetGlobal() {
	otel.SetTracerProvider(t.provider)
	otel.SetTextMapPropagator(t.propagator)
}

// Apply replaces the settings of the hot keys by those of cfg: sampling, exclusion and redaction. They apply to every
// span and request that starts after Apply returns; requests in flight keep the previous settings. Other keys keep their
// values until a restart, and one warning lists those that differ. If cfg is invalid, Apply returns an error and changes
// nothing. A cfg without any change is not counted in [ReloadStats].
func (t *Tracing) Apply(cfg *config.Config) error {
	t.applying.Lock()
	defer t.applying.Unlock()
	if cfg == nil {
		t.reloads.rejected.Add(1)
		return errors.New("apply: no configuration")
	}
	parts, err := checkHot(cfg, t.started.ServiceName, t.remote, t.options.logger)
	if err != nil {
		t.reloads.rejected.Add(1)
		return err
	}
	hot, restart := t.current.Changed(cfg)
	if len(hot)+len(restart) == 0 {
		return nil
	}
	if !reflect.DeepEqual(cfg.Sampling, t.current.Sampling) {
		t.sampler.Set(parts.sampler)
	}
	if t.recorder != nil {
		t.remote.set(parts.client)
		t.recorder.SetHold(holdOf(cfg))
	}
	t.exclusions.Store(parts.exclusions)
	t.current = cfg
	t.reloads.applied.Add(1)
	t.reloads.last.Store(time.Now().UnixNano())
	t.logApplied(hot, restart)
	return nil
}

// logApplied lists the changed keys. If one of them needs a restart, the warning lists all keys that wait for one.
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
