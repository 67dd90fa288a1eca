package jaeger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/internal/headertest"
	"github.com/spanroute/spanroute/registry/propagators/jaeger"
)

const (
	traceID = headertest.Trace
	span    = headertest.Span
	own     = headertest.Own
)

// The headers are those that Jaeger's clients send. They write ids without leading zeros.
func TestHeadersOfClients(t *testing.T) {
	t.Parallel()
	p, err := registry.Default().Propagator("jaeger")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, header, want string }{
		{"sampled", traceID + ":" + span + ":0:1", traceID + " " + span + " sampled"},
		{"with a parent", traceID + ":" + span + ":" + own + ":1", traceID + " " + span + " sampled"},
		{"unsampled", traceID + ":" + span + ":0:0", traceID + " " + span + " unsampled"},
		{"debug", traceID + ":" + span + ":0:3", traceID + " " + span + " sampled"},
		{"flags with a leading zero", traceID + ":" + span + ":0:01", traceID + " " + span + " sampled"},
		{"the flag firehose", traceID + ":" + span + ":0:9", traceID + " " + span + " sampled"},
		{"64 bits", headertest.Short + ":" + span + ":0:1", headertest.Padded + " " + span + " sampled"},
		{"short ids", "5af7183fb1d4c:6b221d:0:1", "0000000000000000" + "0005af7183fb1d4c" + " " + "00000000006b221d" + " sampled"},
		{"percent-encoded", traceID + "%3A" + span + "%3a0%3A1", traceID + " " + span + " sampled"},
		{"badly encoded", traceID + "%3" + span + ":0:1", ""},
		{"three fields", traceID + ":" + span + ":1", ""},
		{"no trace id", ":" + span + ":0:1", ""},
		{"a span id of zero", traceID + ":0:0:1", ""},
		{"a long trace id", "0" + traceID + ":" + span + ":0:1", ""},
		{"flags that are not a number", traceID + ":" + span + ":0:x", ""},
		{"not hex", strings.Repeat("z", 32) + ":" + span + ":0:1", ""},
	} {
		if got := headertest.Describe(headertest.Read(t, p, "uber-trace-id: "+tt.header), t); got != tt.want {
			t.Errorf("%s: read %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWrittenHeader(t *testing.T) {
	t.Parallel()
	const other = "463ac35c9f6413ad48485a3953bb6124"
	p := jaeger.New()
	for _, tt := range []struct {
		name, flags string // of the caller
		trace       string // of a local span; "" means that of the caller, - means no local span
		sampled     bool
		want        string
	}{
		{"sampled", "1", "", true, traceID + ":" + own + ":0:1"},
		{"unsampled", "1", "", false, traceID + ":" + own + ":0:0"},
		{"debug", "3", "", true, traceID + ":" + own + ":0:3"},
		{"debug, unsampled by this service", "3", "", false, traceID + ":" + own + ":0:0"},
		{"debug, another trace", "3", other, true, other + ":" + own + ":0:1"},
		{"debug, without an SDK", "3", "-", true, traceID + ":" + span + ":0:3"},
	} {
		ctx := headertest.Read(t, p, "Uber-Trace-Id: "+traceID+":"+span+":0:"+tt.flags)
		if tt.trace != "-" {
			ctx = headertest.Below(ctx, t, tt.trace, tt.sampled)
		}
		t.Run(tt.name, func(t *testing.T) { headertest.WantWritten(ctx, t, p, "uber-trace-id: "+tt.want) })
	}
	headertest.WantWritten(context.Background(), t, p)
}

func TestBaggageIsRead(t *testing.T) {
	t.Parallel()
	p := propagation.NewCompositeTextMapPropagator(propagation.Baggage{}, jaeger.New())
	for _, tt := range []struct {
		name    string
		headers []string
		want    map[string]string
	}{
		{"a client in Go", []string{"Uberctx-Tenant: t1", "Uberctx-User: A+B%2C+%C3%A9"}, map[string]string{"tenant": "t1", "user": "A B, é"}},
		{"a client in Node", []string{"uberctx-user: A%20B"}, map[string]string{"user": "A B"}},
		{"not encoded", []string{"uberctx-share: 100%"}, map[string]string{"share": "100%"}},
		{"without a trace", []string{"uberctx-tenant: t1"}, map[string]string{"tenant": "t1"}},
		{"not UTF-8", []string{"uberctx-tenant: %ff", "uberctx-a: 1"}, map[string]string{"a": "1"}},
		{"without a key", []string{"uberctx-: 1", "uberctx: 1"}, map[string]string{}},
		{"in addition to the header baggage", []string{"baggage: tenant=t1,userId=7", "uberctx-tenant: t2", "uberctx-userid: 8", "uberctx-more: 1"},
			map[string]string{"tenant": "t1", "userId": "7", "more": "1"}},
	} {
		ctx := headertest.Read(t, p, tt.headers...)
		if diff := cmp.Diff(tt.want, headertest.Members(ctx)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A caller can send many headers. The limits of the baggage are those of W3C Baggage.
func TestBaggageAboveTheLimits(t *testing.T) {
	t.Parallel()
	many := []string{"baggage: tenant=t1"}
	for i := range 65 {
		many = append(many, fmt.Sprintf("uberctx-k%d: v", i))
	}
	large := []string{"baggage: tenant=t1", "uberctx-a: " + strings.Repeat("x", 5000), "uberctx-b: " + strings.Repeat("x", 5000)}
	p := propagation.NewCompositeTextMapPropagator(propagation.Baggage{}, jaeger.New())
	for name, headers := range map[string][]string{"many": many, "large": large} {
		if got := baggage.FromContext(headertest.Read(t, p, headers...)).String(); got != "tenant=t1" {
			t.Errorf("%s: baggage of %d bytes, want tenant=t1", name, len(got))
		}
	}
}

// A member of a caller must not make a header that net/http or gRPC refuses: the request would fail.
func TestBaggageIsWritten(t *testing.T) {
	t.Parallel()
	ctx := headertest.Baggage(context.Background(), t,
		"tenant", "t1", "user.id", "A B, é\r\n", "b!c", "1", "clé", "1", "a b", "1", "x\ry", "1", "empty", "")
	headertest.WantWritten(ctx, t, jaeger.New(), "uberctx-empty: ", "uberctx-tenant: t1", "uberctx-user.id: A+B%2C+%C3%A9%0D%0A")
}
