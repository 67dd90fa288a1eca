package jaeger

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
	"github.com/spanroute/spanroute/registry"
)

// Packer is an encoder by itself.
type Packer struct{ e *encoder }

// NewPacker makes the encoder that the exporter with these settings has.
func NewPacker(s Settings, limit int) Packer {
	common := registry.BuildContext{MaxTagValueLength: limit}
	switch s.Protocol {
	case ProtocolGRPC:
		return Packer{grpcEncoder(common, s)}
	case ProtocolHTTPBinary:
		return Packer{httpEncoder(common, s)}
	}
	e, _ := udpEncoder(common, s)
	return Packer{e}
}

// Completed returns the settings with which the exporter of a section is built.
func Completed(t testing.TB, section map[string]any) (s Settings) {
	t.Helper()
	var all registry.Registry
	err := all.Register(registry.NewFactory("jaeger", Defaults, func(_ context.Context, _ registry.BuildContext, built Settings) (sdktrace.SpanExporter, error) {
		s = built
		return tracetest.NewNoopExporter(), nil
	}, registry.WithCompletion((*Settings).complete)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := all.Complete("jaeger", section, nil)
	if err == nil {
		_, err = p.Open(t.Context(), registry.BuildContext{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Pack encodes spans and returns the bodies of the payloads.
func (p Packer) Pack(spans []sdktrace.ReadOnlySpan, r *delivery.Report) [][]byte {
	var bodies [][]byte
	for _, p := range p.e.Encode(spans, r) {
		bodies = append(bodies, p.body)
	}
	return bodies
}

// PackOneByOne encodes each span by itself, as a destination does at the end of the span, and returns the bodies of the
// payloads.
func (p Packer) PackOneByOne(spans []sdktrace.ReadOnlySpan, r *delivery.Report) [][]byte {
	e, encoded := requests{p.e}, make([]delivery.EncodedSpan, len(spans))
	for i, s := range spans {
		encoded[i].Bytes, encoded[i].Group = e.EncodeSpan(nil, s, r)
	}
	var bodies [][]byte
	for _, p := range e.Pack(encoded, r) {
		bodies = append(bodies, p.body)
	}
	return bodies
}

// Describe returns the description of a span for the log.
func (p Packer) Describe(s sdktrace.ReadOnlySpan) string {
	return requests{p.e}.Describe(p.e.Encode([]sdktrace.ReadOnlySpan{s}, new(delivery.Report))[0])
}

// EncodesSpans returns the method by which a destination encodes a span at its end.
func (p Packer) EncodesSpans() func([]byte, sdktrace.ReadOnlySpan, *delivery.Report) ([]byte, any) {
	return requests{p.e}.EncodeSpan
}

// PackHalves encodes spans and splits every payload down to single spans.
func (p Packer) PackHalves(spans []sdktrace.ReadOnlySpan, r *delivery.Report) [][]byte {
	var bodies [][]byte
	var halve func(*payload)
	halve = func(whole *payload) {
		a, b, ok := p.e.Split(whole)
		if !ok {
			bodies = append(bodies, whole.body)
			return
		}
		halve(a)
		halve(b)
	}
	for _, whole := range p.e.Encode(spans, r) {
		halve(whole)
	}
	return bodies
}

// Network are the seams of the UDP sender.
type Network struct {
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial   func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	Now    func() time.Time
	Watch  func(net.Conn) func() (Buffer, bool)
}

// Buffer is the state of a receiver's buffer.
type Buffer = receiveBuffer

// NewBuffer makes one.
func NewBuffer(used, size, drops uint32) Buffer { return Buffer{used, size, drops} }

type watched func() (Buffer, bool)

func (w watched) look() (Buffer, bool) { return w() }
func (w watched) close()               {}

// BuildUDP makes the exporter with these seams instead of the network.
func BuildUDP(common registry.BuildContext, s Settings, n Network) (delivery.Destination, error) {
	s.completeAgent(new(registry.Completion))
	return assembleUDP(common, s, func(u *udp) {
		a := u.agent
		if n.Lookup != nil {
			a.lookup = n.Lookup
		}
		if n.Dial != nil {
			a.dial = n.Dial
		}
		if n.Now != nil {
			a.now = n.Now
		}
		if n.Watch != nil {
			u.watch = func(conn net.Conn) receiver { return watched(n.Watch(conn)) }
		}
	})
}

// NewDirect encodes and sends on the caller's goroutine, without a queue.
func NewDirect(s Settings) func(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	s.completeAgent(new(registry.Completion))
	e, _ := udpEncoder(registry.BuildContext{}, s)
	u := &udp{
		agent: newAgent(s.Thrift.AgentHostName, s.Thrift.AgentPort, s.Thrift.ResolveInterval),
		pace:  newPace(s.Thrift.MaxBytesPerSecond, e.most),
		watch: watch,
	}
	return func(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
		for _, p := range e.Encode(spans, new(delivery.Report)) {
			if o := u.Send(ctx, p); o.Verdict != delivery.Delivered {
				return o.Err
			}
		}
		return nil
	}
}

// PostOnce posts an empty body to url as the exporter does, without a queue.
func PostOnce(ctx context.Context, url string) delivery.Outcome {
	h, err := transport.NewHTTP(transport.HTTPOptions{URL: url, Senders: 1, UsualPath: usualPath, UsualPort: httpPort})
	if err != nil {
		return delivery.Outcome{Err: err}
	}
	defer h.Close()
	return collectorHTTP{h}.Send(ctx, new(payload))
}

// CollectorTarget is where a gRPC endpoint leads, and whether over TLS.
func CollectorTarget(text string, insecure *bool) (target string, secure bool, err error) {
	s, c := Settings{Protocol: ProtocolGRPC, CollectorEndpoint: text, GRPC: GRPC{Insecure: insecure}}, new(registry.Completion)
	if s.complete(c); s.target == nil {
		return "", false, c.Err()
	}
	return s.target.Address, s.target.TLS, nil
}

// CollectorURL is where an endpoint posts to.
func CollectorURL(text string) (string, error) {
	s, c := Settings{Protocol: ProtocolHTTPBinary, CollectorEndpoint: text}, new(registry.Completion)
	s.complete(c)
	return s.CollectorEndpoint, c.Err()
}

// Pace is the pace of packets by itself.
type Pace struct{ p *pace }

// NewPace is a pace of so many bytes per second.
func NewPace(bytesPerSecond int64) Pace { return Pace{newPace(bytesPerSecond, 0)} }

// Sent is a write that succeeded, Failed one that did not.
func (p Pace) Sent()            { p.p.sent() }
func (p Pace) Failed(err error) { p.p.failed(err) }

// BytesPerSecond is the present pace.
func (p Pace) BytesPerSecond() int64 { return int64(p.p.limiter.Limit()) }

// Stored returns the stored payloads of spans.
func (p Packer) Stored(spans []sdktrace.ReadOnlySpan) (stored [][]byte) {
	e := requests{p.e}
	for _, p := range e.Encode(spans, new(delivery.Report)) {
		stored = append(stored, e.Store(nil, p))
	}
	return stored
}

// Load returns the body and the number of spans of a stored payload, those of its halves, and how it is stored again.
func (p Packer) Load(data []byte) (body []byte, spans int, halves [][]byte, again []byte, err error) {
	e := requests{p.e}
	loaded, err := e.Load(data)
	if err != nil {
		return nil, 0, nil, nil, err
	}
	if a, b, ok := e.Split(loaded); ok {
		halves = [][]byte{a.body, b.body}
	}
	return loaded.body, loaded.Spans(), halves, e.Store(nil, loaded), nil
}

var _ delivery.Storer[*payload] = requests{}
