package jaeger

import (
	"context"
	"crypto/rand"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/internal/tlsfiles"
	"github.com/spanroute/spanroute/registry"
)

// Factory makes the exporter, under the name jaeger.
var Factory = registry.NewFactory("jaeger", Defaults, build,
	registry.WithDoc("sends spans to Jaeger: to its agent over UDP, or to its collector over HTTP or gRPC"),
	registry.WithCompletion((*Settings).complete),
	registry.WithTimeoutVariables("OTEL_EXPORTER_JAEGER_TIMEOUT"))

func init() { registry.Register(Factory) }

// Limits of one payload. A collector's queue holds 2000 spans by default and drops the rest of a request
// it has already accepted, so 2 requests of 500 are what it can be trusted with (Jaeger v1.42.0, measured).
const (
	collectorSpans   = 500
	collectorSenders = 2
	maxHTTPBytes     = 4 << 20
	maxGRPCBytes     = 3_670_016 // 3.5 MiB of the 4 MiB gRPC servers take by default
	floorBytes       = 64 << 10
	floorPacket      = 512
)

func build(_ context.Context, common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	switch {
	case s.Protocol == ProtocolGRPC:
		return newGRPC(common, s)
	case s.overHTTP():
		return newHTTP(common, s)
	}
	return newUDP(common, s)
}

func newEncoder(common registry.BuildContext, s Settings, w wire, f framing) *encoder {
	return &encoder{wire: w, framing: f, limit: common.MaxTagValueLength, linkLogs: s.LinkLogs}
}

func newUDP(common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	return assembleUDP(common, s, func(*udp) {})
}

// assembleUDP builds the exporter whose sender adapt has seen; tests put a network of their own in it.
func assembleUDP(common registry.BuildContext, s Settings, adapt func(*udp)) (delivery.Destination, error) {
	e, f := udpEncoder(common, s)
	a := newAgent(s.Thrift.AgentHostName, s.Thrift.AgentPort, s.Thrift.ResolveInterval)
	a.from = from(common, "thrift.agent_host_name")
	u := &udp{agent: a, pace: newPace(s.Thrift.MaxBytesPerSecond, e.most), watch: watch}
	adapt(u)
	if s.Thrift.ClientStats {
		u.stats = &statistics{framing: f}
	}
	o := common.Delivery
	o.Endpoint, o.Senders = a.endpoint(), 1
	x := delivery.New(e, u, o)
	if u.stats != nil {
		source := x.Stats
		u.stats.source.Store(&source)
	}
	return x, nil
}

// udpEncoder packs into packets of at most max_packet_size bytes.
func udpEncoder(common registry.BuildContext, s Settings) (*encoder, statsFraming) {
	t := s.Thrift
	e := newEncoder(common, s, compact{}, compactMessage{stats: t.ClientStats})
	if s.Protocol == ProtocolUDPBinary {
		e = newEncoder(common, s, strict{}, binaryMessage{stats: t.ClientStats})
	}
	e.most, e.floor = t.MaxPacketSize, floorPacket
	e.fill = t.fill
	e.packet = &packetRules{whole: !t.UDPSplitOversizedBatches, truncate: t.Oversize != "drop"}
	if t.ClientStats {
		e.packet.client = newUUID()
	}
	return e, e.framing.(statsFraming)
}

// httpEncoder packs batches for the collector's Thrift endpoint.
func httpEncoder(common registry.BuildContext, s Settings) *encoder {
	e := newEncoder(common, s, strict{}, binaryBatch{})
	e.most, e.floor, e.count = maxHTTPBytes, floorBytes, collectorSpans
	return e
}

// grpcEncoder packs requests for PostSpans.
func grpcEncoder(common registry.BuildContext, s Settings) *encoder {
	e := newEncoder(common, s, proto{}, postSpans{})
	e.most, e.floor, e.count = maxGRPCBytes, floorBytes, collectorSpans
	return e
}

func newHTTP(common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	var conf *tlsfiles.TLS
	if s.url.Scheme == "https" {
		var err error
		if conf, err = s.Thrift.files().Certificates().TLS("thrift.", common.Logger()); err != nil {
			return nil, err
		}
	}
	h, err := transport.NewHTTP(transport.HTTPOptions{
		URL: s.CollectorEndpoint, ContentType: "application/vnd.apache.thrift.binary",
		Username: s.Username, Password: s.Password,
		TLS: conf, Senders: collectorSenders, UsualPath: usualPath, UsualPort: httpPort,
		From: from(common, "collector_endpoint"),
	})
	if err != nil {
		return nil, at("collector_endpoint", err)
	}
	o := common.Delivery
	o.Endpoint, o.Senders = h.Endpoint(), collectorSenders
	return delivery.New(requests{httpEncoder(common, s)}, collectorHTTP{h}, o), nil
}

func newGRPC(common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
	var conf *tlsfiles.TLS
	if s.target.TLS {
		var err error
		if conf, err = s.GRPC.files().Certificates().TLS("grpc.", common.Logger()); err != nil {
			return nil, err
		}
	}
	options := transport.GRPCOptions{Target: s.target.Address, TLS: conf, Port: grpcPort, From: from(common, "collector_endpoint"),
		KeepaliveTime: s.GRPC.KeepaliveTime, KeepaliveTimeout: s.GRPC.KeepaliveTimeout}
	if auth := transport.Basic(s.Username, s.Password); auth != "" {
		options.Headers = transport.Headers{{Name: "authorization", Value: auth}}
	}
	t, err := transport.NewGRPC(options)
	if err != nil {
		return nil, at("collector_endpoint", err)
	}
	o := common.Delivery
	o.Endpoint, o.Senders = s.target.Address, collectorSenders
	return delivery.New(requests{grpcEncoder(common, s)}, collectorGRPC{t}, o), nil
}

func source(common registry.BuildContext, key string) string {
	if common.Source == nil {
		return ""
	}
	return common.Source(key)
}

// from names a key and where it was set, for hints.
func from(common registry.BuildContext, key string) string {
	if at := source(common, key); at != "" {
		return fmt.Sprintf("jaeger.%s (%s)", key, at)
	}
	return "jaeger." + key
}

// newUUID is a random UUID, version 4 (RFC 9562).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
