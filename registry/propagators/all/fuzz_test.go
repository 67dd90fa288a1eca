package all_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"golang.org/x/net/http/httpguts"

	"github.com/spanroute/spanroute/registry/propagators/internal/headertest"
)

// What a caller sends must not make a header that net/http or gRPC refuses to send.
func FuzzHeadersCanBePassedOn(f *testing.F) {
	f.Add(traceID+"-"+span+"-1", "tenant", "t1")
	f.Add(traceID+":"+span+":0:3", "user!id", "a%0d%0ab")
	f.Add("Root=1-80f198ee-56343ba864fe8b2a57d3eff7;Parent="+span+";Sampled=1", "é", "\x00")
	f.Add("1", "", strings.Repeat("%", 9000))
	names := []string{"baggage", "b3", "b3multi", "jaeger", "ottrace", "xray"}
	f.Fuzz(func(t *testing.T, value, key, member string) {
		p := composite(t, names...)
		sent := http.Header{}
		for _, field := range p.Fields() {
			sent.Set(field, value)
		}
		for _, prefix := range []string{"uberctx-", "ot-baggage-"} {
			sent.Set(prefix+key, member)
		}
		sent.Set("baggage", key+"="+member)
		written := http.Header{}
		ctx := p.Extract(context.Background(), propagation.HeaderCarrier(sent))
		p.Inject(headertest.Below(ctx, t, traceID, true), propagation.HeaderCarrier(written))
		for name, values := range written {
			if !httpguts.ValidHeaderFieldName(name) || strings.ContainsAny(name, "!#$%&'*+^`|~") || !httpguts.ValidHeaderFieldValue(values[0]) {
				t.Errorf("%q: %q cannot be sent", name, values)
			}
		}
		if len(written) < 9 {
			t.Errorf("only %d headers are written", len(written))
		}
	})
}
