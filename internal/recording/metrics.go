package recording

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/otelconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/version"
)

// metrics are the experimental metrics otel.sdk.span.live and otel.sdk.span.started.
type metrics struct {
	liveSpans    otelconv.SDKSpanLive
	startedSpans otelconv.SDKSpanStarted
}

// newMetrics returns nil unless one of the environment variables of the SDK enables the metrics.
func newMetrics() *metrics {
	if !observed("OTEL_GO_X_OBSERVABILITY") && !observed("OTEL_GO_X_SELF_OBSERVABILITY") {
		return nil
	}
	meter := otel.GetMeterProvider().Meter("github.com/spanroute/spanroute/internal/recording",
		metric.WithInstrumentationVersion(version.Version), metric.WithSchemaURL(semconv.SchemaURL))
	liveSpans, liveErr := otelconv.NewSDKSpanLive(meter)
	startedSpans, startedErr := otelconv.NewSDKSpanStarted(meter)
	if err := errors.Join(liveErr, startedErr); err != nil {
		otel.Handle(fmt.Errorf("metrics about spans: %w", err))
	}
	return &metrics{liveSpans, startedSpans}
}

func observed(variable string) bool { return strings.EqualFold(os.Getenv(variable), "true") }

// live adds n to the number of recorded spans that have not ended.
func (m *metrics) live(ctx context.Context, n int64, span trace.Span) {
	m.liveSpans.Add(ctx, n, m.liveSpans.AttrSpanSamplingResult(verdict(span.SpanContext(), true)))
}

// started counts a span that was started with parent in its context.
func (m *metrics) started(ctx context.Context, parent trace.SpanContext, span trace.Span) {
	origin := otelconv.SpanParentOriginNone
	switch {
	case parent.IsValid() && parent.IsRemote():
		origin = otelconv.SpanParentOriginRemote
	case parent.IsValid():
		origin = otelconv.SpanParentOriginLocal
	}
	m.startedSpans.Add(ctx, 1, []attribute.KeyValue{
		m.startedSpans.AttrSpanParentOrigin(origin),
		m.startedSpans.AttrSpanSamplingResult(verdict(span.SpanContext(), span.IsRecording())),
	}...)
}

func verdict(sc trace.SpanContext, recording bool) otelconv.SpanSamplingResultAttr {
	switch {
	case !recording:
		return otelconv.SpanSamplingResultDrop
	case sc.IsSampled():
		return otelconv.SpanSamplingResultRecordAndSample
	}
	return otelconv.SpanSamplingResultRecordOnly
}
