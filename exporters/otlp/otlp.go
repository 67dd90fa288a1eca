package otlp

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// Maximum bytes of one request before compression: receivers accept 4 MiB over gRPC and 20 MiB over HTTP (otelcol
// v0.160.0). JSON is two to three times as large as the protobuf by which payloads are measured. gRPC's limit is half a
// MiB below that of receivers, for what the estimate leaves out: it is compared with the decompressed message.
const (
	maxGRPC  = 7 << 19
	maxHTTP  = 16 << 20
	maxJSON  = 4 << 20
	inFlight = 2
)

// Factory is the exporter "otlp". Importing the package registers it with registry.Default.
var Factory = registry.NewFactory(name, defaults, build,
	registry.WithDoc("OTLP over gRPC or HTTP, understood by the OpenTelemetry Collector, Jaeger and most vendors"),
	registry.WithCompletion((*Settings).complete),
	registry.WithTimeoutVariables("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"))

func init() { registry.Register(Factory) }

// build opens the exporter of a completed section.
func build(_ context.Context, common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	if s.overGRPC() {
		return s.buildGRPC(common)
	}
	return s.buildHTTP(common)
}

// buildGRPC opens an exporter over gRPC. Certificate files are read only for a TLS connection.
func (s Settings) buildGRPC(common registry.BuildContext) (sdktrace.SpanExporter, error) {
	o := transport.GRPCOptions{
		Target:  s.target.Address,
		Headers: headersOf(s.GRPC.Headers),
		Gzip:    s.gzips(),
		Family:  transport.OTLP,
		Port:    grpcPort,
		From:    from(common),

		KeepaliveTime: s.GRPC.KeepaliveTime, KeepaliveTimeout: s.GRPC.KeepaliveTimeout,
	}
	if s.target.TLS {
		var err error
		if o.TLS, err = s.GRPC.files().Certificates().TLS("grpc.", common.Logger()); err != nil {
			return nil, err
		}
	}
	g, err := newGRPCSender(o)
	if err != nil {
		return nil, &settings.KeyError{Key: "endpoint", Err: err}
	}
	return s.open(common, maxGRPC, o.Target, g), nil
}

// buildHTTP opens an exporter over HTTP. Certificate files are read only for an https endpoint.
func (s Settings) buildHTTP(common registry.BuildContext) (sdktrace.SpanExporter, error) {
	o := transport.HTTPOptions{
		URL:       s.Endpoint,
		Headers:   headersOf(s.HTTP.Headers),
		Senders:   inFlight,
		Family:    transport.OTLP,
		UsualPath: usualPath,
		UsualPort: httpPort,
		From:      from(common),
	}
	if s.url.Scheme == "https" {
		var err error
		if o.TLS, err = s.HTTP.files().Certificates().TLS("http.", common.Logger()); err != nil {
			return nil, err
		}
	}
	h, err := newHTTPSender(o, s.Protocol == protoJSON, s.gzips())
	if err != nil {
		return nil, &settings.KeyError{Key: "endpoint", Err: err}
	}
	most := maxHTTP
	if s.Protocol == protoJSON {
		most = maxJSON
	}
	return s.open(common, most, h.http.Endpoint(), h), nil
}

// open connects encoder and sender through a queue. most is the maximum size of a payload.
func (s Settings) open(common registry.BuildContext, most int, endpoint string, to delivery.Sender[*payload]) sdktrace.SpanExporter {
	o := common.Delivery
	o.Senders, o.Endpoint = inFlight, endpoint
	e := newEncoder(most, common.MaxTagValueLength, s.NonFinite == "text")
	return delivery.New(e, to, o)
}

// from returns the key of the endpoint and where it was set, for hints.
func from(common registry.BuildContext) string {
	return common.Name() + ".endpoint (" + common.Source("endpoint") + ")"
}
