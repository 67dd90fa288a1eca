package delivery

import (
	"log/slog"
	"time"
)

// Options of one destination. Zero means the default of each field, a negative duration no limit.
type Options struct {
	ID            string        // names the destination in logs and errors; "exporter" if empty
	Endpoint      string        // for logs only, without userinfo
	QueueBytes    int64         // what queued spans keep alive, by the estimate of Cost; 32 MiB
	Senders       int           // payloads in flight at once; 2
	BatchSize     int           // spans a sender takes at most; 512
	MaxQueueSize  int           // spans queued at most, in flight included; none for New, 2048 for Wrap
	BatchDelay    time.Duration // the oldest span waits no longer for a full batch; 5 s
	Timeout       time.Duration // of one attempt: dialling, TLS, sending, reading the answer; 10 s
	ExportTimeout time.Duration // of one call of a wrapped exporter, and of ForceFlush and Shutdown without a deadline; 30 s
	Retry         RetryOptions
	Logger        *slog.Logger // slog.Default() if nil
	Spool         *Spool       // for an encoder that is a Storer, without a Confirmer; nil for none
}

// RetryOptions bound the backoff between attempts.
type RetryOptions struct {
	Initial       time.Duration // bound of the first wait; doubled with every failure in a row; 500 ms
	Max           time.Duration // maximum wait, except for one that a receiver requested; 30 s
	Probe         time.Duration // maximum wait between two payloads without spans, by which a Prober finds the end of an outage; 2 s; negative: none
	MaxElapsed    time.Duration // a payload is dropped this long after its own first attempt, or after the last wait that the receiver requested; 5 min
	MaxRetryAfter time.Duration // maximum of a wait that a receiver requests; 5 min
}

// Defaults of Options.
const (
	DefaultQueueBytes    = 32 << 20
	DefaultSenders       = 2
	DefaultBatchSize     = 512
	DefaultMaxQueueSize  = 2048 // of Wrap
	DefaultBatchDelay    = 5 * time.Second
	DefaultTimeout       = 10 * time.Second
	DefaultExportTimeout = 30 * time.Second
	DefaultRetryInitial  = 500 * time.Millisecond
	DefaultRetryMax      = 30 * time.Second
	DefaultRetryProbe    = 2 * time.Second
	DefaultMaxElapsed    = 5 * time.Minute
	DefaultMaxRetryAfter = 5 * time.Minute
)

// orDefault replaces every zero field by its default.
func (o Options) orDefault() Options {
	fill(&o.ID, "exporter")
	fill(&o.BatchDelay, DefaultBatchDelay)
	fill(&o.Timeout, DefaultTimeout)
	fill(&o.ExportTimeout, DefaultExportTimeout)
	fill(&o.Retry.Initial, DefaultRetryInitial)
	fill(&o.Retry.Max, DefaultRetryMax)
	fill(&o.Retry.Probe, DefaultRetryProbe)
	fill(&o.Retry.MaxElapsed, DefaultMaxElapsed)
	fill(&o.Retry.MaxRetryAfter, DefaultMaxRetryAfter)
	fillCount(&o.QueueBytes, DefaultQueueBytes)
	fillCount(&o.Senders, DefaultSenders)
	fillCount(&o.BatchSize, DefaultBatchSize)
	if o.MaxQueueSize = max(o.MaxQueueSize, 0); o.MaxQueueSize > 0 {
		o.BatchSize = min(o.BatchSize, o.MaxQueueSize)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// fillCount treats a negative count as unset.
func fillCount[T int | int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
