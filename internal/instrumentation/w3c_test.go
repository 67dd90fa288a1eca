package instrumentation_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
)

// W3C reads each header as propagation.TraceContext does.
func FuzzRemote(f *testing.F) {
	const id, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for _, parent := range []string{
		"", "00", "00-" + id + "-" + span + "-01", "00-" + id + "-" + span + "-00", "00-" + id + "-" + span + "-03",
		"00-" + id + "-" + span + "-04", "00-" + id + "-" + span + "-ff", "00-" + id + "-" + span + "-01-", "00-" + id + "-" + span + "-01-x",
		"01-" + id + "-" + span + "-01", "01-" + id + "-" + span + "-ff-x", "fe-" + id + "-" + span + "-01-", "ff-" + id + "-" + span + "-01",
		"01-" + id + "-" + span + "-01x", "00-0AF7651916CD43DD8448EB211C80319C-" + span + "-01", "00-00000000000000000000000000000000-" + span + "-01",
		"00-" + id + "-0000000000000000-01", " 00-" + id + "-" + span + "-01", "00_" + id + "-" + span + "-01", "0g-" + id + "-" + span + "-01",
	} {
		f.Add(parent, "")
		f.Add(parent, "vendor=1,other=2")
		f.Add(parent, "not valid")
	}
	f.Fuzz(func(t *testing.T, parent, state string) {
		carrier := propagation.MapCarrier{"traceparent": parent, "tracestate": state}
		want := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
		if got := instrumentation.NewW3C(false).Remote(carrier); !got.Equal(want) || got.IsRemote() != want.IsRemote() {
			t.Errorf("%q, %q: %+v, want %+v", parent, state, got, want)
		}
	})
}
