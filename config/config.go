package config

import (
	"reflect"
	"time"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// Config is one checked configuration: plain data for spanroute.Start. It comes from [Load] or [Default]; a program may
// change fields before it starts. Formatting it, also as %#v or JSON, masks secrets.
//
// The tags define the keys: koanf is the path of a key, alias a legacy path, otel its OTEL_* variables, doc its
// documentation; format selects how the value is normalized. A key with hot changes when the configuration is reloaded.
type Config struct {
	// Enabled is false if no SDK is wanted. Propagation works without one.
	Enabled bool `koanf:"enabled" otel:"SDK_DISABLED" doc:"false: no SDK, propagation still works"`
	// ExporterTypes are the registered names to export to, without aliases and repetitions. It is empty for none.
	ExporterTypes []string `koanf:"exporter_type" alias:"type" otel:"TRACES_EXPORTER" format:"exporters" doc:"exporters to send spans to, or none"`
	// ServiceName is the resource's service.name. Empty means unknown_service:<executable>.
	ServiceName string `koanf:"service_name" otel:"SERVICE_NAME" doc:"name of the service; unset: unknown_service:<executable>"`
	// ResourceAttributes describe the process in addition to ServiceName, in order.
	ResourceAttributes settings.Pairs `koanf:"resource_attributes" otel:"RESOURCE_ATTRIBUTES" format:"attributes" doc:"attributes of the process; layers merge name by name"`
	// Propagators are names of registered propagators, in the order in which they read headers. It is empty for none.
	Propagators []string `koanf:"propagators" otel:"PROPAGATORS" format:"propagators" doc:"headers to read and write, a later one over an earlier: tracecontext, baggage, and b3, b3multi, jaeger, xray, ottrace if the program imports them; or none alone"`
	// Sampling is sample_rate and sampling.*.
	Sampling sampling.Config `koanf:"sampling"`
	// Timeout bounds one attempt to deliver. Negative means no limit.
	Timeout time.Duration `koanf:"timeout" format:"timeout" doc:"bound of one attempt to deliver"`
	// MaxTagValueLength bounds texts of attributes in code points. Negative means no limit; 0, which only an OTEL_* variable
	// can set, cuts every text to nothing.
	MaxTagValueLength int `koanf:"max_tag_value_length" otel:"SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT,ATTRIBUTE_VALUE_LENGTH_LIMIT" format:"length" doc:"code points of an attribute's text; 0 or less: no limit"`
	// ExcludedURLs are RE2 patterns of requests that get no span.
	ExcludedURLs []string `koanf:"excluded_urls" hot:"true" format:"url_patterns" doc:"RE2 patterns, searched anywhere in the path or full method; with :// in the URL; healthz also excludes /orders/healthz, so prefer excluded_paths"`
	// ExcludedPaths are globs of paths that get no span.
	ExcludedPaths []string `koanf:"excluded_paths" hot:"true" format:"path_globs" doc:"globs over the whole path"`
	// ExcludedRPCs are globs of gRPC methods that get no span.
	ExcludedRPCs []string `koanf:"excluded_rpcs" hot:"true" format:"rpc_globs" doc:"globs over the whole gRPC method"`
	// Redact lists texts that mw and grpcmw redact in addition to their defaults.
	Redact Redact `koanf:"redact"`
	// Batch controls when spans leave the queue.
	Batch Batch `koanf:"batch"`
	// Limits bound one span.
	Limits Limits `koanf:"limits"`
	// Delivery bounds memory and retries of each destination.
	Delivery Delivery `koanf:"delivery"`
	// Spool keeps spans on disk that cannot be delivered yet.
	Spool Spool `koanf:"spool"`
	// Exporters holds the configuration of each of ExporterTypes, by name.
	Exporters map[string]Exporter `koanf:"-"`
	// Warnings are the diagnostics that do not keep the configuration from working, in order.
	Warnings Diagnostics `koanf:"-"`

	registry *registry.Registry
	origins  *origins
}

// Redact is redact.*: texts that mw and grpcmw keep out of spans.
type Redact struct {
	// QueryKeys are names of query keys, compared percent-decoded and in any case; at most 256.
	QueryKeys []string `koanf:"query_keys" hot:"true" format:"query_keys" doc:"query keys to redact in addition to those that read like secrets; in any case"`
	// PanicMessages is true if events of panics have no message.
	PanicMessages bool `koanf:"panic_messages" hot:"true" doc:"true: events of panics have no message"`
}

// Batch is batch.*: when spans leave the queue, and how many together.
type Batch struct {
	// ScheduleDelay bounds the time that a span waits. Negative means no limit.
	ScheduleDelay time.Duration `koanf:"schedule_delay" otel:"BSP_SCHEDULE_DELAY" doc:"how long a span waits for a full batch"`
	// ExportTimeout bounds one export of a wrapped exporter. Negative means no limit.
	ExportTimeout time.Duration `koanf:"export_timeout" otel:"BSP_EXPORT_TIMEOUT" format:"bound" doc:"bound of one export of a wrapped exporter"`
	// MaxQueueSize bounds every queue in spans, in addition to delivery.queue_bytes, if a source sets it or if it differs
	// from the default. The default bounds the queues of exporters that spanroute wraps. At least 1.
	MaxQueueSize int `koanf:"max_queue_size" otel:"BSP_MAX_QUEUE_SIZE" range:"1.." doc:"spans that a queue holds at most, where it is set; the default holds for exporters that spanroute wraps, other queues are bounded in bytes alone"`
	// MaxExportBatchSize is in spans, from 1 to MaxQueueSize.
	MaxExportBatchSize int `koanf:"max_export_batch_size" otel:"BSP_MAX_EXPORT_BATCH_SIZE" range:"1.." doc:"spans of one batch"`
}

// Limits is limits.*: how many things one span holds. -1 means no limit.
type Limits struct {
	AttributeCount      int `koanf:"attribute_count" otel:"SPAN_ATTRIBUTE_COUNT_LIMIT,ATTRIBUTE_COUNT_LIMIT" range:"-1.." doc:"attributes of a span; -1: no limit"`
	EventCount          int `koanf:"event_count" otel:"SPAN_EVENT_COUNT_LIMIT" range:"-1.." doc:"events of a span; -1: no limit"`
	LinkCount           int `koanf:"link_count" otel:"SPAN_LINK_COUNT_LIMIT" range:"-1.." doc:"links of a span; -1: no limit"`
	EventAttributeCount int `koanf:"event_attribute_count" otel:"EVENT_ATTRIBUTE_COUNT_LIMIT" range:"-1.." doc:"attributes of an event; -1: no limit"`
	LinkAttributeCount  int `koanf:"link_attribute_count" otel:"LINK_ATTRIBUTE_COUNT_LIMIT" range:"-1.." doc:"attributes of a link; -1: no limit"`
}

// Delivery is delivery.*: memory and retries of each destination.
type Delivery struct {
	// QueueBytes bounds the memory of waiting spans. At least 1.
	QueueBytes int64 `koanf:"queue_bytes" range:"1.." doc:"memory that waiting spans of one destination may keep"`
	Retry      Retry `koanf:"retry"`
}

// Retry is delivery.retry.*.
type Retry struct {
	// Initial is the pause before the first retry.
	Initial time.Duration `koanf:"initial" doc:"first pause before another attempt"`
	// Max is the maximum pause.
	Max time.Duration `koanf:"max" doc:"longest pause"`
	// Probe is the longest time between two requests without spans, which find the end of an outage during a pause; 0 means none.
	Probe time.Duration `koanf:"probe" range:"0.." doc:"longest time between requests without spans, which end a pause once the receiver answers; 0: none"`
	// MaxElapsed is the time after which a batch is dropped; 0 is never.
	MaxElapsed time.Duration `koanf:"max_elapsed" range:"0.." doc:"when a batch is dropped; 0: never"`
	// MaxRetryAfter is the maximum pause that a receiver can request.
	MaxRetryAfter time.Duration `koanf:"max_retry_after" doc:"longest pause that a receiver may request"`
}

// Spool is spool.*: a directory for payloads that cannot be delivered yet. It is for exporters with answers: otlp, zipkin and
// the collectors of jaeger.
type Spool struct {
	// Dir is the directory, which the user must own and no other may use. It is made if it is missing. Empty means no spool.
	Dir string `koanf:"dir" doc:"directory for payloads that cannot be delivered yet, private to the user; unset: none"`
	// Mode is overflow (also when empty) or always.
	Mode string `koanf:"mode" enum:"overflow,always" doc:"overflow: write what the queue cannot hold; always: write before sending"`
	// MaxBytes bounds the files of one destination. At least 1.
	MaxBytes int64 `koanf:"max_bytes" range:"1.." doc:"size of the files of one destination; the oldest spans are dropped"`
	// MaxAge is the age at which spans are dropped.
	MaxAge time.Duration `koanf:"max_age" range:"1s.." doc:"age at which spans are dropped"`
	// Fsync is always, none, or an interval.
	Fsync string `koanf:"fsync" format:"fsync" doc:"when files reach the disk: an interval, always or none; what was written survives the death of the process in any case"`
}

// Exporter is the configuration of one exporter.
//
// Settings that a program changes are checked again by Prepare; settings from Load were checked there, and Prepare
// returns the opener that the check made.
type Exporter struct {
	// Timeout bounds one attempt of this exporter; negative means no limit.
	Timeout time.Duration
	// Settings is its section with canonical keys, nested, typed and completed, ready for registry.Prepare.
	Settings map[string]any

	secrets  map[string]bool // paths whose values are masked when formatted
	values   []string        // texts that are masked wherever they are
	prepared registry.Prepared
}

// Destination returns where the exporter sends spans, as text without secrets: "localhost:6831 over UDP". It is empty for
// an exporter without a destination, and for settings that [Load] did not complete.
func (x Exporter) Destination() string { return x.prepared.Destination }

// Prepare returns the function that opens the exporter called name. It has no effects. Settings that did not change since
// [Load] returned them are not checked again.
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

// Registry returns the registry that the configuration was checked against. Nil means registry.Default().
func (c *Config) Registry() *registry.Registry { return c.registry }

// defaultTimeout bounds an attempt to deliver if no layer sets a timeout.
const defaultTimeout = 10 * time.Second

// Default returns the built-in defaults: enabled, no exporter, nothing sampled, the propagators tracecontext and baggage.
func Default() *Config {
	return &Config{
		Enabled:     true,
		Propagators: []string{"tracecontext", "baggage"},
		Sampling: sampling.Config{
			Sampler: sampling.ParentBasedTraceIDRatio, Dropped: sampling.Drop, RemoteParent: sampling.Respect,
			Remote: sampling.Remote{
				Endpoint: jaegerremote.DefaultEndpoint, Interval: jaegerremote.DefaultInterval,
				InitialRate: jaegerremote.DefaultInitialRate, MaxOperations: jaegerremote.DefaultMaxOperations,
			},
			Hold: sampling.Hold{MaxTraces: 10_000, MaxBytes: 64 << 20, MaxTime: time.Minute},
		},
		Timeout:           defaultTimeout,
		MaxTagValueLength: -1,
		Batch: Batch{
			ScheduleDelay: 5 * time.Second, ExportTimeout: 30 * time.Second,
			MaxQueueSize: 2048, MaxExportBatchSize: 512,
		},
		Limits: Limits{128, 128, 128, 128, 128},
		Delivery: Delivery{
			QueueBytes: 32 << 20,
			Retry: Retry{
				Initial: 500 * time.Millisecond, Max: 30 * time.Second, Probe: 2 * time.Second,
				MaxElapsed: 5 * time.Minute, MaxRetryAfter: 5 * time.Minute,
			},
		},
		Spool: Spool{Mode: "overflow", MaxBytes: 256 << 20, MaxAge: 24 * time.Hour, Fsync: "1s"},
	}
}

// commonSchema holds the keys in the tags of Config. A test shows that Config is a valid schema.
var commonSchema = func() *schema.Schema {
	s, err := schema.Of(func() Config { return *Default() })
	if err != nil {
		panic(err)
	}
	return s
}()
