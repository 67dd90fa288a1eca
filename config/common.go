package config

import (
	"time"

	"github.com/spanroute/spanroute/registry/settings"
	"github.com/spanroute/spanroute/sampling"
)

// common is the section without the exporters: the only place where its keys exist. Field order is the order of
// the documentation.
type common struct {
	Enabled            bool           `koanf:"enabled" otel:"SDK_DISABLED" doc:"false: no SDK, propagation still works"`
	ExporterType       []string       `koanf:"exporter_type" alias:"type" otel:"TRACES_EXPORTER" doc:"exporters to send spans to, or none"`
	ServiceName        string         `koanf:"service_name" otel:"SERVICE_NAME" doc:"name of the service; unset: unknown_service:<executable>"`
	ResourceAttributes settings.Pairs `koanf:"resource_attributes" otel:"RESOURCE_ATTRIBUTES" doc:"attributes of the process; layers merge name by name"`
	Propagators        []string       `koanf:"propagators" otel:"PROPAGATORS" doc:"tracecontext, baggage, or none alone"`
	SampleRate         float64        `koanf:"sample_rate" otel:"TRACES_SAMPLER_ARG" range:"0..1" hot:"true" doc:"share of new traces to keep, 0 to 1"`
	Sampling           samplingKeys   `koanf:"sampling"`
	Timeout            time.Duration  `koanf:"timeout" doc:"bound of one attempt to deliver"`
	MaxTagValueLength  int            `koanf:"max_tag_value_length" otel:"SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT,ATTRIBUTE_VALUE_LENGTH_LIMIT" doc:"code points of an attribute's text; 0 or less: no limit"`
	ExcludedURLs       []string       `koanf:"excluded_urls" hot:"true" doc:"RE2 patterns, searched anywhere in the path or full method; with :// in the URL; healthz also excludes /orders/healthz, so prefer excluded_paths"`
	ExcludedPaths      []string       `koanf:"excluded_paths" hot:"true" doc:"globs over the whole path"`
	ExcludedRPCs       []string       `koanf:"excluded_rpcs" hot:"true" doc:"globs over the whole gRPC method"`
	Redact             redactKeys     `koanf:"redact"`
	Batch              batchKeys      `koanf:"batch"`
	Limits             limitKeys      `koanf:"limits"`
	Delivery           deliveryKeys   `koanf:"delivery"`
}

type samplingKeys struct {
	Sampler string `koanf:"sampler" otel:"TRACES_SAMPLER" hot:"true" enum:"parentbased_traceidratio,parentbased_always_on,parentbased_always_off,traceidratio,always_on,always_off" doc:"who decides: the parent, the ratio of sample_rate, always or never"`
	Dropped string `koanf:"dropped" hot:"true" enum:"drop,record" doc:"record: span processors see what is not kept"`

	RemoteParent string `koanf:"remote_parent" hot:"true" enum:"respect,ignore" doc:"ignore: neither the flag nor the trace id of a caller decides; for services at the edge"`
}

type redactKeys struct {
	QueryKeys     []string `koanf:"query_keys" hot:"true" doc:"query keys to redact in addition to those that read like secrets; in any case"`
	PanicMessages bool     `koanf:"panic_messages" hot:"true" doc:"true: events of panics have no message"`
}

type batchKeys struct {
	ScheduleDelay      time.Duration `koanf:"schedule_delay" otel:"BSP_SCHEDULE_DELAY" doc:"how long a span waits for a full batch"`
	ExportTimeout      time.Duration `koanf:"export_timeout" otel:"BSP_EXPORT_TIMEOUT" doc:"bound of one export of a wrapped exporter"`
	MaxQueueSize       int           `koanf:"max_queue_size" otel:"BSP_MAX_QUEUE_SIZE" range:"1.." doc:"spans that a queue holds at most, where it is set; the default holds for exporters that spanroute wraps, other queues are bounded in bytes alone"`
	MaxExportBatchSize int           `koanf:"max_export_batch_size" otel:"BSP_MAX_EXPORT_BATCH_SIZE" range:"1.." doc:"spans of one batch"`
}

type limitKeys struct {
	AttributeCount      int `koanf:"attribute_count" otel:"SPAN_ATTRIBUTE_COUNT_LIMIT,ATTRIBUTE_COUNT_LIMIT" range:"-1.." doc:"attributes of a span; -1: no limit"`
	EventCount          int `koanf:"event_count" otel:"SPAN_EVENT_COUNT_LIMIT" range:"-1.." doc:"events of a span; -1: no limit"`
	LinkCount           int `koanf:"link_count" otel:"SPAN_LINK_COUNT_LIMIT" range:"-1.." doc:"links of a span; -1: no limit"`
	EventAttributeCount int `koanf:"event_attribute_count" otel:"EVENT_ATTRIBUTE_COUNT_LIMIT" range:"-1.." doc:"attributes of an event; -1: no limit"`
	LinkAttributeCount  int `koanf:"link_attribute_count" otel:"LINK_ATTRIBUTE_COUNT_LIMIT" range:"-1.." doc:"attributes of a link; -1: no limit"`
}

type deliveryKeys struct {
	QueueBytes int64     `koanf:"queue_bytes" range:"1.." doc:"memory that waiting spans of one destination may keep"`
	Retry      retryKeys `koanf:"retry"`
}

type retryKeys struct {
	Initial       time.Duration `koanf:"initial" doc:"first pause before another attempt"`
	Max           time.Duration `koanf:"max" doc:"longest pause"`
	MaxElapsed    time.Duration `koanf:"max_elapsed" range:"0.." doc:"when a batch is given up; 0: never"`
	MaxRetryAfter time.Duration `koanf:"max_retry_after" doc:"longest pause that a receiver may ask for"`
}

// defaultTimeout bounds an attempt when nobody says otherwise.
const defaultTimeout = 10 * time.Second

func commonDefaults() common {
	return common{
		Enabled:           true,
		Propagators:       []string{"tracecontext", "baggage"},
		Sampling:          samplingKeys{sampling.ParentBasedTraceIDRatio, sampling.Drop, sampling.Respect},
		Timeout:           defaultTimeout,
		MaxTagValueLength: -1,
		Batch: batchKeys{
			ScheduleDelay: 5 * time.Second, ExportTimeout: 30 * time.Second,
			MaxQueueSize: 2048, MaxExportBatchSize: 512,
		},
		Limits: limitKeys{128, 128, 128, 128, 128},
		Delivery: deliveryKeys{
			QueueBytes: 32 << 20,
			Retry: retryKeys{
				Initial: 500 * time.Millisecond, Max: 30 * time.Second,
				MaxElapsed: 5 * time.Minute, MaxRetryAfter: 5 * time.Minute,
			},
		},
	}
}

// assign writes the decoded section into cfg.
func (c *common) assign(cfg *Config) {
	cfg.Enabled = c.Enabled
	cfg.ExporterTypes = c.ExporterType
	cfg.ServiceName = c.ServiceName
	cfg.ResourceAttributes = c.ResourceAttributes
	cfg.Propagators = c.Propagators
	cfg.Sampling = sampling.Config{
		SampleRate: c.SampleRate, Sampler: c.Sampling.Sampler, Dropped: c.Sampling.Dropped, RemoteParent: c.Sampling.RemoteParent,
	}
	cfg.Timeout = c.Timeout
	cfg.MaxTagValueLength = c.MaxTagValueLength
	cfg.ExcludedURLs, cfg.ExcludedPaths, cfg.ExcludedRPCs = c.ExcludedURLs, c.ExcludedPaths, c.ExcludedRPCs
	cfg.Redact = Redact(c.Redact)
	cfg.Batch = Batch(c.Batch)
	cfg.Limits = Limits(c.Limits)
	cfg.Delivery = Delivery{QueueBytes: c.Delivery.QueueBytes, Retry: Retry(c.Delivery.Retry)}
}
