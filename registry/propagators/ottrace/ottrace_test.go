package ottrace_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/internal/headertest"
	"github.com/spanroute/spanroute/registry/propagators/ottrace"
)

const (
	short = headertest.Short
	span  = headertest.Span
)

func TestHeadersAreRead(t *testing.T) {
	t.Parallel()
	p, err := registry.Default().Propagator("ottrace")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		headers []string
		want    string
	}{
		{"sampled", []string{"ot-tracer-traceid: " + short, "ot-tracer-spanid: " + span, "ot-tracer-sampled: true"}, headertest.Padded + " " + span + " sampled"},
		{"unsampled", []string{"Ot-Tracer-Traceid: " + short, "Ot-Tracer-Spanid: " + span, "Ot-Tracer-Sampled: false"}, headertest.Padded + " " + span + " unsampled"},
		{"128 bits", []string{"ot-tracer-traceid: " + headertest.Trace, "ot-tracer-spanid: " + span, "ot-tracer-sampled: 1"}, headertest.Trace + " " + span + " sampled"},
		{"without a decision", []string{"ot-tracer-traceid: " + short, "ot-tracer-spanid: " + span}, headertest.Padded + " " + span + " unsampled"},
		{"no span id", []string{"ot-tracer-traceid: " + short, "ot-tracer-sampled: true"}, ""},
		{"not hex", []string{"ot-tracer-traceid: x", "ot-tracer-spanid: " + span, "ot-tracer-sampled: true"}, ""},
	} {
		if got := headertest.Describe(headertest.Read(t, p, tt.headers...), t); got != tt.want {
			t.Errorf("%s: read %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestHeadersAreWritten(t *testing.T) {
	t.Parallel()
	p := ottrace.New()
	caller := headertest.Read(t, p, "ot-tracer-traceid: "+headertest.Trace, "ot-tracer-spanid: "+span, "ot-tracer-sampled: true")
	ctx := headertest.Below(caller, t, "", true)
	headertest.WantWritten(ctx, t, p, "ot-tracer-sampled: true", "ot-tracer-spanid: "+headertest.Own, "ot-tracer-traceid: "+short)
	headertest.WantWritten(context.Background(), t, p)
}

func TestBaggage(t *testing.T) {
	t.Parallel()
	p := ottrace.New()
	ctx := headertest.Read(t, p, "Ot-Baggage-Tenant: t1", "ot-baggage-user: A B, 50%", "ot-baggage-x: \xff")
	if diff := cmp.Diff(map[string]string{"tenant": "t1", "user": "A B, 50%"}, headertest.Members(ctx)); diff != "" {
		t.Errorf("baggage (-want +got):\n%s", diff)
	}
	ctx = headertest.Baggage(ctx, t, "tenant", "t1", "user", "A B, 50%", "line", "a\nb", "name", "é", "b!c", "1")
	headertest.WantWritten(ctx, t, p, "ot-baggage-tenant: t1", "ot-baggage-user: A B, 50%")
}
