// Package headertest checks what a propagator reads from literal headers, and what it writes. Only tests may import it.
package headertest

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// The ids of spans in tests.
const (
	Trace = "80f198ee56343ba864fe8b2a57d3eff7" // of a caller
	Short = "64fe8b2a57d3eff7"                 // of a caller, 64 bits
	Span  = "e457b5a2e4d86bd1"                 // of a caller
	Own   = "05e3ac9a4f6e3b90"                 // of a span below that of the caller
)

// Padded is Short as OpenTelemetry writes it.
const Padded = "0000000000000000" + Short

// Parse returns the headers in lines of the form "Name: value". Names keep their letter case.
func Parse(t testing.TB, lines ...string) http.Header {
	t.Helper()
	h := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%q is not a header", line)
		}
		h.Add(name, value)
	}
	return h
}

// Format returns the headers as sorted lines with names in lower case.
func Format(h http.Header) (lines []string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
	}
	return lines
}

// Read returns the context with what p reads from the headers.
func Read(t testing.TB, p propagation.TextMapPropagator, lines ...string) context.Context {
	t.Helper()
	return p.Extract(context.Background(), propagation.HeaderCarrier(Parse(t, lines...)))
}

// Describe returns the remote span context in ctx as "trace span sampled" or "trace span unsampled", and "" without one.
func Describe(ctx context.Context, t testing.TB) string {
	t.Helper()
	sc := trace.SpanContextFromContext(ctx)
	switch {
	case !sc.IsValid():
		return ""
	case !sc.IsRemote():
		t.Errorf("the span context of a caller is not remote")
		fallthrough
	case !sc.IsSampled():
		return sc.TraceID().String() + " " + sc.SpanID().String() + " unsampled"
	}
	return sc.TraceID().String() + " " + sc.SpanID().String() + " sampled"
}

// Below returns ctx with a local span, which has the id Own. An empty trace means that of the span in ctx.
func Below(ctx context.Context, t testing.TB, traceID string, sampled bool) context.Context {
	t.Helper()
	sc := trace.SpanContextFromContext(ctx)
	if traceID != "" {
		id, err := trace.TraceIDFromHex(traceID)
		if err != nil {
			t.Fatal(err)
		}
		sc = sc.WithTraceID(id)
	}
	own, err := trace.SpanIDFromHex(Own)
	if err != nil {
		t.Fatal(err)
	}
	sc = sc.WithSpanID(own).WithRemote(false).WithTraceFlags(trace.TraceFlags(0).WithSampled(sampled))
	return trace.ContextWithSpanContext(ctx, sc)
}

// WantWritten checks the headers that p writes for the span in ctx.
func WantWritten(ctx context.Context, t testing.TB, p propagation.TextMapPropagator, want ...string) {
	t.Helper()
	h := http.Header{}
	p.Inject(ctx, propagation.HeaderCarrier(h))
	if diff := cmp.Diff(want, Format(h)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// Baggage returns ctx with the members, in pairs of key and value.
func Baggage(ctx context.Context, t testing.TB, pairs ...string) context.Context {
	t.Helper()
	var members []baggage.Member
	for i := 0; i < len(pairs); i += 2 {
		m, err := baggage.NewMemberRaw(pairs[i], pairs[i+1])
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, m)
	}
	bag, err := baggage.New(members...)
	if err != nil {
		t.Fatal(err)
	}
	return baggage.ContextWithBaggage(ctx, bag)
}

// Members returns the baggage in ctx by key.
func Members(ctx context.Context) map[string]string {
	members := map[string]string{}
	for _, m := range baggage.FromContext(ctx).Members() {
		members[m.Key()] = m.Value()
	}
	return members
}
