package spanroute_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute"
)

// A child process sees the sampled flag of the start, also when its parent process decides otherwise at the end. The table is
// that of docs/sampling.md.
func TestChildProcessSeesTheFlagOfTheStart(t *testing.T) {
	type m = map[string]any
	drop := []m{{"attributes": m{"cached": "yes"}, "drop": true}}
	for _, tt := range []struct {
		name     string
		parent   m
		child    m
		childErr bool
		flag     string
		want     []string
	}{
		{"selected at the start", m{"sample_rate": 1}, m{}, false, "01", []string{"first", "request", "root", "served"}},
		{"not selected", m{}, m{"sample_rate": 1}, false, "00", nil},
		{"kept at the end", m{"sampling": m{"keep": m{"errors": true}}}, m{"sample_rate": 1}, false, "00", []string{"first", "request", "root"}},
		{"kept by both", m{"sampling": m{"keep": m{"errors": true}}}, m{"sampling": m{"keep": m{"errors": true}}}, true, "00", []string{"first", "request", "root", "served"}},
		{"kept by the child", m{}, m{"sampling": m{"keep": m{"errors": true}}}, true, "00", []string{"served"}},
		{"dropped at the end", m{"sample_rate": 1, "sampling": m{"rules": drop}}, m{}, false, "01", []string{"served"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent, inParent := start(t, tt.parent)
			child, inChild := start(t, tt.child)
			tracer := parent.TracerProvider().Tracer("test")
			ctx, root := tracer.Start(context.Background(), "root")
			_, first := tracer.Start(ctx, "first")
			first.SetStatus(codes.Error, "")
			first.End() // from here on, sampling.keep.errors has its reason
			out, request := tracer.Start(ctx, "request")
			carrier := propagation.MapCarrier{}
			parent.Propagator().Inject(out, carrier)
			if got := carrier["traceparent"]; got[len(got)-2:] != tt.flag {
				t.Errorf("traceparent %s, want the flag %s", got, tt.flag)
			}
			serve(child, carrier, tt.childErr)
			request.End()
			root.SetAttributes(attribute.String("cached", "yes"))
			root.End()
			flush(t, parent)
			flush(t, child)
			var kept []string
			for _, s := range append(inParent.spans, inChild.spans...) {
				kept = append(kept, s.Name())
				if s.SpanContext().TraceID() != root.SpanContext().TraceID() {
					t.Errorf("%s is in another trace", s.Name())
				}
			}
			slices.Sort(kept)
			if diff := cmp.Diff(tt.want, kept); diff != "" {
				t.Errorf("kept (-want +got)\n%s", diff)
			}
		})
	}
}

// serve is the part of the child process.
func serve(tracing *spanroute.Tracing, carrier propagation.TextMapCarrier, fails bool) {
	in := tracing.Propagator().Extract(context.Background(), carrier)
	_, span := tracing.TracerProvider().Tracer("test").Start(in, "served")
	if fails {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
