package otlp

import (
	"context"
	"crypto/tls"
	"mime"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

// httpSender sends through upstream's client with the kit's RoundTripper under it.
type httpSender struct {
	http   *transport.HTTP
	client otlptrace.Client
}

// newHTTPSender passes every option of the client, also the "off" ones: see newGRPCSender. The
// RoundTripper puts back the query, which upstream drops, and sets headers and user agent.
func newHTTPSender(ctx context.Context, o transport.HTTPOptions, json, compress bool) (*httpSender, error) {
	post, err := transport.NewHTTP(o)
	if err != nil {
		return nil, err
	}
	compression, encoding := otlptracehttp.NoCompression, otlptracehttp.EncodingProtobuf
	if compress {
		compression = otlptracehttp.GzipCompression
	}
	if json {
		encoding = otlptracehttp.EncodingJSON
	}
	s := &httpSender{http: post, client: otlptracehttp.NewClient(
		otlptracehttp.WithEndpointURL(post.URL()),
		otlptracehttp.WithHeaders(map[string]string{}),
		otlptracehttp.WithCompression(compression),
		otlptracehttp.WithEncoding(encoding),
		otlptracehttp.WithTimeout(0),
		otlptracehttp.WithTLSClientConfig((*tls.Config)(nil)),
		otlptracehttp.WithHTTPClient(post.Client()),
		otlptracehttp.WithMaxRequestSize(0),
		otlptracehttp.WithProxy(nil),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
	)}
	return s, s.client.Start(ctx)
}

// Send makes one request.
func (s *httpSender) Send(ctx context.Context, p *Payload) delivery.Outcome {
	ctx, attempt := transport.WithAttempt(ctx)
	err := s.client.UploadTraces(ctx, p.resources)
	o := s.http.Outcome(ctx, attempt, err)
	if o.Verdict == delivery.Delivered {
		o.Refused, o.Err = partial(reply(attempt))
	}
	return o
}

// reply reads the answer's body; nil if there is none, or it is of another type.
func reply(a *transport.Attempt) *coltracepb.ExportTraceServiceResponse {
	if len(a.Body) == 0 {
		return nil
	}
	out := new(coltracepb.ExportTraceServiceResponse)
	var err error
	switch kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type")); kind {
	case "application/x-protobuf":
		err = proto.Unmarshal(a.Body, out)
	case "application/json":
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(a.Body, out)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return out
}

// Close ends every connection; running requests fail.
func (s *httpSender) Close(ctx context.Context) error {
	s.http.Close()
	_ = s.client.Stop(ctx) // has nothing to close; a finished ctx is no error here
	return nil
}
