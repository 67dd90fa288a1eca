package all_test

import (
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/registry"
	_ "github.com/spanroute/spanroute/registry/propagators/all"
	"github.com/spanroute/spanroute/registry/propagators/internal/headertest"
)

const (
	traceID = headertest.Trace
	span    = headertest.Span
	own     = headertest.Own
)

func composite(t *testing.T, names ...string) propagation.TextMapPropagator {
	t.Helper()
	var all []propagation.TextMapPropagator
	for _, name := range names {
		p, err := registry.Default().Propagator(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return propagation.NewCompositeTextMapPropagator(all...)
}

func TestEveryPropagatorIsLinked(t *testing.T) {
	for name := range registry.PropagatorPackages() {
		composite(t, name)
	}
}

// A later propagator of the list overrides an earlier one, if it finds a valid span context.
func TestLaterPropagatorsOverride(t *testing.T) {
	parent := "traceparent: 00-" + traceID + "-" + span + "-01"
	b3 := "b3: 463ac35c9f6413ad48485a3953bb6124-" + own + "-0"
	for _, tt := range []struct {
		name  string
		names []string
		sent  []string
		want  string
	}{
		{"both", []string{"tracecontext", "b3"}, []string{parent, b3}, "463ac35c9f6413ad48485a3953bb6124 " + own + " unsampled"},
		{"both, the other order", []string{"b3", "tracecontext"}, []string{parent, b3}, traceID + " " + span + " sampled"},
		{"the earlier alone", []string{"tracecontext", "b3"}, []string{parent}, traceID + " " + span + " sampled"},
		{"the later is invalid", []string{"tracecontext", "b3"}, []string{parent, "b3: x"}, traceID + " " + span + " sampled"},
		{"the later has no ids", []string{"tracecontext", "b3"}, []string{parent, "b3: 0"}, traceID + " " + span + " sampled"},
		{"the earlier is invalid", []string{"tracecontext", "b3"}, []string{"traceparent: x", b3}, "463ac35c9f6413ad48485a3953bb6124 " + own + " unsampled"},
	} {
		if got := headertest.Describe(headertest.Read(t, composite(t, tt.names...), tt.sent...), t); got != tt.want {
			t.Errorf("%s: read %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A service that writes several formats sends one span in all of them. What only one of the formats holds is kept.
func TestOneSpanInSeveralFormats(t *testing.T) {
	w3c := []string{"traceparent: 00-" + traceID + "-" + span + "-03", "tracestate: ot=th:c"}
	for _, tt := range []struct {
		name, propagator string
		sent             []string
		sampled, state   bool
	}{
		{"b3", "b3", []string{"b3: " + traceID + "-" + span + "-1"}, true, true},
		{"b3 without a decision", "b3", []string{"b3: " + traceID + "-" + span}, true, true},
		{"jaeger", "jaeger", []string{"uber-trace-id: " + traceID + ":" + span + ":0:1"}, true, true},
		{"jaeger, 64 bits", "jaeger", []string{"uber-trace-id: " + headertest.Short + ":" + span + ":0:1"}, true, true},
		{"ottrace", "ottrace", []string{"ot-tracer-traceid: " + headertest.Short, "ot-tracer-spanid: " + span, "ot-tracer-sampled: true"}, true, true},
		{"another span", "b3", []string{"b3: " + traceID + "-" + own + "-0"}, false, false},
		{"another trace", "b3", []string{"b3: " + headertest.Span + headertest.Short + "-" + span + "-0"}, false, false},
	} {
		ctx := headertest.Read(t, composite(t, "tracecontext", tt.propagator), append(tt.sent, w3c...)...)
		sc := trace.SpanContextFromContext(ctx)
		if got := sc.TraceState().Len() > 0; got != tt.state || sc.IsSampled() != tt.sampled || !sc.IsRemote() {
			t.Errorf("%s: tracestate %q, sampled %t, want a tracestate: %t, sampled %t", tt.name, sc.TraceState(), sc.IsSampled(), tt.state, tt.sampled)
		}
		if same := sc.TraceID().String() == traceID && sc.SpanID().String() == span; same != tt.state {
			t.Errorf("%s: span %s of trace %s", tt.name, sc.SpanID(), sc.TraceID())
		}
	}
	ctx := headertest.Read(t, composite(t, "tracecontext", "b3"), "traceparent: 00-"+traceID+"-"+span+"-00", "b3: "+traceID+"-"+span+"-d")
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		t.Error("a debug flag beside an unsampled traceparent counts as unsampled")
	}
}

// Each propagator of the list writes its headers.
func TestAllFormatsAreWritten(t *testing.T) {
	p := composite(t, "tracecontext", "baggage", "b3", "b3multi", "jaeger", "ottrace", "xray")
	ctx := headertest.Read(t, p, "uber-trace-id: "+traceID+":"+span+":0:1", "uberctx-tenant: t1")
	headertest.WantWritten(headertest.Below(ctx, t, "", true), t, p,
		"b3: "+traceID+"-"+own+"-1",
		"baggage: tenant=t1",
		"ot-baggage-tenant: t1",
		"ot-tracer-sampled: true",
		"ot-tracer-spanid: "+own,
		"ot-tracer-traceid: "+headertest.Short,
		"traceparent: 00-"+traceID+"-"+own+"-01",
		"uber-trace-id: "+traceID+":"+own+":0:1",
		"uberctx-tenant: t1",
		"x-amzn-trace-id: Root=1-80f198ee-56343ba864fe8b2a57d3eff7;Parent="+own+";Sampled=1",
		"x-b3-sampled: 1",
		"x-b3-spanid: "+own,
		"x-b3-traceid: "+traceID,
	)
}
