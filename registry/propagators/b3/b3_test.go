package b3_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/b3"
	"github.com/spanroute/spanroute/registry/propagators/internal/headertest"
)

const (
	traceID = headertest.Trace
	short   = headertest.Short
	padded  = headertest.Padded
	span    = headertest.Span
	own     = headertest.Own
)

// The headers are those that Brave and other clients of Zipkin send.
func TestBothFormsAreRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		headers []string
		want    string
	}{
		{"one header, sampled", []string{"b3: " + traceID + "-" + span + "-1"}, traceID + " " + span + " sampled"},
		{"one header with a parent", []string{"b3: " + traceID + "-" + span + "-1-" + own}, traceID + " " + span + " sampled"},
		{"one header, 64 bits", []string{"b3: " + short + "-" + span + "-1-" + own}, padded + " " + span + " sampled"},
		{"one header, unsampled", []string{"b3: " + traceID + "-" + span + "-0"}, traceID + " " + span + " unsampled"},
		{"one header, debug", []string{"b3: " + traceID + "-" + span + "-d"}, traceID + " " + span + " sampled"},
		{"one header without a decision", []string{"b3: " + traceID + "-" + span}, traceID + " " + span + " unsampled"},
		{"several headers, sampled", []string{"X-B3-TraceId: " + traceID, "X-B3-SpanId: " + span, "X-B3-Sampled: 1"}, traceID + " " + span + " sampled"},
		{"several headers with a parent", []string{"X-B3-TraceId: " + traceID, "X-B3-SpanId: " + span, "X-B3-ParentSpanId: " + own, "X-B3-Sampled: 1"}, traceID + " " + span + " sampled"},
		{"several headers, 64 bits", []string{"X-B3-TraceId: " + short, "X-B3-SpanId: " + span, "X-B3-Sampled: 1"}, padded + " " + span + " sampled"},
		{"several headers, unsampled", []string{"X-B3-TraceId: " + traceID, "X-B3-SpanId: " + span, "X-B3-Sampled: 0"}, traceID + " " + span + " unsampled"},
		{"several headers of old clients", []string{"X-B3-TraceId: " + traceID, "X-B3-SpanId: " + span, "X-B3-Sampled: true"}, traceID + " " + span + " sampled"},
		{"several headers, debug", []string{"X-B3-TraceId: " + traceID, "X-B3-SpanId: " + span, "X-B3-Flags: 1"}, traceID + " " + span + " sampled"},
		{"several headers without a decision", []string{"X-B3-TraceId: " + traceID, "X-B3-SpanId: " + span}, traceID + " " + span + " unsampled"},
		{"both forms", []string{"b3: " + traceID + "-" + span + "-1", "X-B3-TraceId: " + short, "X-B3-SpanId: " + own, "X-B3-Sampled: 0"}, traceID + " " + span + " sampled"},
		{"both forms, the one header is invalid", []string{"b3: x", "X-B3-TraceId: " + traceID, "X-B3-SpanId: " + span, "X-B3-Sampled: 1"}, traceID + " " + span + " sampled"},
		{"do not sample, without ids", []string{"b3: 0"}, ""},
		{"sample, without ids", []string{"b3: 1"}, ""},
		{"debug, without ids", []string{"b3: d"}, ""},
		{"a decision in several headers, without ids", []string{"X-B3-Sampled: 0"}, ""},
		{"debug in several headers, without ids", []string{"X-B3-Flags: 1"}, ""},
		{"a trace id alone", []string{"b3: " + traceID}, ""},
		{"a trace id of zeros", []string{"b3: 00000000000000000000000000000000-" + span + "-1"}, ""},
		{"an unknown decision", []string{"b3: " + traceID + "-" + span + "-2"}, ""},
		{"no span id", []string{"X-B3-TraceId: " + traceID, "X-B3-Sampled: 1"}, ""},
		{"no headers", nil, ""},
	} {
		for _, name := range []string{"b3", "b3multi"} {
			p, err := registry.Default().Propagator(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := headertest.Describe(headertest.Read(t, p, tt.headers...), t); got != tt.want {
				t.Errorf("%s, %s: read %q, want %q", name, tt.name, got, tt.want)
			}
		}
	}
}

func TestEachFormIsWritten(t *testing.T) {
	t.Parallel()
	single, multi := b3.New(), b3.NewMulti()
	caller := func(t *testing.T, decision string) context.Context {
		return headertest.Read(t, single, "b3: "+traceID+"-"+span+decision)
	}
	for _, tt := range []struct {
		name, decision string // of the caller
		below          func(t *testing.T, ctx context.Context) context.Context
		single         string
		multi          []string // x-b3-sampled, x-b3-flags
	}{
		{"sampled", "-1", sampled, own + "-1", []string{"x-b3-sampled: 1"}},
		{"unsampled by this service", "-1", unsampled, own + "-0", []string{"x-b3-sampled: 0"}},
		{"sampled by this service", "-0", sampled, own + "-1", []string{"x-b3-sampled: 1"}},
		{"debug", "-d", sampled, own + "-d", []string{"x-b3-flags: 1"}},
		{"debug, unsampled by this service", "-d", unsampled, own + "-0", []string{"x-b3-sampled: 0"}},
		{"left open, sampled by this service", "", sampled, own + "-1", []string{"x-b3-sampled: 1"}},
		{"left open, unsampled by this service", "", unsampled, own + "-0", []string{"x-b3-sampled: 0"}},
		{"left open, without an SDK", "", unchanged, span, nil},
		{"debug, without an SDK", "-d", unchanged, span + "-d", []string{"x-b3-flags: 1"}},
		{"sampled, without an SDK", "-1", unchanged, span + "-1", []string{"x-b3-sampled: 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := tt.below(t, caller(t, tt.decision))
			headertest.WantWritten(ctx, t, single, "b3: "+traceID+"-"+tt.single)
			want := append([]string{"x-b3-spanid: " + tt.single[:16], "x-b3-traceid: " + traceID}, tt.multi...)
			slices.Sort(want)
			headertest.WantWritten(ctx, t, multi, want...)
		})
	}
}

func sampled(t *testing.T, ctx context.Context) context.Context {
	return headertest.Below(ctx, t, "", true)
}

func unsampled(t *testing.T, ctx context.Context) context.Context {
	return headertest.Below(ctx, t, "", false)
}

func unchanged(_ *testing.T, ctx context.Context) context.Context { return ctx }

// A new trace at a public endpoint must not take the caller's debug flag.
func TestDebugIsOfOneTrace(t *testing.T) {
	t.Parallel()
	const other = "463ac35c9f6413ad48485a3953bb6124"
	ctx := headertest.Below(headertest.Read(t, b3.New(), "b3: "+traceID+"-"+span+"-d"), t, other, true)
	headertest.WantWritten(ctx, t, b3.New(), "b3: "+other+"-"+own+"-1")
}

// A decision without ids must not affect the requests of a new trace, and a request without a span has no headers.
func TestNothingIsWrittenWithoutASpan(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"b3: 0", "b3: d", "X-B3-Flags: 1", "X-Other: 1"} {
		ctx := headertest.Read(t, b3.New(), header)
		headertest.WantWritten(ctx, t, b3.New())
		headertest.WantWritten(ctx, t, b3.NewMulti())
		ctx = headertest.Below(ctx, t, traceID, false)
		headertest.WantWritten(ctx, t, b3.New(), "b3: "+traceID+"-"+own+"-0")
	}
}

func TestFieldsAreAllHeadersOfTheFormat(t *testing.T) {
	t.Parallel()
	want := []string{"b3", "x-b3-flags", "x-b3-parentspanid", "x-b3-sampled", "x-b3-spanid", "x-b3-traceid"}
	if diff := cmp.Diff(want, b3.New().Fields()); diff != "" {
		t.Errorf("b3 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, b3.NewMulti().Fields()); diff != "" {
		t.Errorf("b3multi (-want +got):\n%s", diff)
	}
}
