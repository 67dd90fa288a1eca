package config

import (
	"reflect"
	"time"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// Config is one checked configuration: plain data that spanroute.Start takes as it is. It comes from [Load] or
// [Default]; a program may change fields before it starts. Formatting it, also as %#v or JSON, masks secrets.
type Config struct {
	// Enabled is false when no SDK is wanted; propagation still works.
	Enabled bool
	// ExporterTypes are the registered names to export to, without aliases and repetitions. None is empty.
	ExporterTypes []string
	// ServiceName is the resource's service.name. Empty means unknown_service:<executable>.
	ServiceName string
	// ResourceAttributes describe the process besides ServiceName, in order.
	ResourceAttributes settings.Pairs
	// Propagators are names among tracecontext and baggage, in order. None is empty.
	Propagators []string
	// Sampling is sample_rate and sampling.*.
	Sampling sampling.Config
	// Timeout bounds one attempt to deliver; negative is no limit.
	Timeout time.Duration
	// MaxTagValueLength bounds texts of attributes in code points. Negative is no limit; 0 cuts to nothing, which
	// only a variable of OpenTelemetry can ask for.
	MaxTagValueLength int
	// ExcludedURLs are RE2 patterns, ExcludedPaths and ExcludedRPCs globs: what gets no span.
	ExcludedURLs, ExcludedPaths, ExcludedRPCs []string
	// Redact is what mw and grpcmw redact in addition to their defaults.
	Redact Redact
	// Batch says when spans leave the queue.
	Batch Batch
	// Limits bound one span.
	Limits Limits
	// Delivery bounds memory and patience of each destination.
	Delivery Delivery
	// Exporters holds what each of ExporterTypes is told, by name.
	Exporters map[string]Exporter
	// Warnings is what deserves a look though the configuration works, in order.
	Warnings Diagnostics

	registry *registry.Registry
	origins  *origins
}

// Redact is redact.*: what mw and grpcmw leave out of spans.
type Redact struct {
	QueryKeys     []string // names of query keys, compared percent-decoded and in any case; at most 256
	PanicMessages bool     // true: events of panics have no message
}

// Batch is batch.*: when and in what portions spans leave the queue.
type Batch struct {
	ScheduleDelay time.Duration // how long the oldest span waits; negative is no limit
	ExportTimeout time.Duration // bound of one export of a wrapped exporter; negative is no limit
	// MaxQueueSize bounds every queue in spans, besides delivery.queue_bytes, if a source sets it or if it differs
	// from the default. The default bounds the queues of exporters that spanroute wraps. At least 1.
	MaxQueueSize       int
	MaxExportBatchSize int // in spans; from 1 to MaxQueueSize
}

// Limits is limits.*: how many things one span holds. -1 is no limit.
type Limits struct {
	AttributeCount      int // per span
	EventCount          int // per span
	LinkCount           int // per span
	EventAttributeCount int // per event
	LinkAttributeCount  int // per link
}

// Delivery is delivery.*: memory and patience of each destination.
type Delivery struct {
	QueueBytes int64 // at least 1
	Retry      Retry
}

// Retry is delivery.retry.*.
type Retry struct {
	Initial       time.Duration // first pause
	Max           time.Duration // longest pause
	MaxElapsed    time.Duration // when to give up; 0 is never
	MaxRetryAfter time.Duration // longest pause that a receiver may ask for
}

// Exporter is what one exporter is told.
type Exporter struct {
	// Timeout bounds one attempt of this exporter; negative is no limit.
	Timeout time.Duration
	// Settings is its section with canonical keys, nested, typed and completed, ready for registry.Prepare.
	Settings map[string]any

	secrets  map[string]bool // paths whose values are masked when formatted
	values   []string        // texts that are masked wherever they are
	prepared registry.Prepared
}

// Destination is where the exporter sends spans, as text without secrets: "localhost:6831 over UDP". It is empty for an
// exporter that names none, and for settings that [Load] did not complete.
func (x Exporter) Destination() string { return x.prepared.Destination }

// Prepare returns what opens the exporter called name. It has no effects. Settings that are as [Load] returned them are
// not checked again.
func (c *Config) Prepare(name string) (registry.Opener, error) {
	known := c.registry
	if known == nil {
		known = registry.Default()
	}
	x := c.Exporters[name]
	if x.prepared.Open != nil && reflect.DeepEqual(x.Settings, x.prepared.Settings()) {
		return x.prepared.Open, nil
	}
	return known.Prepare(name, x.Settings)
}

// Registry returns the registry the configuration was checked against; nil means registry.Default().
func (c *Config) Registry() *registry.Registry { return c.registry }

// Default returns the built-in defaults: enabled, no exporter, nothing sampled, both propagators.
func Default() *Config {
	c := commonDefaults()
	cfg := &Config{}
	c.assign(cfg)
	return cfg
}
