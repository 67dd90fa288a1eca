package mw_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/mw"
)

// A service that untrusted clients reach starts its own traces, and drops their baggage.
func ExampleWithoutRemoteBaggage() {
	edge := mw.New(
		mw.WithPropagator(propagation.Baggage{}), // mw.With(t) in a program
		mw.WithPublicEndpoint(), mw.WithoutRemoteBaggage(), mw.WithoutPanicMessages(),
		mw.WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8")),
	)
	h := edge(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Printf("baggage %q, header %q\n", baggage.FromContext(r.Context()), r.Header.Get("Baggage"))
	}))
	r := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
	r.Header.Set("Baggage", "tenant=forged")
	h.ServeHTTP(httptest.NewRecorder(), r)
	// Output: baggage "", header ""
}
