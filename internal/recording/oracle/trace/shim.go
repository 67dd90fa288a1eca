// Package trace is package recording under the names of the SDK's package trace, for the tests of the SDK.
package trace

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/recording"
)

type (
	TracerProvider           = recording.Provider
	recordingSpan            = recording.Span
	nonRecordingSpan         = recording.Dropped
	tracer                   = recording.Tracer
	ReadOnlySpan             = sdktrace.ReadOnlySpan
	ReadWriteSpan            = sdktrace.ReadWriteSpan
	SpanProcessor            = sdktrace.SpanProcessor
	SpanExporter             = sdktrace.SpanExporter
	Sampler                  = sdktrace.Sampler
	SamplingParameters       = sdktrace.SamplingParameters
	SamplingResult           = sdktrace.SamplingResult
	SamplingDecision         = sdktrace.SamplingDecision
	SpanLimits               = sdktrace.SpanLimits
	IDGenerator              = sdktrace.IDGenerator
	Event                    = sdktrace.Event
	Link                     = sdktrace.Link
	Status                   = sdktrace.Status
	BatchSpanProcessorOption = sdktrace.BatchSpanProcessorOption
)

const (
	Drop              = sdktrace.Drop
	RecordOnly        = sdktrace.RecordOnly
	RecordAndSample   = sdktrace.RecordAndSample
	defaultTracerName = "go.opentelemetry.io/otel/sdk/tracer"

	DefaultAttributeValueLengthLimit   = sdktrace.DefaultAttributeValueLengthLimit
	DefaultAttributeValueDepthLimit    = sdktrace.DefaultAttributeValueDepthLimit
	DefaultAttributeCountLimit         = sdktrace.DefaultAttributeCountLimit
	DefaultEventCountLimit             = sdktrace.DefaultEventCountLimit
	DefaultLinkCountLimit              = sdktrace.DefaultLinkCountLimit
	DefaultAttributePerEventCountLimit = sdktrace.DefaultAttributePerEventCountLimit
	DefaultAttributePerLinkCountLimit  = sdktrace.DefaultAttributePerLinkCountLimit
	DefaultMaxQueueSize                = sdktrace.DefaultMaxQueueSize
	DefaultScheduleDelay               = sdktrace.DefaultScheduleDelay
	DefaultExportTimeout               = sdktrace.DefaultExportTimeout
	DefaultMaxExportBatchSize          = sdktrace.DefaultMaxExportBatchSize
)

var (
	AlwaysSample               = sdktrace.AlwaysSample
	NeverSample                = sdktrace.NeverSample
	AlwaysRecord               = sdktrace.AlwaysRecord
	ParentBased                = sdktrace.ParentBased
	TraceIDRatioBased          = sdktrace.TraceIDRatioBased
	WithRemoteParentSampled    = sdktrace.WithRemoteParentSampled
	WithRemoteParentNotSampled = sdktrace.WithRemoteParentNotSampled
	WithLocalParentSampled     = sdktrace.WithLocalParentSampled
	WithLocalParentNotSampled  = sdktrace.WithLocalParentNotSampled
	NewSpanLimits              = sdktrace.NewSpanLimits
	NewSimpleSpanProcessor     = sdktrace.NewSimpleSpanProcessor
	NewBatchSpanProcessor      = sdktrace.NewBatchSpanProcessor
	WithBatchTimeout           = sdktrace.WithBatchTimeout
	WithMaxQueueSize           = sdktrace.WithMaxQueueSize
	WithMaxExportBatchSize     = sdktrace.WithMaxExportBatchSize
	WithBlocking               = sdktrace.WithBlocking
	WithExportTimeout          = sdktrace.WithExportTimeout
)

type TracerProviderOption func(*recording.Config)

func NewTracerProvider(opts ...TracerProviderOption) *TracerProvider {
	c := recording.Config{Limits: sdktrace.NewSpanLimits()}
	for _, o := range opts {
		o(&c)
	}
	return recording.New(c)
}

func WithSyncer(e SpanExporter) TracerProviderOption {
	return WithSpanProcessor(NewSimpleSpanProcessor(e))
}
func WithBatcher(e SpanExporter, o ...BatchSpanProcessorOption) TracerProviderOption {
	return WithSpanProcessor(NewBatchSpanProcessor(e, o...))
}
func WithSpanProcessor(sp SpanProcessor) TracerProviderOption {
	return func(c *recording.Config) { c.Processors = append(c.Processors, sp) }
}
func WithoutPanicRecording() TracerProviderOption {
	return func(c *recording.Config) { c.WithoutPanicRecording = true }
}
func WithResource(r *resource.Resource) TracerProviderOption {
	return func(c *recording.Config) {
		var err error
		if c.Resource, err = resource.Merge(resource.Environment(), r); err != nil {
			otel.Handle(err)
		}
	}
}
func WithIDGenerator(g IDGenerator) TracerProviderOption {
	return func(c *recording.Config) {
		if g != nil {
			c.IDGenerator = g
		}
	}
}
func WithSampler(s Sampler) TracerProviderOption {
	return func(c *recording.Config) {
		if s != nil {
			c.Sampler = s
		}
	}
}
func WithRawSpanLimits(l SpanLimits) TracerProviderOption {
	return func(c *recording.Config) { c.Limits = l }
}
func WithAttributeValueDepthLimit(n int) TracerProviderOption {
	return func(c *recording.Config) { c.Limits.AttributeValueDepthLimit = n }
}
func WithSpanLimits(sl SpanLimits) TracerProviderOption {
	if sl.AttributeValueLengthLimit <= 0 {
		sl.AttributeValueLengthLimit = DefaultAttributeValueLengthLimit
	}
	if sl.AttributeValueDepthLimit <= 0 {
		sl.AttributeValueDepthLimit = DefaultAttributeValueDepthLimit
	}
	if sl.AttributeCountLimit <= 0 {
		sl.AttributeCountLimit = DefaultAttributeCountLimit
	}
	if sl.EventCountLimit <= 0 {
		sl.EventCountLimit = DefaultEventCountLimit
	}
	if sl.AttributePerEventCountLimit <= 0 {
		sl.AttributePerEventCountLimit = DefaultAttributePerEventCountLimit
	}
	if sl.LinkCountLimit <= 0 {
		sl.LinkCountLimit = DefaultLinkCountLimit
	}
	if sl.AttributePerLinkCountLimit <= 0 {
		sl.AttributePerLinkCountLimit = DefaultAttributePerLinkCountLimit
	}
	return WithRawSpanLimits(sl)
}

// isShutDown reports whether new tracers do nothing.
func isShutDown(p *TracerProvider) bool {
	_, ok := p.Tracer("").(noop.Tracer)
	return ok
}
